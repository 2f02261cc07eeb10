/** When a calendar is open on a day, by the rules of its availability: for shading and for feedback while something is dragged. The server decides. */

import { addDays, clockMinutes, monday, weekday } from '../../lib/zone';
import type { Span } from './layout';
import { type Exception, type Hours, WEEKDAYS, type Weekly } from './types';

const WEEK = 7 * 86_400_000;

/** Whether a weekly pattern applies on the day: its weekday, its dates, its rhythm. */
function applies(weekly: Weekly, day: string): boolean {
  const name = WEEKDAYS[weekday(day) - 1];
  if (!name || !weekly.days.includes(name)) return false;
  if ((weekly.from && day < weekly.from) || (weekly.until && day > weekly.until)) return false;
  if (weekly.everyWeeks <= 1 || !weekly.from) return true;
  return Math.round((Date.parse(monday(day)) - Date.parse(monday(weekly.from))) / WEEK) % weekly.everyWeeks === 0;
}

/** The part of a span, in minutes of `day`, that lies on the day. */
function onDay(span: Span): Span[] {
  const cut = { start: Math.max(0, span.start), end: Math.min(1440, span.end) };
  return cut.end > cut.start ? [cut] : [];
}

function weeklySpans(hours: Hours, day: string): Span[] {
  const of = (on: string, shift: number) =>
    hours.weekly.filter((weekly) => applies(weekly, on) && !hours.holidays.includes(on)).flatMap((weekly) => {
      const start = clockMinutes(weekly.start) ?? 0;
      const end = clockMinutes(weekly.end) ?? 0;
      return onDay({ start: start + shift, end: (end <= start ? end + 1440 : end) + shift });
    });
  return [...of(day, 0), ...of(addDays(day, -1), -1440)];
}

function exceptionSpan(exception: Exception, day: string): Span[] {
  const minutes = (moment: string) => {
    const days = (Date.parse(`${moment.slice(0, 10)}T00:00:00Z`) - Date.parse(`${day}T00:00:00Z`)) / 86_400_000;
    return days * 1440 + (clockMinutes(moment.slice(11, 16)) ?? 0);
  };
  return onDay({ start: minutes(exception.start), end: minutes(exception.end) });
}

/** Spans without overlaps, in order. */
export function union(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && span.start <= last.end) last.end = Math.max(last.end, span.end);
    else joined.push({ ...span });
  }
  return joined;
}

/** The spans without what `taken` covers. */
export function without(spans: readonly Span[], taken: readonly Span[]): Span[] {
  return taken.reduce<Span[]>(
    (left, hole) =>
      left.flatMap((span) =>
        [
          { start: span.start, end: Math.min(span.end, hole.start) },
          { start: Math.max(span.start, hole.end), end: span.end },
        ].filter((part) => part.end > part.start),
      ),
    [...spans],
  );
}

/** Minutes of the day at which the calendar is open: the weekly hours, with what opens beyond them, without what closes. */
export function openSpans(hours: Hours, day: string): Span[] {
  const of = (kind: Exception['kind']) => hours.exceptions.filter((one) => one.kind === kind).flatMap((one) => exceptionSpan(one, day));
  return without(union([...weeklySpans(hours, day), ...of('open')]), of('closed'));
}

/** The rest of a day from `from` to `to`. */
export function closedSpans(open: readonly Span[], from: number, to: number): Span[] {
  return without([{ start: from, end: to }], open);
}
