/** Everything that happened, newest first, filtered by kind (S10); the filter is in the address. */

import { Button } from '@mantine/core';
import { type UseQueryResult } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { conceptText } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { useChart, useMedicationRequests } from '../../fhir/queries';
import type { Resource, Stored } from '../../fhir/types';
import { formatDateTime, instant } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { Empty, Loading } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from './ChartLayout';
import { encounterText } from './encounter';
import { problemText } from './facts';
import { medicineName } from './medicine';

const route = getRouteApi('/patients/$id/timeline');
const PAGE = 60;

export const KINDS = ['encounter', 'problem', 'medicine', 'immunisation', 'procedure', 'report', 'note'] as const;
export type Kind = (typeof KINDS)[number];

interface Happening {
  key: string;
  kind: Kind;
  at: string;
  text: string;
  /** Who stands for it. */
  by?: string;
}

/** A query's records as happenings; those without a date cannot be placed and stay on their own page. */
function happenings<R extends Resource>(query: UseQueryResult<{ matches: Stored<R>[] }>, kind: Kind, read: (record: Stored<R>) => [string | undefined, string, string?]): Happening[] {
  return (query.data?.matches ?? []).flatMap((record) => {
    const [at, text, by] = read(record);
    return at ? [{ key: `${record.resourceType}/${record.id}`, kind, at, text, by }] : [];
  });
}

function useHappenings(id: string) {
  const encounters = useChart('Encounter', id, { _sort: '-date' });
  const conditions = useChart('Condition', id);
  const requests = useMedicationRequests(id);
  const vaccines = useChart('Immunization', id, { _sort: '-date' });
  const procedures = useChart('Procedure', id, { _sort: '-date' });
  const reports = useChart('DiagnosticReport', id, { _sort: '-date' });
  const notes = useChart('Composition', id, { _sort: '-date' });
  const queries = [encounters, conditions, requests, vaccines, procedures, reports, notes];
  const list = [
    ...happenings(encounters, 'encounter', (one) => [one.period?.start, encounterText(one), one.participant?.find(({ individual }) => individual?.display)?.individual?.display]),
    ...happenings(conditions, 'problem', (one) => [one.onsetDateTime ?? one.recordedDate, problemText(one)]),
    ...happenings(requests, 'medicine', (one) => [one.authoredOn, medicineName(one), one.requester?.display]),
    ...happenings(vaccines, 'immunisation', (one) => [one.occurrenceDateTime, conceptText(one.vaccineCode)]),
    ...happenings(procedures, 'procedure', (one) => [one.performedDateTime ?? one.performedPeriod?.start, conceptText(one.code)]),
    ...happenings(reports, 'report', (one) => [one.effectiveDateTime ?? one.issued, conceptText(one.code)]),
    ...happenings(notes, 'note', (one) => [one.date, one.title, one.author[0]?.display]),
  ];
  return { queries, list: list.sort((a, b) => instant(b.at) - instant(a.at)) };
}

/** Leads to where it is written. */
function Source({ id, happening: { kind, key, text } }: { id: string; happening: Happening }) {
  const record = key.split('/')[1] ?? '';
  switch (kind) {
    case 'encounter':
      return <Link to="/patients/$id/encounters/$encounter" params={{ id, encounter: record }}>{text}</Link>;
    case 'note':
      return <Link to="/patients/$id/notes" params={{ id }} search={{ open: record }}>{text}</Link>;
    case 'problem':
      return <Link to="/patients/$id/problems" params={{ id }}>{text}</Link>;
    case 'medicine':
      return <Link to="/patients/$id/medicines" params={{ id }}>{text}</Link>;
    case 'immunisation':
      return <Link to="/patients/$id/immunisations" params={{ id }}>{text}</Link>;
    case 'report':
      return <Link to="/patients/$id/results" params={{ id }} search={{}}>{text}</Link>;
    default:
      return text;
  }
}

export function TimelinePage() {
  const { t, locale } = useI18n();
  const id = useChartPatient();
  const { kinds } = route.useSearch();
  const navigate = route.useNavigate();
  const [shown, setShown] = useState(PAGE);
  const { queries, list } = useHappenings(id);
  const chosen = new Set<string>(kinds ?? KINDS);
  const visible = list.filter((one) => chosen.has(one.kind));
  const toggle = (kind: Kind) => {
    const next = KINDS.filter((one) => (one === kind) !== chosen.has(one));
    void navigate({ search: { kinds: next.length === KINDS.length ? undefined : next }, replace: true });
  };
  const loading = queries.some((query) => query.isPending);
  const failed = queries.find((query) => query.isError);
  return (
    <Panel title={t('chart.timeline')} aside={loading ? undefined : t('timeline.count', { count: visible.length })}>
      <fieldset className="filters">
        <legend className="visually-hidden">{t('timeline.filter')}</legend>
        {KINDS.map((kind) => (
          <button key={kind} type="button" className="filter" aria-pressed={chosen.has(kind)} onClick={() => toggle(kind)}>
            {t(`kind.${kind}` as Key)}
          </button>
        ))}
      </fieldset>
      {failed && <Failure error={failed.error} onRetry={() => queries.forEach((query) => query.isError && void query.refetch())} />}
      {loading ? (
        <Loading rows={10} />
      ) : visible.length === 0 ? (
        <Empty>{list.length > 0 ? t('timeline.hidden', { count: list.length }) : t('timeline.none')}</Empty>
      ) : (
        <>
          <ol className="timeline">
            {visible.slice(0, shown).map((one, index) => {
              const year = one.at.slice(0, 4);
              const first = year !== visible[index - 1]?.at.slice(0, 4);
              return (
                <li key={one.key} className={first ? 'timeline-first' : undefined}>
                  <span className="timeline-year">{first ? year : ''}</span>
                  <span className="quiet nowrap timeline-date">{formatDateTime(one.at, locale)}</span>
                  <span className={`kind kind-${one.kind}`}>{t(`kind.${one.kind}` as Key)}</span>
                  <span><Source id={id} happening={one} />{one.by && <span className="quiet"> {one.by}</span>}</span>
                </li>
              );
            })}
          </ol>
          {visible.length > shown && (
            <Button variant="default" onClick={() => setShown(shown + PAGE * 2)}>
              {t('timeline.older', { count: visible.length - shown })}
            </Button>
          )}
        </>
      )}
    </Panel>
  );
}
