/** Care plans and goals: what they hold, in the order in which they matter. */

import { conceptText, quantityText } from '../../fhir/display';
import type { CarePlan, Goal, Reference, Stored } from '../../fhir/types';
import { instant } from '../../lib/dates';

/** The name of a plan: its title, else the most telling of its categories. */
export function planTitle(plan: CarePlan): string {
  return plan.title || (plan.category ?? []).map(conceptText).filter((text) => text && text !== 'assess-plan')[0] || plan.description || '';
}

export type Activity = NonNullable<CarePlan['activity']>[number];

export function activityText({ detail }: Activity): string {
  return conceptText(detail?.code) || (detail?.description ?? '');
}

const RUNNING = new Set(['active', 'draft', 'on-hold', 'proposed', 'planned', 'accepted']);

/** What is under way first, newest first. */
export function inOrder<T extends Stored<CarePlan> | Stored<Goal>>(list: readonly T[]): T[] {
  const status = (one: T) => ('lifecycleStatus' in one ? one.lifecycleStatus : one.status);
  const since = (one: T) => instant('lifecycleStatus' in one ? one.startDate : one.period?.start) || 0;
  const real = list.filter((one) => status(one) !== 'entered-in-error');
  return real.sort((a, b) => Number(RUNNING.has(status(b))) - Number(RUNNING.has(status(a))) || since(b) - since(a));
}

export function isRunning(status: string): boolean {
  return RUNNING.has(status);
}

/** A plan of lines that somebody typed, one activity a line. */
export function carePlan(title: string, lines: string, { patient, at, author }: { patient: string; at: string; author: Reference | undefined }): CarePlan {
  const activities = lines.split('\n').map((line) => line.trim()).filter(Boolean);
  return {
    resourceType: 'CarePlan',
    status: 'active',
    intent: 'plan',
    title: title.trim(),
    subject: { reference: `Patient/${patient}` },
    period: { start: at },
    author,
    activity: activities.length > 0 ? activities.map((description) => ({ detail: { description, status: 'not-started' } })) : undefined,
  };
}

export const ACTIVITY_STATES = ['not-started', 'scheduled', 'in-progress', 'completed', 'cancelled'] as const;
export const GOAL_STATES = ['active', 'on-hold', 'completed', 'cancelled'] as const;

/** The plan with one activity in another state. */
export function withActivity(plan: Stored<CarePlan>, at: number, status: string): Stored<CarePlan> {
  const activity = plan.activity?.map((one, index) => (index === at && one.detail ? { ...one, detail: { ...one.detail, status } } : one));
  return { ...plan, activity };
}

export function goal(text: string, due: string, { patient, at }: { patient: string; at: string }): Goal {
  return {
    resourceType: 'Goal',
    lifecycleStatus: 'active',
    description: { text: text.trim() },
    subject: { reference: `Patient/${patient}` },
    startDate: at.slice(0, 10),
    target: due ? [{ dueDate: due }] : undefined,
  };
}

/** What the goal asks for, where it is a number. */
export function targetText({ target }: Goal): string {
  return quantityText(target?.[0]?.detailQuantity);
}
