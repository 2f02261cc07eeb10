import { expect, it } from 'vitest';
import { inOrder, serverNow, stepCard, waited, waitOf } from './board';
import type { Card } from './types';

it.each([
  ['2026-11-23T09:00:00Z', '2026-11-23T09:00:59Z', 0],
  ['2026-11-23T09:00:00Z', '2026-11-23T09:29:59Z', 29],
  ['2026-11-23T09:00:00+01:00', '2026-11-23T09:00:00Z', 60],
  ['2026-11-23T09:00:00Z', '2026-11-23T08:00:00Z', 0],
])('since %s, at %s, %d minutes', (since, now, expected) => expect(waited(since, Date.parse(now))).toBe(expected));

it.each([[14, 'short'], [15, 'long'], [29, 'long'], [30, 'too-long']] as const)('%d minutes are %s', (minutes, expected) => expect(waitOf(minutes)).toBe(expected));

it('follows the server when the clock of the device is wrong', () => {
  expect(serverNow('2026-11-23T09:00:00Z', 1_000, 61_000)).toBe(Date.parse('2026-11-23T09:01:00Z'));
});

it('puts who waits longest first, then who is expected', () => {
  const card = (id: string, start: string, waitingSince: string | null) => ({ appointment: { id, start }, waitingSince }) as unknown as Card;
  const cards = [card('later', '2026-11-23T11:00:00Z', null), card('sooner', '2026-11-23T10:00:00Z', null), card('just came', '2026-11-23T08:00:00Z', '2026-11-23T09:30:00Z'), card('waits', '2026-11-23T12:00:00Z', '2026-11-23T09:00:00Z')];
  expect(inOrder(cards).map(({ appointment }) => appointment.id)).toEqual(['waits', 'just came', 'sooner', 'later']);
});

it('steps from card to card and stays at the ends', () => {
  const ids = ['a', 'b', 'c'];
  expect([stepCard(ids, undefined, 1), stepCard(ids, undefined, -1), stepCard(ids, 'b', 1), stepCard(ids, 'c', 1), stepCard(ids, 'a', -1), stepCard([], 'a', 1)]).toEqual(['a', 'c', 'c', 'c', 'a', undefined]);
});
