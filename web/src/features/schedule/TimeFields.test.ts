import { expect, it } from 'vitest';
import { byDay, nearest, spanOf } from './TimeFields';
import type { Slot } from './types';

const slot = (start: string): Slot => ({ start, end: start, actor: 'Practitioner/a', location: null, free: 1, capacity: 1 });
const hours = Array.from({ length: 12 }, (_, index) => slot(`2026-11-23T${String(index + 8).padStart(2, '0')}:00:00Z`));
const shown = (wanted: number | undefined) => nearest(hours, wanted, 'UTC', 4).map(({ start }) => Number(start.slice(11, 13)));

it.each([
  [undefined, [8, 9, 10, 11]],
  [600, [9, 10, 11, 12]],
  [0, [8, 9, 10, 11]],
  [1200, [16, 17, 18, 19]],
  [1439, [16, 17, 18, 19]],
])('of a day, the free times around minute %s are shown', (wanted, expected) => expect(shown(wanted)).toEqual(expected));

it('shows all of a few, whenever they are wanted', () => {
  expect(nearest(hours.slice(0, 2), 1000, 'UTC', 4)).toHaveLength(2);
});

it('groups by the day of the clinic', () => {
  expect(byDay([slot('2026-11-23T23:30:00Z'), slot('2026-11-23T10:00:00Z')], 'Europe/Madrid').map(([day, list]) => [day, list.length])).toEqual([['2026-11-23', 1], ['2026-11-24', 1]]);
});

it('a time with a wrong field is none', () => {
  const time = { day: '2026-11-23', clock: '09:00', minutes: 30, actor: 'Practitioner/a', room: 'Location/r' };
  expect(spanOf(time, 'Europe/Madrid')).toEqual({ start: '2026-11-23T08:00:00Z', end: '2026-11-23T08:30:00Z', actors: ['Practitioner/a', 'Location/r'] });
  for (const wrong of [{ day: '2026-02-30' }, { clock: '25:00' }, { minutes: 0 }, { minutes: 481 }, { actor: '' }]) expect(spanOf({ ...time, ...wrong }, 'UTC')).toBeUndefined();
});
