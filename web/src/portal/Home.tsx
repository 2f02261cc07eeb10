/** Home (S53): what is new and what comes next. */

import { lazy, Suspense } from 'react';
import { conceptText, observedAt } from '../fhir/display';
import { usePatient } from '../fhir/queries';
import { formatDate } from '../lib/dates';
import { useI18n } from '../lib/i18n';
import { Coming } from './Coming';
import { Card, None, Shown, To } from './parts';
import { placeOf, tests, useOwn, useRecord } from './record';
import { ResultLine } from './ResultLine';

/** Beside the first load: whoever waits for nothing needs none of it. */
const Offers = lazy(async () => ({ default: (await import('./Waiting')).Offers }));

const NEW = 4;

export function Home() {
  const { t, locale } = useI18n();
  const patient = usePatient(useOwn() ?? '').data?.body;
  const results = useRecord('Observation', { category: 'laboratory', _sort: '-date' });
  const visits = useRecord('Encounter', { _sort: '-date', _count: 1 });
  const given = patient?.name?.find((one) => one.use === 'usual')?.given?.[0] ?? patient?.name?.[0]?.given?.[0];
  return (
    <>
      {given && <p className="greeting">{t('portal.hello', { name: given })}</p>}
      <Suspense fallback={null}><Offers /></Suspense>
      <Coming />
      <Card title={t('portal.newResults')} action={<To page="results">{t('portal.all')}</To>}>
        <Shown query={results}>
          {({ matches }) => {
            const all = tests(matches);
            const newest = observedAt(all[0]?.results[0] ?? { resourceType: 'Observation', status: '', code: {} });
            const fresh = all.filter((test) => test.results[0] && observedAt(test.results[0])?.slice(0, 10) === newest?.slice(0, 10));
            const first = [...fresh].sort((a, b) => Number(placeOf(b.results[0]!) !== 'within') - Number(placeOf(a.results[0]!) !== 'within')).slice(0, NEW);
            return first.length === 0 ? <None>{t('portal.noResults')}</None> : <ul className="rows">{first.map((test) => <li key={test.key}><ResultLine name={test.name} result={test.results[0]!} /></li>)}</ul>;
          }}
        </Shown>
      </Card>
      <Card title={t('portal.lastVisit')} action={<To page="visits">{t('portal.all')}</To>}>
        <Shown query={visits}>
          {({ matches: [visit] }) => (visit ? <p><strong>{visit.period?.start && formatDate(visit.period.start, locale)}</strong> {conceptText(visit.reasonCode?.[0]) || conceptText(visit.type?.[0])} <span className="quiet">{visit.participant?.[0]?.individual?.display}</span></p> : <None>{t('portal.noVisits')}</None>)}
        </Shown>
      </Card>
      <Card title={t('portal.messages')} action={<To page="messages">{t('portal.write')}</To>}><p>{t('portal.urgent')}</p></Card>
    </>
  );
}
