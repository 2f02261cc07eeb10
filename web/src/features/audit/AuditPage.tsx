/** The audit explorer (S44): who did what to whose record, filtered in the address so that a finding can be shared. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useDocument } from '../admin/api';
import { type Page, search, searchOn } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { roleName, useSession } from '../../fhir/session';
import type { AuditEvent, Stored } from '../../fhir/types';
import { formatDateTime } from '../../lib/dates';
import { useTitle } from '../../lib/hooks';
import { type Key, useI18n } from '../../lib/i18n';
import { Empty, Loading } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { LogPanel } from './LogPanel';
import { ACTIONS, actor, addressOf, counts, outcome, patientOf, queryOf, records, roles } from './event';

const route = getRouteApi('/audit');
const PAGE = 50;

export interface AuditSearch {
  patient?: string;
  from?: string;
  to?: string;
  action?: string;
  address?: string;
}

function useTrail({ patient, from, to, action, address }: AuditSearch) {
  return useInfiniteQuery({
    queryKey: ['audit', patient, from, to, action, address],
    queryFn: ({ signal, pageParam }): Promise<Page<AuditEvent>> => {
      if (pageParam) return searchOn('AuditEvent', pageParam, signal);
      const date = [from && `ge${from}`, to && `le${to}`];
      return search('AuditEvent', { patient: patient && `Patient/${patient}`, date, action, 'address:exact': address, _sort: '-date', _count: PAGE }, signal);
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    staleTime: 5_000,
  });
}

export function AuditPage() {
  const { t } = useI18n();
  useTitle(t('audit.title'));
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  const trail = useTrail(filters);
  const set = (part: AuditSearch) => void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  const events = trail.data?.pages.flatMap((page) => page.matches) ?? [];
  const filtered = Object.values(filters).some(Boolean);
  return (
    <div className="page">
      <h1>{t('audit.title')}</h1>
      <LogPanel />
      <fieldset className="fields">
        <legend>{t('audit.filters')}</legend>
        <TextInput label={t('audit.patient')} value={filters.patient ?? ''} onChange={(event) => set({ patient: event.currentTarget.value.trim() || undefined })} autoComplete="off" spellCheck={false} />
        <TextInput type="date" label={t('audit.from')} value={filters.from ?? ''} onChange={(event) => set({ from: event.currentTarget.value || undefined })} />
        <TextInput type="date" label={t('audit.to')} value={filters.to ?? ''} onChange={(event) => set({ to: event.currentTarget.value || undefined })} />
        <NativeSelect
          label={t('audit.action')}
          value={filters.action ?? ''}
          onChange={(event) => set({ action: event.currentTarget.value || undefined })}
          data={[{ value: '', label: t('audit.any') }, ...ACTIONS.map((value) => ({ value, label: t(`audit.action.${value}` as Key) }))]}
        />
        <TextInput label={t('audit.address')} value={filters.address ?? ''} onChange={(event) => set({ address: event.currentTarget.value.trim() || undefined })} autoComplete="off" spellCheck={false} />
      </fieldset>
      <Panel title={t('audit.events')} aside={t('audit.order')}>
        {trail.isError && <Failure error={trail.error} onRetry={() => void trail.refetch()} />}
        {trail.isPending && <Loading rows={10} />}
        {trail.isSuccess && events.length === 0 && <Empty>{filtered ? t('audit.hidden') : t('audit.none')}</Empty>}
        {events.length > 0 && <Events events={events} />}
        {trail.hasNextPage && <Button variant="default" loading={trail.isFetchingNextPage} onClick={() => void trail.fetchNextPage()}>{t('audit.more')}</Button>}
      </Panel>
    </div>
  );
}

/** Names of accounts, for those who may see the list of people; the trail itself names nobody. */
function useAccountNames(): ReadonlyMap<string, string> {
  // Whoever may not see that list would leave a refusal in the trail that is read here.
  const people = useDocument('/users', useSession().roles.includes('org_admin'));
  return useMemo(() => new Map(people.data?.items.map(({ id, name, username }) => [id, name || username])), [people.data]);
}

function Events({ events }: { events: Stored<AuditEvent>[] }) {
  const { t, locale } = useI18n();
  const names = useAccountNames();
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('audit.when')}</th>
            <th scope="col">{t('audit.who')}</th>
            <th scope="col">{t('audit.address')}</th>
            <th scope="col">{t('audit.action')}</th>
            <th scope="col">{t('audit.records')}</th>
            <th scope="col">{t('audit.outcome')}</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => {
            const ended = outcome(event);
            return (
              <tr key={event.id}>
                <td className="nowrap">{formatDateTime(event.recorded, locale)}</td>
                <th scope="row">{names.get(actor(event)) ?? actor(event)} <span className="quiet">{roles(event).map((code) => roleName(t, code)).join(', ')}</span></th>
                <td className="mono">{addressOf(event)}</td>
                <td><Deed event={event} /></td>
                <td><Records event={event} /></td>
                <td>{ended === 'done' ? t('audit.done') : <b className="critical">{t(`audit.${ended}`)}</b>} <span className="quiet">{event.outcomeDesc}</span></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** What was done, in a word; what the standard calls it where the word does not say it. */
function Deed({ event }: { event: AuditEvent }) {
  const { t } = useI18n();
  const kind = event.subtype?.[0]?.code;
  if (kind?.startsWith('search')) return t('audit.searched');
  const plain = kind !== undefined && PLAIN.has(kind);
  return <>{event.action ? t(`audit.action.${event.action}` as Key) : t('notKnown')} {!plain && <span className="quiet">{event.subtype?.[0]?.display ?? kind ?? event.type.display}</span>}</>;
}

/** Kinds that the action says already. */
const PLAIN = new Set(['read', 'create', 'update', 'delete']);

function Records({ event }: { event: AuditEvent }) {
  const { t } = useI18n();
  const all = records(event);
  const patient = patientOf(event);
  const query = queryOf(event);
  return (
    <>
      {patient && <Link to="/patients/$id" params={{ id: patient }}>{t('audit.chart')}</Link>}{' '}
      <span className="mono quiet">{counts(all).map(([type, count]) => (count > 1 ? `${count} ${type}` : type)).join(', ')}</span>
      {query && <span className="mono quiet"> ?{query}</span>}
    </>
  );
}
