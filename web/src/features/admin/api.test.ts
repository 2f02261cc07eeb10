import { expect, it } from 'vitest';
import { Decimal } from '../../lib/json';
import { LEGIBLE, contrast, dayOf, endOfDay, moment } from './api';

it.each([
  ['#000000', 21],
  ['#ffffff', 1],
  ['#0b5cad', 6.67],
  ['#777777', 4.48],
  ['blue', 0],
])('the contrast of %s with white is %d', (colour, ratio) => expect(contrast(colour)).toBeCloseTo(ratio, 1));

it('finds grey just too light', () => expect(contrast('#777777')).toBeLessThan(LEGIBLE));

it('reads and writes microseconds', () => {
  expect(moment(new Decimal('1795395807000000'))).toBe('2026-11-23T01:03:27.000Z');
});

it.each([
  ['UTC', '2026-11-23T23:59:59.000Z'],
  ['America/New_York', '2026-11-24T04:59:59.000Z'],
  ['Asia/Kolkata', '2026-11-23T18:29:59.000Z'],
])('a day ends on the wall of %s', (zone, at) => {
  const end = new Decimal(String(endOfDay('2026-11-23', zone)));
  expect([moment(end), dayOf(end, zone)]).toEqual([at, '2026-11-23']);
  expect(endOfDay('', zone)).toBeUndefined();
});
