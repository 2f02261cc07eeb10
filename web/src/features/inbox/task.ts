/** Tasks: whose they are, when they are due, and the next state of each. */

import type { Reference, Stored, Task } from '../../fhir/types';

const DONE = new Set(['completed', 'cancelled', 'rejected', 'failed', 'entered-in-error']);

export function isDone(task: Task): boolean {
  return DONE.has(task.status);
}

export function due(task: Task): string | undefined {
  return task.restriction?.period?.end;
}

/** Days are compared as days: what is due today is not late yet. */
export function isLate(task: Task, today: string): boolean {
  const end = due(task)?.slice(0, 10);
  return !isDone(task) && end !== undefined && end < today;
}

const PRIORITY: Record<string, number> = { stat: 0, asap: 1, urgent: 2, routine: 3 };

/** What is late first, then by priority, then by the day it is due; what has no day comes last. */
export function inOrder(list: readonly Stored<Task>[], today: string): Stored<Task>[] {
  const day = (task: Task) => due(task)?.slice(0, 10) ?? '9999';
  const rank = (task: Task) => PRIORITY[task.priority ?? 'routine'] ?? 3;
  return [...list].sort((a, b) => Number(isLate(b, today)) - Number(isLate(a, today)) || rank(a) - rank(b) || day(a).localeCompare(day(b)));
}

/** Id of the note that a task asks to be signed: such a task is done by the signature alone. */
export function cosignOf({ code, focus }: Task): string | undefined {
  const [type, id] = focus?.reference?.split('/') ?? [];
  return type === 'Composition' && code?.coding?.some((one) => one.code === 'cosign') ? id : undefined;
}

/** What a task is about: it decides where its next step is taken. */
export type Subject = 'cosign' | 'result' | 'message' | 'medicine' | 'other';

export function subjectOf(task: Task): Subject {
  if (cosignOf(task)) return 'cosign';
  const [type = ''] = task.focus?.reference?.split('/') ?? [];
  return ({ Observation: 'result', DiagnosticReport: 'result', Communication: 'message', MedicationRequest: 'medicine' } as Record<string, Subject>)[type] ?? 'other';
}

export const VIEWS = ['mine', 'pool', 'late', 'all'] as const;
export type View = (typeof VIEWS)[number];

export function visible(list: readonly Stored<Task>[], view: View, me: string | undefined, today: string): Stored<Task>[] {
  if (view === 'all') return [...list];
  if (view === 'late') return list.filter((task) => isLate(task, today));
  return list.filter((task) => (view === 'mine' ? me !== undefined && task.owner?.reference === me : !task.owner?.reference));
}

interface Typed {
  text: string;
  priority: string;
  due: string;
  patient?: Reference;
  focus?: Reference;
  owner?: Reference;
}

export function task(typed: Typed, at: string, author: Reference | undefined): Task {
  return {
    resourceType: 'Task',
    status: typed.owner ? 'accepted' : 'requested',
    intent: 'order',
    priority: typed.priority,
    description: typed.text.trim(),
    focus: typed.focus,
    for: typed.patient,
    authoredOn: at,
    lastModified: at,
    requester: author,
    owner: typed.owner,
    restriction: typed.due ? { period: { end: typed.due } } : undefined,
  };
}

export function finished(one: Stored<Task>, at: string): Stored<Task> {
  return { ...one, status: 'completed', lastModified: at };
}

/** The task under another owner, or back in the pool. */
export function owned(one: Stored<Task>, owner: Reference | undefined, at: string): Stored<Task> {
  return { ...one, owner, status: owner ? 'accepted' : 'requested', lastModified: at };
}

export function postponed(one: Stored<Task>, to: string, at: string): Stored<Task> {
  return { ...one, restriction: { ...one.restriction, period: { ...one.restriction?.period, end: to } }, lastModified: at };
}
