/** The chart beside a call: what must be known while one talks, and where to write. */

import { Link } from '@tanstack/react-router';
import { conceptText, observedAt, observationText } from '../../fhir/display';
import { Loaded } from '../../fhir/Loaded';
import { useChart, useMedicationRequests } from '../../fhir/queries';
import { formatDate } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { isSocial, medicines, problemText, problems } from '../chart/facts';
import { medicineName, sigText } from '../chart/medicine';

const SHOWN = 6;

export function SideChart({ patient, encounter }: { patient: string; encounter: string | null }) {
  const { t } = useI18n();
  const visit = encounter?.split('/')[1];
  return (
    <aside className="call-chart stack" aria-label={t('call.chart')}>
      <p className="call-write">
        {/* Beside the call, not in its place. */}
        {visit && <Link target="_blank" to="/patients/$id/encounters/$encounter" params={{ id: patient, encounter: visit }}>{t('call.visit')}</Link>}
        <Link target="_blank" to="/patients/$id/notes/new" params={{ id: patient }} search={{ visit }}>{t('call.note')}</Link>
        <Link target="_blank" to="/patients/$id" params={{ id: patient }}>{t('call.whole')}</Link>
      </p>
      <Problems patient={patient} />
      <Medicines patient={patient} />
      <Results patient={patient} />
    </aside>
  );
}

function Problems({ patient }: { patient: string }) {
  const { t } = useI18n();
  const query = useChart('Condition', patient);
  return (
    <Panel title={t('summary.problems')}>
      <Loaded query={query} rows={4}>
        {({ matches }) => {
          const active = problems(matches).active.filter((one) => !isSocial(one));
          if (active.length === 0) return <Empty>{t('problems.none')}</Empty>;
          return <ul className="facts">{active.slice(0, SHOWN).map((one) => <li key={one.id}><span>{problemText(one)}</span></li>)}<More count={active.length - SHOWN} /></ul>;
        }}
      </Loaded>
    </Panel>
  );
}

function Medicines({ patient }: { patient: string }) {
  const { t } = useI18n();
  const query = useMedicationRequests(patient);
  return (
    <Panel title={t('summary.medicines')}>
      <Loaded query={query} rows={4}>
        {({ matches }) => {
          const { current } = medicines(matches, medicineName);
          if (current.length === 0) return <Empty>{t('medicines.none')}</Empty>;
          return <ul className="facts">{current.slice(0, SHOWN).map(({ request }) => <li key={request.id}><span>{medicineName(request)} <span className="quiet">{sigText(t, request)}</span></span></li>)}<More count={current.length - SHOWN} /></ul>;
        }}
      </Loaded>
    </Panel>
  );
}

function Results({ patient }: { patient: string }) {
  const { t, locale } = useI18n();
  const query = useChart('Observation', patient, { category: 'laboratory', _sort: '-date' });
  return (
    <Panel title={t('summary.results')}>
      <Loaded query={query} rows={4}>
        {({ matches }) => {
          const seen = new Set<string>();
          const newest = matches.filter((one) => observationText(one) !== '' && !seen.has(conceptText(one.code)) && seen.add(conceptText(one.code)));
          if (newest.length === 0) return <Empty>{t('results.none')}</Empty>;
          return <ul className="facts">{newest.slice(0, SHOWN).map((one) => <li key={one.id}><span>{conceptText(one.code)}</span><span className="number">{observationText(one)}</span><span className="quiet nowrap">{formatDate(observedAt(one) ?? '', locale)}</span></li>)}</ul>;
        }}
      </Loaded>
    </Panel>
  );
}

function More({ count }: { count: number }) {
  const { t } = useI18n();
  return count > 0 ? <li className="quiet">{t('summary.more', { count })}</li> : null;
}
