/** Messages with patients (S26): who waits longest is first; an answer is a record like any other. */

import { Button, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo, useRef, useState } from 'react';
import { create, search, transaction } from '../../fhir/client';
import { patientName } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { useLive } from '../../fhir/live';
import { Loaded } from '../../fhir/Loaded';
import { usePatient } from '../../fhir/queries';
import { useAuthor } from '../../fhir/session';
import type { Reference } from '../../fhir/types';
import { formatDateTime, now } from '../../lib/dates';
import { dropDraft, keepDraft, readDraft } from '../../lib/drafts';
import { useTitle } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Empty, Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { PatientField, TaskDialog } from './TaskDialog';
import { type Thread, fromPatient, message, settled, textOf, threads } from './thread';
import './work.css';

const route = getRouteApi('/messages');
const NEWEST = 500;

export function MessagesPage() {
  const { t } = useI18n();
  useTitle(t('messages.title'));
  const { patient } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery({ queryKey: ['messages'], queryFn: ({ signal }) => search('Communication', { _sort: '-sent', _count: NEWEST }, signal), refetchInterval: 30_000 });
  const client = useQueryClient();
  useLive(['Communication'], () => void client.invalidateQueries({ queryKey: ['messages'] }));
  const [beginning, setBeginning] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  useShortcuts(useMemo(() => ({ n: () => setBeginning(true), j: () => step(list.current, 1), k: () => step(list.current, -1) }), []));
  const open = (id: string) => void navigate({ search: { patient: id } });
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t('messages.title')}</h1>
        <Button leftSection={<Icon name="plus" />} onClick={() => setBeginning(true)}>{t('messages.new')}</Button>
      </header>
      {beginning && <BeginDialog onClose={() => setBeginning(false)} onChoose={open} />}
      <Loaded query={query} rows={8}>
        {({ matches, more }) => {
          const all = threads(matches);
          const chosen = all.find((thread) => thread.patient === patient) ?? (patient ? { patient, name: '', messages: [] } : undefined);
          return (
            <div className="messages">
              <Panel title={t('messages.threads')} aside={all.length || undefined}>
                {more && <Notice tone="info" icon="info" title={t('messages.newest', { count: NEWEST })} />}
                {all.length === 0 ? <Empty>{t('messages.none')}</Empty> : <Threads all={all} chosen={patient} list={list} />}
                <p className="quiet">{t('messages.keys')}</p>
              </Panel>
              {chosen ? <Conversation key={chosen.patient} thread={chosen} /> : <Panel title={t('messages.conversation')}><Empty>{t('messages.choose')}</Empty></Panel>}
            </div>
          );
        }}
      </Loaded>
    </div>
  );
}

/** Moves the focus from patient to patient. */
function step(list: HTMLElement | null, by: number): void {
  const links = [...(list?.querySelectorAll<HTMLElement>('a') ?? [])];
  const at = links.indexOf(document.activeElement as HTMLElement);
  links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
}

function Threads({ all, chosen, list }: { all: Thread[]; chosen: string | undefined; list: React.RefObject<HTMLUListElement | null> }) {
  const { t, locale } = useI18n();
  return (
    <ul className="plain threads" ref={list}>
      {all.map((thread) => (
        <li key={thread.patient}>
          <Link to="/messages" search={{ patient: thread.patient }} className={thread.patient === chosen ? 'thread-chosen' : undefined}>
            <strong>{thread.name || t('tasks.chart')}</strong>
            {thread.waiting && <span className="chip chip-warning">{t('messages.waiting', { time: formatDateTime(thread.waiting, locale) })}</span>}
            <span className="thread-last">{textOf(thread.messages.at(-1) ?? { resourceType: 'Communication', status: '' })}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Conversation({ thread }: { thread: Thread }) {
  const { t, locale } = useI18n();
  const client = useQueryClient();
  const author = useAuthor();
  const known = usePatient(thread.patient).data?.body;
  const key = `message/${thread.patient}`;
  const [text, setText] = useState(() => readDraft<string>(key) ?? '');
  const [tasking, setTasking] = useState(false);
  const patient: Reference = { reference: `Patient/${thread.patient}`, display: known ? patientName(known) : thread.name };
  const send = useMutation({
    mutationFn: () => create(message(text, { patient, at: now(), sender: author })),
    onSuccess: async () => {
      dropDraft(key);
      setText('');
      await client.invalidateQueries({ queryKey: ['messages'] });
    },
  });
  const settle = useMutation({ mutationFn: () => transaction(settled(thread, now())), onSettled: () => client.invalidateQueries({ queryKey: ['messages'] }) });
  const asked = thread.messages.findLast(fromPatient);
  const ready = text.trim() !== '' && author !== undefined && known !== undefined;
  useShortcuts({ 'mod+Enter': () => ready && !send.isPending && send.mutate(), e: () => thread.waiting && !settle.isPending && settle.mutate() });
  const actions = (
    <span className="row-actions">
      {thread.waiting && <Button variant="default" loading={settle.isPending} onClick={() => settle.mutate()}>{t('messages.settle')}</Button>}
      <Button variant="default" onClick={() => setTasking(true)}>{t('messages.task')}</Button>
      <Link to="/patients/$id" params={{ id: thread.patient }}>{t('tasks.chart')}</Link>
    </span>
  );
  return (
    <Panel title={patient.display || t('messages.conversation')} actions={actions}>
      {tasking && <TaskDialog onClose={() => setTasking(false)} patient={patient} focus={asked && { reference: `Communication/${asked.id}` }} text={asked ? textOf(asked).slice(0, 120) : ''} />}
      {settle.isError && <Failure error={settle.error} />}
      <ol className="plain conversation">
        {thread.messages.map((one) => (
          <li key={one.id} className={fromPatient(one) ? 'message' : 'message message-ours'}>
            <p className="quiet">{one.sender?.display ?? (fromPatient(one) ? thread.name : t('notKnown'))} · {one.sent && formatDateTime(one.sent, locale)}{one.received && fromPatient(one) && ` · ${t('messages.noted', { time: formatDateTime(one.received, locale) })}`}</p>
            <p className="message-text">{textOf(one)}</p>
          </li>
        ))}
      </ol>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) send.mutate();
        }}
      >
        <Textarea
          label={t('messages.reply')}
          autosize
          minRows={3}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            keepDraft(key, event.currentTarget.value);
          }}
        />
        {!author && <Notice tone="warning" icon="shield" title={t('orders.noAuthor')} />}
        {send.isError && <Failure error={send.error} />}
        <div className="form-actions"><Button type="submit" size="sm" disabled={!ready} loading={send.isPending}>{t('messages.send')}</Button></div>
      </form>
    </Panel>
  );
}

function BeginDialog({ onClose, onChoose }: { onClose: () => void; onChoose: (id: string) => void }) {
  const { t } = useI18n();
  return (
    <Dialog onClose={onClose} title={t('messages.new')}>
      <PatientField
        chosen={undefined}
        focused
        onChoose={(patient) => {
          if (!patient?.reference) return;
          onClose();
          onChoose(patient.reference.slice('Patient/'.length));
        }}
      />
    </Dialog>
  );
}
