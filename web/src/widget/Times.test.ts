import { expect, it } from 'vitest';
import { byDay } from './Times';

it('shows a time once, on the day of the clinic, in order', () => {
  const time = (start: string, actor: string) => ({ start, end: start, actor });
  const times = [time('2026-11-24T10:00:00+01:00', 'b'), time('2026-11-24T09:00:00+01:00', 'a'), time('2026-11-24T08:00:00Z', 'b'), time('2026-11-23T23:30:00Z', 'a')];
  expect(byDay(times, 'Europe/Madrid').map(([day, list]) => [day, list.map(({ actor }) => actor)])).toEqual([['2026-11-24', ['a', 'a', 'b']]]);
  expect(byDay(times, 'America/Lima').map(([day]) => day)).toEqual(['2026-11-23', '2026-11-24']);
});
