import { expect, test } from 'vitest';
import type { ColumnModel } from './calendar';
import { addMonths, tally, weeksOf } from './month';

test('a month is whole weeks, Monday first', () => {
  for (const [day, first, last, count] of [['2026-11-25', '2026-10-26', '2026-12-06', 42], ['2027-02-10', '2027-02-01', '2027-02-28', 28], ['2026-12-31', '2026-11-30', '2027-01-03', 35]] as const) {
    const days = weeksOf(day);
    expect([days[0], days.at(-1), days.length]).toEqual([first, last, count]);
  }
});

test('months go on at the same day, or at the last of a shorter one', () => {
  expect([addMonths('2026-01-31', 1), addMonths('2026-12-15', 1), addMonths('2026-01-15', -1), addMonths('2028-01-30', 1)]).toEqual(['2026-02-28', '2027-01-15', '2025-12-15', '2028-02-29']);
});

test('a visit with a person and a room is one visit', () => {
  const visit = { start: 0, end: 30, appointment: { id: 'a' } };
  const column = (actor: string, open: ColumnModel['open']) => ({ key: actor, day: '2026-11-24', actor, open, visits: [{ item: visit }] }) as unknown as ColumnModel;
  expect([...tally([column('Practitioner/a', [{ start: 0, end: 60 }]), column('Location/r', undefined)])]).toEqual([['2026-11-24', { visits: 1, open: true }]]);
});
