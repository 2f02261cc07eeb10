/** The task inbox (S25): every task with its owner, its day and one next step; nothing is lost without an owner. */

import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useRef, useState } from 'react';
import { search } from '../../fhir/client';
import { useLive } from '../../fhir/live';
import { Loaded } from '../../fhir/Loaded';
import { MOST } from '../../fhir/queries';
import { useAuthor } from '../../fhir/session';
import { today } from '../../lib/dates';
import { useTitle } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { Icon } from '../../ui/icons';
import { Empty, Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { inOrder, VIEWS, visible } from './task';
import { TaskDialog } from './TaskDialog';
import { TaskRows } from './TaskRows';
import { Unfinished } from './Unfinished';
import './work.css';

const route = getRouteApi('/tasks');
const OPEN = 'draft,requested,received,accepted,ready,in-progress,on-hold';

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
  const seen = (one: (typeof VIEWS)[number]) => visible(tasks.data?.matches ?? [], one, author?.reference, today());
  const shown = inOrder(seen(view), today());
  const body = useRef<HTMLTableSectionElement>(null);
  useShortcuts(useMemo(() => {
    const press = (act: string) => body.current?.querySelector<HTMLElement>(`tr:focus-within [data-act=${act}]`)?.click();
    return {
      a: () => setAdding(true),
      j: () => step(body.current, 1),
      k: () => step(body.current, -1),
      x: () => press('choose'),
      e: () => press('done'),
      y: () => press('take'),
      h: () => press('hand'),
      s: () => press('snooze'),
    };
  }, []));
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t('tasks.title')}</h1>
        <Button leftSection={<Icon name="plus" />} onClick={() => setAdding(true)}>{t('tasks.add')}</Button>
      </header>
      {adding && <TaskDialog onClose={() => setAdding(false)} />}
      <Unfinished />
      <Panel title={t('tasks.open')} aside={tasks.data && t('tasks.count', { count: shown.length })}>
        <fieldset className="filters">
          <legend className="visually-hidden">{t('tasks.view')}</legend>
          {VIEWS.map((one) => (
            <button key={one} type="button" className="filter" aria-pressed={one === view} onClick={() => void navigate({ search: { view: one }, replace: true })}>
              {t(`tasks.view.${one}`)} {tasks.data && <span className="tally">{seen(one).length}</span>}
            </button>
          ))}
        </fieldset>
        <Loaded query={tasks} rows={8}>
          {({ matches, more }) => (
            <>
              {more && <Notice tone="info" icon="info" title={t('results.newest', { count: MOST })} />}
              <TaskRows list={shown} body={body} />
              {shown.length === 0 && <Empty>{matches.length === 0 ? t('tasks.none') : t('tasks.hidden', { count: matches.length })}</Empty>}
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
  rows[Math.min(rows.length - 1, Math.max(0, at + by))]?.querySelector<HTMLElement>('[data-act=done]')?.focus();
}
