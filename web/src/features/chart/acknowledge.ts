/** Who has seen a result: completed tasks about it, each about the version that was seen. */

import { send } from '../../fhir/http';
import { abnormality, referenceId } from '../../fhir/display';
import type { Observation, Stored, Task } from '../../fhir/types';

/** The code of such tasks. */
const TASKS = 'https://meditrack.health/fhir/CodeSystem/task';
export const ACKNOWLEDGED = { code: `${TASKS}|acknowledge-result`, status: 'completed' };
const VERSION = 'seen-version';

/** Roles that the server lets acknowledge. */
const ACKNOWLEDGERS = new Set(['doctor', 'nurse']);

export function mayAcknowledge(roles: readonly string[]): boolean {
  return roles.some((role) => ACKNOWLEDGERS.has(role));
}

export interface Acknowledged {
  by: string;
  at: string;
  note: string;
}

/** Acknowledgements by result and version; the first one counts. */
export function acknowledgements(tasks: readonly Task[]): ReadonlyMap<string, Acknowledged> {
  const found = new Map<string, Acknowledged>();
  for (const task of tasks) {
    const id = referenceId(task.focus?.reference);
    const version = task.input?.find((input) => input.type.coding?.some(({ code }) => code === VERSION))?.valuePositiveInt?.text;
    const at = task.executionPeriod?.end;
    if (!id || !version || !at) continue;
    const known = found.get(`${id}/${version}`);
    if (known && Date.parse(known.at) <= Date.parse(at)) continue;
    found.set(`${id}/${version}`, { by: task.owner?.display ?? task.owner?.reference ?? '', at, note: task.note?.[0]?.text ?? '' });
  }
  return found;
}

/** Who has seen a result as it is now. */
export function seen(known: ReadonlyMap<string, Acknowledged>, result: Stored<Observation>): Acknowledged | undefined {
  return known.get(`${result.id}/${result.meta?.versionId ?? ''}`);
}

export function isCritical(result: Observation): boolean {
  return abnormality(result).length === 2;
}

/** Results that somebody still has to see: critical ones whenever they came, others out of range when they are new. */
export function unseen(results: readonly Stored<Observation>[], known: ReadonlyMap<string, Acknowledged>, isFresh: (result: Stored<Observation>) => boolean): Stored<Observation>[] {
  const open = results.filter((one) => !['registered', 'cancelled', 'entered-in-error'].includes(one.status) && seen(known, one) === undefined && (isCritical(one) || (abnormality(one) !== '' && isFresh(one))));
  return open.sort((a, b) => Number(isCritical(b)) - Number(isCritical(a)));
}

export async function acknowledge(results: readonly Stored<Observation>[], note: string): Promise<void> {
  const body = { results: results.map(({ id, meta }) => ({ id, version: Number(meta?.versionId) })), note: note.trim() || undefined };
  await send('/api/v1/results/acknowledgements', { method: 'POST', body });
}
