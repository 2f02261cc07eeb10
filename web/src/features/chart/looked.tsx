/** What has changed since one last looked into this chart: the server remembers when that was, whatever browser it was in. */

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useChart, useMedicationRequests } from '../../fhir/queries';
import { send } from '../../fhir/http';
import type { Resource } from '../../fhir/types';
import { formatDateTime } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { Icon } from '../../ui/icons';
import { resultsQuery, visitsQuery, vitalsQuery } from './ahead';
import { useChartPatient } from './ChartLayout';

interface Looked {
  /** Nothing when one never had looked. */
  before: string | null;
}

/** Notes that one looks, once for as long as the chart is open. */
export const lookedQuery = (patient: string) => ({
  queryKey: ['looked', patient],
  queryFn: async () => (await send<Looked>(`/api/v1/charts/${encodeURIComponent(patient)}/looked`, { method: 'POST' })).body,
  staleTime: Number.POSITIVE_INFINITY,
});

/** The moment in milliseconds after which whatever was stored is new; nothing while that is not known. */
export function useLooked(): number | undefined {
  const query = useQuery(lookedQuery(useChartPatient()));
  return query.data?.before ? Date.parse(query.data.before) : undefined;
}

/** Whether a record was stored or changed after `since`. */
export function isNew(resource: Pick<Resource, 'meta'>, since: number | undefined): boolean {
  return since !== undefined && Date.parse(resource.meta?.lastUpdated ?? '') > since;
}

/** Beside what is new to the reader; says whether it is, or was changed. */
export function NewMark({ of, since }: { of: Pick<Resource, 'meta'>; since: number | undefined }) {
  const { t } = useI18n();
  if (!isNew(of, since)) return null;
  return <span className="chip chip-new">{t(of.meta?.versionId === '1' ? 'looked.new' : 'looked.changed')}</span>;
}

const PAGES = [
  ['results', '/patients/$id/results', 'looked.results'],
  ['notes', '/patients/$id/notes', 'looked.notes'],
  ['medicines', '/patients/$id/medicines', 'looked.medicines'],
  ['problems', '/patients/$id/problems', 'looked.problems'],
  ['allergies', '/patients/$id/allergies', 'looked.allergies'],
  ['vitals', '/patients/$id/vitals', 'looked.vitals'],
  ['visits', '/patients/$id/encounters', 'looked.visits'],
] as const satisfies readonly (readonly [string, string, Key])[];

/** One line above the summary: what is new, each kind with the way to it. */
export function Since() {
  const { t, locale } = useI18n();
  const id = useChartPatient();
  const looked = useQuery(lookedQuery(id));
  const before = looked.data?.before;
  const lists = {
    results: useQuery(resultsQuery(id)),
    notes: useChart('Composition', id, { _sort: '-date' }),
    medicines: useMedicationRequests(id),
    problems: useChart('Condition', id),
    allergies: useChart('AllergyIntolerance', id),
    vitals: useQuery(vitalsQuery(id)),
    visits: useQuery(visitsQuery(id)),
  };
  // Nothing is said of what could not be read: "nothing new" is a finding, too.
  if (!looked.data || Object.values(lists).some(({ data }) => data === undefined)) return <p className="since" aria-hidden="true" />;
  if (!before) return <p className="since quiet">{t('looked.first')}</p>;
  const since = Date.parse(before);
  const counted = PAGES.map(([kind, to, label]) => ({ to, label, count: lists[kind].data?.matches.filter((one) => isNew(one, since)).length ?? 0 })).filter(({ count }) => count > 0);
  const time = formatDateTime(before, locale);
  if (counted.length === 0) return <p className="since quiet" role="status">{t('looked.nothing', { time })}</p>;
  return (
    <p className="since" role="status">
      <Icon name="clock" size={16} />
      <strong>{t('looked.since', { time })}</strong>
      {counted.map(({ to, label, count }) => <Link key={to} to={to} params={{ id }}>{t(label, { count })}</Link>)}
    </p>
  );
}
