/** The editor of opening hours: where it begins, and what is wrong before the server is asked. */

import { clockMinutes, isDay } from '../../lib/zone';
import type { Availability, Exception, Hours, Weekly } from './types';

export const NEW_WEEKLY: Weekly = { days: [], start: '09:00', end: '17:00', services: [], location: null, from: null, until: null, everyWeeks: 1 };

export function emptyHours(timeZone: string, holidays: readonly string[]): Hours {
  return { timeZone, weekly: [], exceptions: [], holidays: [...holidays], slotMinutes: 15, bufferBefore: 0, bufferAfter: 0, leadMinutes: 60, horizonDays: 180, capacity: 1, overbook: 0 };
}

/** What is sent back of what was read. */
export function hoursOf(availability: Availability): Hours {
  const { timeZone, weekly, exceptions, holidays, slotMinutes, bufferBefore, bufferAfter, leadMinutes, horizonDays, capacity, overbook } = availability;
  return { timeZone, weekly, exceptions, holidays, slotMinutes, bufferBefore, bufferAfter, leadMinutes, horizonDays, capacity, overbook };
}

/** Numbers of the form, with the least and most that make sense. */
export const NUMBERS = {
  slotMinutes: [5, 240],
  bufferBefore: [0, 120],
  bufferAfter: [0, 120],
  leadMinutes: [0, 20_160],
  horizonDays: [1, 730],
  capacity: [1, 50],
  overbook: [0, 10],
} as const satisfies Partial<Record<keyof Hours, readonly [number, number]>>;

export type NumberField = keyof typeof NUMBERS;

export type WeeklyProblem = 'days' | 'times' | 'dates';

/** The first thing wrong with a weekly pattern. An end before the start is a night; equal ones are nothing. */
export function weeklyProblem({ days, start, end, from, until, everyWeeks }: Weekly): WeeklyProblem | undefined {
  if (days.length === 0) return 'days';
  const [begins, ends] = [clockMinutes(start), clockMinutes(end)];
  if (begins === undefined || ends === undefined || begins === ends || begins === 1440) return 'times';
  if ((from !== null && !isDay(from)) || (until !== null && !isDay(until)) || (from && until && until < from)) return 'dates';
  return everyWeeks > 1 && !from ? 'dates' : undefined;
}

export function isWrongException({ start, end }: Exception): boolean {
  const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/;
  return !moment.test(start.slice(0, 16)) || !moment.test(end.slice(0, 16)) || !isDay(start.slice(0, 10)) || !isDay(end.slice(0, 10)) || end <= start;
}

export function isWrongNumber(field: NumberField, value: number): boolean {
  const [least, most] = NUMBERS[field];
  return !Number.isInteger(value) || value < least || value > most;
}

export function isWrong(hours: Hours): boolean {
  return (
    hours.weekly.some((weekly) => weeklyProblem(weekly) !== undefined) ||
    hours.exceptions.some(isWrongException) ||
    (Object.keys(NUMBERS) as NumberField[]).some((field) => isWrongNumber(field, hours[field]))
  );
}

/** The list with one item replaced, or, without a replacement, removed. */
export function replaced<T>(list: readonly T[], index: number, item?: T): T[] {
  return item === undefined ? list.filter((_, at) => at !== index) : list.map((one, at) => (at === index ? item : one));
}
