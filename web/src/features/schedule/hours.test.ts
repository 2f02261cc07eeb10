import { describe, expect, it } from 'vitest';
import { closedSpans, openSpans, union, without } from './hours';
import type { Hours, Weekly } from './types';

const weekly = (more: Partial<Weekly> = {}): Weekly => ({ days: ['mon'], start: '09:00', end: '12:00', services: [], location: null, from: null, until: null, everyWeeks: 1, ...more });
const hours = (more: Partial<Hours> = {}): Hours => ({
  timeZone: 'Europe/Madrid', weekly: [weekly()], exceptions: [], holidays: [], slotMinutes: 15, bufferBefore: 0, bufferAfter: 0, leadMinutes: 0, horizonDays: 90, capacity: 1, overbook: 0, ...more,
});
const closed = { kind: 'closed' as const, services: [], location: null, note: null };

const MONDAY = '2026-11-23';

describe('open hours of a day', () => {
  it.each<[string, Hours, string, [number, number][]]>([
    ['a weekday', hours(), MONDAY, [[540, 720]]],
    ['another weekday', hours(), '2026-11-24', []],
    ['two patterns that touch are one', hours({ weekly: [weekly(), weekly({ start: '12:00', end: '13:00' })] }), MONDAY, [[540, 780]]],
    ['a holiday', hours({ holidays: [MONDAY] }), MONDAY, []],
    ['before the pattern begins', hours({ weekly: [weekly({ from: '2026-11-24' })] }), MONDAY, []],
    ['the last day of a pattern', hours({ weekly: [weekly({ until: MONDAY })] }), MONDAY, [[540, 720]]],
    ['every other week, in it', hours({ weekly: [weekly({ from: '2026-11-11', everyWeeks: 2 })] }), MONDAY, [[540, 720]]],
    ['every other week, between', hours({ weekly: [weekly({ from: '2026-11-04', everyWeeks: 2 })] }), '2026-11-23', []],
    ['a night', hours({ weekly: [weekly({ start: '22:00', end: '06:00' })] }), MONDAY, [[1320, 1440]]],
    ['the morning after a night', hours({ weekly: [weekly({ start: '22:00', end: '06:00' })] }), '2026-11-24', [[0, 360]]],
    ['a whole day', hours({ weekly: [weekly({ start: '00:00', end: '24:00' })] }), MONDAY, [[0, 1440]]],
    ['closed for an hour', hours({ exceptions: [{ ...closed, start: `${MONDAY}T10:00`, end: `${MONDAY}T11:00` }] }), MONDAY, [[540, 600], [660, 720]]],
    ['closed for days', hours({ exceptions: [{ ...closed, start: '2026-11-20T00:00', end: '2026-11-24T00:00' }] }), MONDAY, []],
    ['open beyond', hours({ exceptions: [{ ...closed, kind: 'open', start: `${MONDAY}T12:00`, end: `${MONDAY}T14:00` }] }), MONDAY, [[540, 840]]],
  ])('%s', (_, from, day, expected) => expect(openSpans(from, day).map(({ start, end }) => [start, end])).toEqual(expected));

  it('and the rest is closed', () => {
    expect(closedSpans(openSpans(hours(), MONDAY), 480, 1080)).toEqual([{ start: 480, end: 540 }, { start: 720, end: 1080 }]);
  });
});

it('joins and cuts spans', () => {
  expect(union([{ start: 5, end: 9 }, { start: 0, end: 6 }, { start: 20, end: 21 }])).toEqual([{ start: 0, end: 9 }, { start: 20, end: 21 }]);
  expect(without([{ start: 0, end: 10 }], [{ start: 2, end: 3 }, { start: 9, end: 20 }])).toEqual([{ start: 0, end: 2 }, { start: 3, end: 9 }]);
});
