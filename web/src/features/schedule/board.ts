/** How long somebody waits, by the server's clock, and from when on that is too long. */

import type { Card } from './types';

/** Minutes after which a wait is worth a look, and after which it is too long. */
export const LONG = 15;
export const TOO_LONG = 30;

export type Wait = 'short' | 'long' | 'too-long';

/** Whole minutes of a wait; `now` is the server's moment. Never below zero. */
export function waited(since: string, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(since)) / 60_000));
}

export function waitOf(minutes: number): Wait {
  if (minutes >= TOO_LONG) return 'too-long';
  return minutes >= LONG ? 'long' : 'short';
}

/** The server's moment at a moment of ours, from one pair that was seen. */
export function serverNow(told: string, seenAt: number, at: number): number {
  return Date.parse(told) + (at - seenAt);
}

/** Cards in the order of work: who waits, longest first; who is expected, by the time. */
export function inOrder(cards: readonly Card[]): Card[] {
  const of = (card: Card) => Date.parse(card.waitingSince ?? card.appointment.start);
  return [...cards].sort((a, b) => Number(b.waitingSince !== null) - Number(a.waitingSince !== null) || of(a) - of(b));
}

/** The card a step away in the order of the board, columns after each other; the ends hold. */
export function stepCard(ids: readonly string[], current: string | undefined, by: number): string | undefined {
  const at = current === undefined ? -1 : ids.indexOf(current);
  if (at < 0) return by > 0 ? ids[0] : ids.at(-1);
  return ids[Math.min(ids.length - 1, Math.max(0, at + by))];
}
