import { expect, it } from 'vitest';
import { Decimal } from '../../lib/json';
import { LEGIBLE, contrast, endOfDay, moment } from './api';

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
  expect(endOfDay('2026-11-23')).toBe(1795478399000000);
  expect(endOfDay('')).toBeUndefined();
});
