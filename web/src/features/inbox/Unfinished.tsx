/** Notes that one began and neither signed nor discarded, of whichever patient: nothing of it vanishes unsaid. */

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { search } from '../../fhir/client';
import { patientName } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Panel } from '../../ui/Panel';
import { targetOf, useOwnDrafts } from '../chart/kept';

export function Unfinished() {
  const { t, locale } = useI18n();
  const drafts = useOwnDrafts();
  const patients = [...new Set((drafts.data ?? []).map((one) => one.patient))].sort();
  const people = useQuery({ enabled: patients.length > 0, queryKey: ['drafts', 'patients', patients], queryFn: ({ signal }) => search('Patient', { _id: patients.join(','), _elements: 'name', _count: patients.length }, signal) });
  if (drafts.isError) return <Failure error={drafts.error} onRetry={() => void drafts.refetch()} />;
  if (!drafts.data?.length) return null;
  return (
    <Panel title={t('drafts.title')} aside={drafts.data.length}>
      <ul className="facts">
        {drafts.data.map((draft) => {
          const patient = people.data?.matches.find((one) => one.id === draft.patient);
          return (
            <li key={`${draft.patient} ${draft.place}`}>
              <Link to="/patients/$id/notes" params={{ id: draft.patient }} search={{}}>{patient ? patientName(patient) : t('drafts.patient')}</Link>
              <span>{t(`drafts.${targetOf(draft.place).kind}`)}</span>
              <span className="quiet nowrap">{formatDateTime(draft.updatedAt, locale)}</span>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
