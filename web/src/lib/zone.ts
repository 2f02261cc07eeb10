/**
 * Days and clock times of a place: a clinic's calendar is drawn in the clinic's zone, wherever it is looked at.
 *
 * A day is `YYYY-MM-DD`, a clock time is minutes after midnight, an instant is milliseconds since 1970. On the two days a
 * year when clocks change, a clock time may be missing or come twice; {@link instantOf} says which one it takes.
 */

import { formatDate } from './dates';

const MINUTE = 60_000;
export const DAY_MINUTES = 1440;

/** The place's day and clock time at an instant. */
export interface Clock {
  day: string;
  minutes: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format is slow, and a week of ten calendars asks for thousands. */
function format(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' });
    formats.set(zone, found);
  }
  return found;
}

/** Whether this browser knows the zone. */
export function isZone(zone: string): boolean {
  try {
    format(zone);
    return true;
  } catch {
    return false;
  }
}

/** No zone changes its clocks at another moment than a quarter of an hour. */
const QUARTER = 15 * MINUTE;
const offsets = new Map<string, Map<number, number>>();

/** Milliseconds that the place's clock is ahead of UTC at an instant. */
function offset(at: number, zone: string): number {
  let known = offsets.get(zone);
  if (!known) offsets.set(zone, (known = new Map()));
  const quarter = Math.floor(at / QUARTER);
  let found = known.get(quarter);
  if (found === undefined) known.set(quarter, (found = measured(quarter * QUARTER, zone)));
  return found;
}

function measured(at: number, zone: string): number {
  const parts = Object.fromEntries(format(zone).formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - at;
}

export function clockOf(at: number, zone: string): Clock {
  const local = new Date(at + offset(at, zone)).toISOString();
  return { day: local.slice(0, 10), minutes: Number(local.slice(11, 13)) * 60 + Number(local.slice(14, 16)) };
}

/**
 * The instant of a clock time: of a time that comes twice the first, of a missing one the time that the clock shows
 * instead (02:30 becomes 03:30). `minutes` may lie outside of the day.
 */
export function instantOf(day: string, minutes: number, zone: string): number {
  const wall = Date.parse(`${day}T00:00:00Z`) + minutes * MINUTE;
  // The offset in force is the one of a day before or a day after; they differ only when clocks change between.
  const before = offset(wall - DAY_MINUTES * MINUTE, zone);
  const after = offset(wall + DAY_MINUTES * MINUTE, zone);
  const first = wall - before;
  if (offset(first, zone) === before) return first;
  const second = wall - after;
  return offset(second, zone) === after ? second : first;
}

/** The instants at which a day begins and ends; it may last 23, 24 or 25 hours. */
export function dayBounds(day: string, zone: string): { start: number; end: number } {
  return { start: instantOf(day, 0, zone), end: instantOf(addDays(day, 1), 0, zone) };
}

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MINUTES * MINUTE).toISOString().slice(0, 10);
}

/** 1 for Monday to 7 for Sunday. */
export function weekday(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
}

/** The Monday of the week that has the day. */
export function monday(day: string): string {
  return addDays(day, 1 - weekday(day));
}

export function isDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

/** `09:30`; the end of a day is `24:00`. */
export function clockText(minutes: number): string {
  const [hour, minute] = [Math.trunc(minutes / 60), minutes % 60];
  return `${hour.toString().padStart(2, '0')}:${minute.toString().padStart(2, '0')}`;
}

/** Minutes of `9:30`, `09:30` or `09:30:00`. */
export function clockMinutes(text: string): number | undefined {
  const found = /^(\d{1,2}):(\d{2})(?::\d{2})?$/.exec(text.trim());
  if (!found) return undefined;
  const [hour, minute] = [Number(found[1]), Number(found[2])];
  return minute < 60 && hour * 60 + minute <= DAY_MINUTES ? hour * 60 + minute : undefined;
}

/** An instant for the server. */
export function iso(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

/** The zone that the viewer's device is set to. */
export function viewerZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** A zone as people say it: `Los Angeles, GMT-8`. */
export function zoneText(zone: string, locale: string, at: number): string {
  const name = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'shortOffset' }).formatToParts(at).find((part) => part.type === 'timeZoneName')?.value;
  return [zone.split('/').at(-1)?.replaceAll('_', ' '), name].filter(Boolean).join(', ');
}

/** `Mon 23` or `Monday 23-Nov-2026`, whatever the viewer's zone. */
export function dayText(day: string, locale: string, style: 'short' | 'long'): string {
  const name = weekdayNames(locale, style)[weekday(day) - 1] ?? '';
  const shown = name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
  return style === 'short' ? `${shown} ${Number(day.slice(8))}` : `${shown} ${formatDate(day, locale)}`;
}

/** `November 2026`. */
export function monthText(day: string, locale: string): string {
  const shown = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', month: 'long', year: 'numeric' }).format(new Date(`${day}T12:00:00Z`));
  return shown.charAt(0).toLocaleUpperCase(locale) + shown.slice(1);
}

const weekdays = new Map<string, string[]>();

/** Monday to Sunday by their names. */
export function weekdayNames(locale: string, style: 'short' | 'long' = 'long'): string[] {
  const key = `${locale} ${style}`;
  let names = weekdays.get(key);
  if (!names) {
    const name = new Intl.DateTimeFormat(locale, { weekday: style, timeZone: 'UTC' });
    weekdays.set(key, (names = Array.from({ length: 7 }, (_, index) => name.format(Date.UTC(2024, 0, 1 + index)))));
  }
  return names;
}
