/** Whether a visit would fit where it is held: feedback while dragging, before the server decides. */

import type { Span } from './layout';

export type Clash = 'taken' | 'buffer' | 'closed' | 'past';

export interface Room {
  /** Visits that are there, without the one that moves. */
  booked: readonly Span[];
  /** Undefined: no hours are defined, which the server refuses or allows. */
  open: readonly Span[] | undefined;
  bufferBefore: number;
  bufferAfter: number;
  /** Visits that may stand at one time. */
  capacity: number;
  /** Minute of this day that is now; below zero on a later day, infinite on an earlier one. */
  now: number;
}

/** The gravest reason against a span, or none. */
export function clash(span: Span, room: Room): Clash | undefined {
  if (span.start < room.now) return 'past';
  if (atOnce(span, room.booked) >= room.capacity) return 'taken';
  if (room.open && !room.open.some((one) => one.start <= span.start && span.end <= one.end)) return 'closed';
  const wide = { start: span.start - room.bufferBefore, end: span.end + room.bufferAfter };
  return atOnce(wide, room.booked) >= room.capacity ? 'buffer' : undefined;
}

/** The most visits that stand at one moment of the span. */
function atOnce(span: Span, booked: readonly Span[]): number {
  const there = booked.filter((one) => one.start < span.end && span.start < one.end);
  const starts = there.map((one) => Math.max(one.start, span.start));
  return Math.max(0, ...starts.map((at) => there.filter((one) => one.start <= at && at < one.end).length));
}
