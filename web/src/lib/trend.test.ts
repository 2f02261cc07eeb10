import { expect, it } from 'vitest';
import { byUnit, direction, ticks, type Point } from './trend';

const point = (at: number, value: number, unit = 'kg'): Point => ({ at, value, shown: String(value), unit });

it('never mixes units and sorts by time', () => {
  const series = byUnit([point(3, 72), point(1, 70), point(2, 155, '[lb_av]'), point(Number.NaN, 1)]);
  expect(series.map((one) => [one.unit, one.points.map((p) => p.at)])).toEqual([
    ['kg', [1, 3]],
    ['[lb_av]', [2]],
  ]);
});

it.each([
  [[70, 80], 'up'],
  [[80, 70], 'down'],
  [[70, 71], 'steady'],
  [[0, 0], 'steady'],
  [[70], undefined],
] as const)('the direction of %j is %s', (values, expected) => {
  expect(direction(values.map((value, index) => point(index, value)))).toBe(expected);
});

it.each([
  [0, 10, [0, 2, 4, 6, 8, 10]],
  [97, 103, [97, 98, 99, 100, 101, 102, 103]],
  [36.1, 38.9, [36.5, 37, 37.5, 38, 38.5]],
  [5, 5, [5]],
])('ticks from %d to %d are round', (low, high, expected) => {
  expect(ticks(low, high)).toEqual(expected);
});
