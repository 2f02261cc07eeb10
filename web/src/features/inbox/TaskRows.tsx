/** The tasks of a view: each with its owner, its day and where its next step is taken; several are done at once, and undone. */

import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { read, transaction, update } from '../../fhir/client';
import { referenceId } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { useAuthor } from '../../fhir/session';
import type { Stored, Task } from '../../fhir/types';
import { formatDate, now, today } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { Icon } from '../../ui/icons';
import { LinkButton } from '../../ui/LinkButton';
import { HandDialog } from './HandDialog';
import { cosignOf, due, finished, isLate, owned, postponed, subjectOf } from './task';

const WEEK = 7 * 86_400_000;

/** Puts tasks back as they were, over the versions that are there now. */
async function putBack(tasks: readonly Stored<Task>[]): Promise<void> {
  for (const task of tasks) {
    const { body, etag } = await read('Task', task.id);
    await update({ ...task, meta: body.meta }, etag);
  }
}

export function TaskRows({ list, body }: { list: Stored<Task>[]; body: React.RefObject<HTMLTableSectionElement | null> }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [handing, setHanding] = useState<Stored<Task>>();
  const [done, setDone] = useState<Stored<Task>[]>();
  const onSettled = () => client.invalidateQueries({ queryKey: ['tasks'] });
  const change = useMutation({ mutationFn: (changed: Stored<Task>) => update(changed, undefined), onSettled });
  const several = useMutation({
    mutationFn: async (tasks: Stored<Task>[]) => {
      await transaction(tasks.map((task) => finished(task, now())));
      return tasks;
    },
    onSuccess: (tasks) => {
      setDone(tasks);
      setChosen(new Set());
    },
    onSettled,
  });
  const undo = useMutation({ mutationFn: putBack, onSuccess: () => setDone(undefined), onSettled });
  const picked = list.filter((task) => chosen.has(task.id));
  const choose = (id: string) => setChosen((now) => (now.has(id) ? new Set([...now].filter((one) => one !== id)) : new Set([...now, id])));
  const failed = [change, several, undo].find((one) => one.isError);
  return (
    <>
      {handing && <HandDialog task={handing} onClose={() => setHanding(undefined)} />}
      {failed && <Failure error={failed.error} />}
      <div className="chosen" role="status">
        {picked.length > 0 && (
          <>
            {t('tasks.chosen', { count: picked.length })}
            <Button loading={several.isPending} onClick={() => several.mutate(picked)}>{t('tasks.allDone')}</Button>
          </>
        )}
        {picked.length === 0 && done && (
          <>
            {t('tasks.wereDone', { count: done.length })}
            <Button variant="default" loading={undo.isPending} onClick={() => undo.mutate(done)}>{t('tasks.undo')}</Button>
          </>
        )}
      </div>
      {list.length > 0 && (
        <div className="table-scroll">
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
              {list.map((one) => <Row key={one.id} task={one} busy={change.isPending} chosen={chosen.has(one.id)} onChoose={() => choose(one.id)} onHand={() => setHanding(one)} onChange={(changed) => change.mutate(changed)} />)}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

interface RowProps {
  task: Stored<Task>;
  busy: boolean;
  chosen: boolean;
  onChoose: () => void;
  onHand: () => void;
  onChange: (changed: Stored<Task>) => void;
}

function Row({ task, busy, chosen, onChoose, onHand, onChange }: RowProps) {
  const { t, locale } = useI18n();
  const author = useAuthor();
  const patient = task.for?.reference?.startsWith('Patient/') ? referenceId(task.for.reference) : undefined;
  const note = cosignOf(task);
  const end = due(task);
  const mine = author !== undefined && task.owner?.reference === author.reference;
  const later = () => onChange(postponed(task, new Date(Date.now() + WEEK).toISOString().slice(0, 10), now()));
  const name = task.description || task.code?.text || t('tasks.task');
  const words = <span className="visually-hidden"> {name}</span>;
  return (
    <tr>
      <th scope="row">
        {!note && <input type="checkbox" data-act="choose" className="choose" checked={chosen} onChange={onChoose} aria-label={t('tasks.choose', { task: name })} />}
        {name}
        {task.priority && task.priority !== 'routine' && <span className={task.priority === 'stat' ? 'chip chip-danger' : 'chip chip-warning'}>{task.priority === 'stat' && <Icon name="alert" size={12} />}{t(`priority.${task.priority}` as Key)}</span>}
        {task.status === 'on-hold' && task.statusReason?.text && <p className="quiet">{t('tasks.sentBack', { reason: task.statusReason.text })}</p>}
        {patient && <NextStep task={task} patient={patient} />}
      </th>
      <td>{patient ? <Link to="/patients/$id" params={{ id: patient }}>{task.for?.display ?? t('tasks.chart')}</Link> : <span className="quiet">{t('tasks.noPatient')}</span>}</td>
      <td className="nowrap">
        {end ? formatDate(end, locale) : <span className="quiet">{t('care.noDate')}</span>}
        {isLate(task, today()) && <span className="chip chip-danger"><Icon name="alert" size={12} />{t('care.late')}</span>}
        {end?.slice(0, 10) === today() && <span className="chip chip-warning">{t('tasks.dueToday')}</span>}
      </td>
      <td>{task.owner?.display ?? task.owner?.reference ?? <span className="quiet">{t('tasks.nobody')}</span>}</td>
      <td>
        <div className="row-actions">
          {note && patient ? <LinkButton component="a" data-act="done" to="/patients/$id/notes" params={{ id: patient }} search={{ open: note }}>{t('tasks.openNote')}{words}</LinkButton> : <Button data-act="done" disabled={busy} onClick={() => onChange(finished(task, now()))}>{t('tasks.done')}{words}</Button>}
          {author && <Button data-act="take" variant="default" disabled={busy} onClick={() => onChange(owned(task, mine ? undefined : author, now()))}>{t(mine ? 'tasks.release' : 'tasks.take')}{words}</Button>}
          <Button data-act="hand" variant="default" disabled={busy} onClick={onHand}>{t('tasks.hand')}{words}</Button>
          <Button data-act="snooze" variant="default" disabled={busy} onClick={later}>{t('tasks.snooze')}{words}</Button>
        </div>
      </td>
    </tr>
  );
}

/** Where the next step is taken, when that is not the task itself. */
function NextStep({ task, patient }: { task: Stored<Task>; patient: string }) {
  const { t } = useI18n();
  const subject = subjectOf(task);
  if (subject === 'result') return <p><Link to="/patients/$id/results" params={{ id: patient }} className="next-step">{t('tasks.next.result')}</Link></p>;
  if (subject === 'message') return <p><Link to="/messages" search={{ patient }} className="next-step">{t('tasks.next.message')}</Link></p>;
  if (subject === 'medicine') return <p><Link to="/patients/$id/medicines" params={{ id: patient }} className="next-step">{t('tasks.next.medicine')}</Link></p>;
  return null;
}
