/** The task inbox (S25): every task with its owner, its day and one next step; nothing is lost without an owner. */

import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo, useRef, useState } from 'react';
import { search, update } from '../../fhir/client';
import { referenceId } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { useLive } from '../../fhir/live';
import { Loaded } from '../../fhir/Loaded';
import { MOST } from '../../fhir/queries';
import { useAuthor } from '../../fhir/session';
import type { Stored, Task } from '../../fhir/types';
import { formatDate, now, today } from '../../lib/dates';
import { useTitle } from '../../lib/hooks';
import { type Key, useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { Icon } from '../../ui/icons';
import { LinkButton } from '../../ui/LinkButton';
import { Empty, Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { cosignOf, due, finished, inOrder, isLate, owned, postponed, visible } from './task';
import { TaskDialog } from './TaskDialog';
import './work.css';

const route = getRouteApi('/tasks');
const OPEN = 'draft,requested,received,accepted,ready,in-progress,on-hold';
const WEEK = 7 * 86_400_000;

export function TasksPage() {
  const { t } = useI18n();
  useTitle(t('tasks.title'));
  const author = useAuthor();
  const { view = author ? 'mine' : 'all' } = route.useSearch();
  const navigate = route.useNavigate();
  const tasks = useQuery({ queryKey: ['tasks'], queryFn: ({ signal }) => search('Task', { status: OPEN, _count: MOST }, signal), refetchInterval: 30_000 });
  const client = useQueryClient();
  useLive(['Task'], () => void client.invalidateQueries({ queryKey: ['tasks'] }));
  const [adding, setAdding] = useState(false);
  const shown = inOrder(visible(tasks.data?.matches ?? [], view, author?.reference), today());
  const body = useRef<HTMLTableSectionElement>(null);
  useShortcuts(useMemo(() => {
    const press = (act: string) => body.current?.querySelector<HTMLElement>(`tr:focus-within [data-act=${act}]`)?.click();
    return { a: () => setAdding(true), j: () => step(body.current, 1), k: () => step(body.current, -1), e: () => press('done'), y: () => press('take'), s: () => press('snooze') };
  }, []));
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t('tasks.title')}</h1>
        <Button leftSection={<Icon name="plus" />} onClick={() => setAdding(true)}>{t('tasks.add')}</Button>
      </header>
      {adding && <TaskDialog onClose={() => setAdding(false)} />}
      <Panel title={t('tasks.open')} aside={tasks.data && t('tasks.count', { count: shown.length })}>
        <fieldset className="filters">
          <legend className="visually-hidden">{t('tasks.view')}</legend>
          {(['mine', 'pool', 'all'] as const).map((one) => (
            <button key={one} type="button" className="filter" aria-pressed={one === view} onClick={() => void navigate({ search: { view: one }, replace: true })}>{t(`tasks.view.${one}`)}</button>
          ))}
        </fieldset>
        <Loaded query={tasks} rows={8}>
          {({ matches, more }) => (
            <>
              {more && <Notice tone="info" icon="info" title={t('results.newest', { count: MOST })} />}
              {matches.length === 0 ? <Empty>{t('tasks.none')}</Empty> : shown.length === 0 ? <Empty>{t('tasks.hidden', { count: matches.length })}</Empty> : <Rows list={shown} body={body} />}
            </>
          )}
        </Loaded>
        <p className="quiet">{t('tasks.keys')}</p>
      </Panel>
    </div>
  );
}

/** Moves the focus from row to row. */
function step(body: HTMLElement | null, by: number): void {
  const rows = [...(body?.querySelectorAll<HTMLElement>('tr') ?? [])];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  rows[Math.min(rows.length - 1, Math.max(0, at + by))]?.querySelector<HTMLElement>('button')?.focus();
}

function Rows({ list, body }: { list: Stored<Task>[]; body: React.RefObject<HTMLTableSectionElement | null> }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const change = useMutation({ mutationFn: (changed: Stored<Task>) => update(changed, undefined), onSettled: () => client.invalidateQueries({ queryKey: ['tasks'] }) });
  return (
    <div className="table-scroll">
      {change.isError && <Failure error={change.error} />}
      <table className="table table-cards">
        <thead>
          <tr>
            <th scope="col">{t('tasks.task')}</th>
            <th scope="col">{t('banner.label')}</th>
            <th scope="col">{t('tasks.due')}</th>
            <th scope="col">{t('tasks.owner')}</th>
            <th scope="col">{t('actions')}</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {list.map((one) => <Row key={one.id} task={one} busy={change.isPending} onChange={(changed) => change.mutate(changed)} />)}
        </tbody>
      </table>
    </div>
  );
}

function Row({ task, busy, onChange }: { task: Stored<Task>; busy: boolean; onChange: (changed: Stored<Task>) => void }) {
  const { t, locale } = useI18n();
  const author = useAuthor();
  const patient = task.for?.reference?.startsWith('Patient/') ? referenceId(task.for.reference) : undefined;
  const note = cosignOf(task);
  const end = due(task);
  const mine = author !== undefined && task.owner?.reference === author.reference;
  const later = () => onChange(postponed(task, new Date(Date.now() + WEEK).toISOString().slice(0, 10), now()));
  const words = <span className="visually-hidden"> {task.description}</span>;
  return (
    <tr>
      <th scope="row">
        {task.description || task.code?.text || t('tasks.task')}
        {task.status === 'on-hold' && task.statusReason?.text && <p className="quiet">{t('tasks.sentBack', { reason: task.statusReason.text })}</p>}
        {task.priority && task.priority !== 'routine' && <span className="chip chip-warning">{t(`priority.${task.priority}` as Key)}</span>}
      </th>
      <td>{patient ? <Link to="/patients/$id" params={{ id: patient }}>{task.for?.display ?? t('tasks.chart')}</Link> : <span className="quiet">{t('tasks.noPatient')}</span>}</td>
      <td className="nowrap">{end ? formatDate(end, locale) : <span className="quiet">{t('care.noDate')}</span>}{isLate(task, today()) && <span className="chip chip-danger"><Icon name="alert" size={12} />{t('care.late')}</span>}</td>
      <td>{task.owner?.display ?? task.owner?.reference ?? <span className="quiet">{t('tasks.nobody')}</span>}</td>
      <td className="row-actions">
        {note && patient ? <LinkButton component="a" data-act="done" to="/patients/$id/notes" params={{ id: patient }} search={{ open: note }}>{t('tasks.openNote')}{words}</LinkButton> : <Button data-act="done" disabled={busy} onClick={() => onChange(finished(task, now()))}>{t('tasks.done')}{words}</Button>}
        {author && <Button data-act="take" variant="default" disabled={busy} onClick={() => onChange(owned(task, mine ? undefined : author, now()))}>{t(mine ? 'tasks.release' : 'tasks.take')}{words}</Button>}
        <Button data-act="snooze" variant="default" disabled={busy} onClick={later}>{t('tasks.snooze')}{words}</Button>
      </td>
    </tr>
  );
}
