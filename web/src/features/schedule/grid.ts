/** The grid's own geometry and keys: days and people are columns, clock time runs down. */

import { addDays, monday } from '../../lib/zone';
import { addMonths, weeksOf } from './month';

export type View = 'day' | 'week' | 'month';

/** A column: one calendar on one day. */
export interface Column {
  day: string;
  actor: string;
}

/** A place in the grid: a column, and the minute that it begins at. */
export interface Cursor {
  column: number;
  minute: number;
}

export interface Bounds {
  columns: number;
  /** Minutes shown, from and to. */
  from: number;
  to: number;
  step: number;
}

export function daysOf(view: View, day: string, weekend: boolean): string[] {
  if (view === 'day') return [day];
  if (view === 'month') return weeksOf(day);
  const first = monday(day);
  return Array.from({ length: weekend ? 7 : 5 }, (_, index) => addDays(first, index));
}

/** The day to look at when the view is turned on or back. */
export function turned(view: View, day: string, by: 1 | -1): string {
  if (view === 'month') return addMonths(day, by);
  return addDays(day, view === 'week' ? 7 * by : by);
}

/** Columns of a view; a week goes day by day, so that what happens at once stands together. */
export function columnsOf(days: readonly string[], actors: readonly string[]): Column[] {
  return days.flatMap((day) => actors.map((actor) => ({ day, actor })));
}

/** The minute as a multiple of the step, inside of the bounds. */
export function snap(minute: number, { from, to, step }: Bounds): number {
  const snapped = Math.round(minute / step) * step;
  return Math.min(Math.max(snapped, from), to - step);
}

/**
 * Where a key leads: arrows by a step or a column, Page keys by an hour, Home and End to the ends of the column.
 * Undefined: the key does not move, or leads out of the grid sideways (`overflow` says which way).
 */
export function moveCursor(cursor: Cursor, key: string, bounds: Bounds, rightToLeft = false): Cursor | 'before' | 'after' | undefined {
  const { columns, from, to, step } = bounds;
  const vertical: Record<string, number> = { ArrowUp: cursor.minute - step, ArrowDown: cursor.minute + step, PageUp: cursor.minute - 60, PageDown: cursor.minute + 60, Home: from, End: to - step };
  const minute = vertical[key];
  if (minute !== undefined) return { column: cursor.column, minute: snap(minute, bounds) };
  const sideways: Record<string, number> = { ArrowLeft: rightToLeft ? 1 : -1, ArrowRight: rightToLeft ? -1 : 1 };
  const by = sideways[key];
  if (by === undefined) return undefined;
  const column = cursor.column + by;
  if (column < 0) return 'before';
  return column >= columns ? 'after' : { column, minute: cursor.minute };
}

/** The shown part of the day: what is open or booked, with an hour around, never less than a working day. */
export function shownHours(spans: readonly { start: number; end: number }[]): { from: number; to: number } {
  const earliest = Math.min(8 * 60, ...spans.map((span) => span.start));
  const latest = Math.max(18 * 60, ...spans.map((span) => span.end));
  return { from: Math.max(0, Math.floor(earliest / 60) * 60), to: Math.min(1440, Math.ceil(latest / 60) * 60) };
}
