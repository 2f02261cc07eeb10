/** What each column of the calendar shows: the visits of one person or room on one day, laid out in the clinic's clock time. */

import { addDays, clockOf, DAY_MINUTES, instantOf } from '../../lib/zone';
import type { Column } from './grid';
import { openSpans, union } from './hours';
import { layout, type Placed, type Span } from './layout';
import { takesTime } from './states';
import type { Appointment, Hours } from './types';

export interface Visit extends Span {
  appointment: Appointment;
}

export interface ColumnModel extends Column {
  key: string;
  /** Undefined when the calendar has no hours at all. */
  open: Span[] | undefined;
  visits: Placed<Visit>[];
}

/** The parts of a visit by day, in clock time. A visit keeps its length on the days when clocks change. */
export function partsOf(appointment: Appointment, zone: string): (Span & { day: string })[] {
  const { day, minutes } = clockOf(Date.parse(appointment.start), zone);
  const length = Math.max(1, Math.round((Date.parse(appointment.end) - Date.parse(appointment.start)) / 60_000));
  const parts: (Span & { day: string })[] = [];
  for (let at = day, start = minutes, left = length; left > 0; at = addDays(at, 1), start = 0) {
    const end = Math.min(DAY_MINUTES, start + left);
    parts.push({ day: at, start, end });
    left -= end - start;
  }
  return parts;
}

/** Open hours of the day in the calendar's zone, when the hours are kept in another. */
export function openIn(hours: Hours, day: string, zone: string): Span[] {
  if (hours.timeZone === zone) return openSpans(hours, day);
  const shifted = [-1, 0, 1].flatMap((by) => {
    const theirs = addDays(day, by);
    return openSpans(hours, theirs).flatMap((span) => {
      const minutes = (at: number) => (instantOf(theirs, at, hours.timeZone) - instantOf(day, 0, zone)) / 60_000;
      const cut = { start: Math.max(0, minutes(span.start)), end: Math.min(DAY_MINUTES, minutes(span.end)) };
      return cut.end > cut.start ? [cut] : [];
    });
  });
  return union(shifted);
}

const keyOf = (day: string, actor: string) => `${day} ${actor}`;

export function columnModels(columns: readonly Column[], appointments: readonly Appointment[], hours: ReadonlyMap<string, Hours>, zone: string, showGone: boolean): ColumnModel[] {
  const visits = new Map<string, Visit[]>();
  for (const appointment of appointments) {
    if (!showGone && !takesTime(appointment)) continue;
    for (const { day, start, end } of partsOf(appointment, zone)) {
      for (const { reference } of appointment.actors) {
        const key = keyOf(day, reference);
        const list = visits.get(key);
        if (list) list.push({ start, end, appointment });
        else visits.set(key, [{ start, end, appointment }]);
      }
    }
  }
  return columns.map(({ day, actor }) => {
    const key = keyOf(day, actor);
    const open = hours.get(actor);
    return { key, day, actor, open: open && openIn(open, day, zone), visits: layout(visits.get(key) ?? []) };
  });
}

/** Visits that stand at a minute of a column, those that take their time first. */
export function visitsAt(column: ColumnModel | undefined, minute: number, step: number): Visit[] {
  const there = (column?.visits ?? []).map(({ item }) => item).filter((visit) => visit.start < minute + step && minute < visit.end);
  return there.sort((a, b) => Number(takesTime(b.appointment)) - Number(takesTime(a.appointment)));
}

/** The next visit of a column after (or, backwards, before) a minute. */
export function neighbour(column: ColumnModel | undefined, minute: number, forward: boolean): Visit | undefined {
  const visits = (column?.visits ?? []).map(({ item }) => item).sort((a, b) => a.start - b.start);
  return forward ? visits.find((visit) => visit.start > minute) : visits.findLast((visit) => visit.start < minute);
}

/** The actors of a visit that is moved from one column's to another's: a room stays, the other person changes. */
export function movedActors(appointment: Appointment, from: string, to: string): string[] {
  const actors = appointment.actors.map(({ reference }) => (reference === from ? to : reference));
  return [...new Set(actors)];
}
