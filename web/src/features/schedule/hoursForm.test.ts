import { describe, expect, it } from 'vitest';
import { emptyHours, isWrong, isWrongException, isWrongNumber, NEW_WEEKLY, replaced, weeklyProblem } from './hoursForm';
import type { Exception, Weekly } from './types';

describe('a weekly pattern', () => {
  it.each<[string, Partial<Weekly>, string | undefined]>([
    ['is complete', {}, undefined],
    ['needs a day', { days: [] }, 'days'],
    ['needs times', { start: '' }, 'times'],
    ['of no length is wrong', { end: '09:00' }, 'times'],
    ['may run past midnight', { start: '22:00', end: '06:00' }, undefined],
    ['may end at midnight', { end: '24:00' }, undefined],
    ['may not begin at the end of the day', { start: '24:00', end: '06:00' }, 'times'],
    ['ends after it begins', { from: '2026-02-01', until: '2026-01-01' }, 'dates'],
    ['with a rhythm says from when', { everyWeeks: 2 }, 'dates'],
    ['with a rhythm and a date is complete', { everyWeeks: 2, from: '2026-02-01' }, undefined],
  ])('%s', (_, change, expected) => expect(weeklyProblem({ ...NEW_WEEKLY, days: ['mon'], ...change })).toBe(expected));
});

const exception = (start: string, end: string): Exception => ({ kind: 'closed', start, end, services: [], location: null, note: null });

it.each([
  ['2026-12-24T00:00', '2026-12-27T00:00', false],
  ['2026-12-24T00:00:00', '2026-12-27T00:00:00', false],
  ['2026-12-27T00:00', '2026-12-24T00:00', true],
  ['2026-02-30T00:00', '2026-03-02T00:00', true],
  ['', '2026-12-24T00:00', true],
])('an exception from %s to %s is wrong: %s', (start, end, expected) => expect(isWrongException(exception(start, end))).toBe(expected));

it('numbers are whole and within reason', () => {
  expect([isWrongNumber('capacity', 0), isWrongNumber('capacity', 1), isWrongNumber('slotMinutes', 7.5), isWrongNumber('bufferAfter', Number.NaN)]).toEqual([true, false, true, true]);
  const hours = emptyHours('UTC', ['2026-12-25']);
  expect([isWrong(hours), isWrong({ ...hours, slotMinutes: 0 }), isWrong({ ...hours, weekly: [NEW_WEEKLY] }), hours.holidays]).toEqual([false, true, true, ['2026-12-25']]);
});

it('replaces and removes', () => {
  expect([replaced([1, 2, 3], 1, 9), replaced([1, 2, 3], 1)]).toEqual([[1, 9, 3], [1, 3]]);
});
