/** A month of the calendar as whole weeks, and how full its days are. */

import { addDays, monday } from '../../lib/zone';
import type { ColumnModel } from './calendar';

/** `2026-11` of a day. */
export const monthOf = (day: string) => day.slice(0, 7);

/** The same day so many months on; the last one of a month that is shorter. */
export function addMonths(day: string, count: number): string {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  const first = new Date(Date.UTC(year, month - 1 + count, 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), Math.min(date, last))).toISOString().slice(0, 10);
}

/** The days of the weeks that have a day of the month, Monday first. */
export function weeksOf(day: string): string[] {
  const first = monday(`${monthOf(day)}-01`);
  const next = `${monthOf(addMonths(`${monthOf(day)}-01`, 1))}-01`;
  const days: string[] = [];
  for (let at = first; at < next; at = addDays(at, 7)) for (let index = 0; index < 7; index += 1) days.push(addDays(at, index));
  return days;
}

/** Visits of each day, each once however many people and rooms it takes, and whether anybody is there. */
export function tally(columns: readonly ColumnModel[]): Map<string, { visits: number; open: boolean }> {
  const seen = new Map<string, { ids: Set<string>; open: boolean }>();
  for (const { day, open, visits } of columns) {
    const known = seen.get(day) ?? { ids: new Set<string>(), open: false };
    for (const { item } of visits) known.ids.add(item.appointment.id);
    known.open ||= (open?.length ?? 0) > 0;
    seen.set(day, known);
  }
  return new Map([...seen].map(([day, { ids, open }]) => [day, { visits: ids.size, open }]));
}
