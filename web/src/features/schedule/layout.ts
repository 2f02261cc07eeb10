/** Where visits of one column are drawn: those that overlap stand side by side, and the last of them takes the room that is left. */

export interface Span {
  start: number;
  end: number;
}

export interface Placed<T> {
  item: T;
  /** Lane from the start edge, of so many in its group; it covers `width` of them. */
  lane: number;
  lanes: number;
  width: number;
}

/** Lays out spans: the earlier and longer first. Spans that touch do not overlap; one of no length counts as a minute. */
export function layout<T extends Span>(items: readonly T[]): Placed<T>[] {
  const sorted = [...items].sort((a, b) => a.start - b.start || b.end - a.end);
  const placed: Placed<T>[] = [];
  let group: Placed<T>[] = [];
  let groupEnd = Number.NEGATIVE_INFINITY;
  for (const item of sorted) {
    if (item.start >= groupEnd) {
      close(group);
      group = [];
      groupEnd = Number.NEGATIVE_INFINITY;
    }
    const one = { item, lane: freeLane(group, item), lanes: 1, width: 1 };
    group.push(one);
    placed.push(one);
    groupEnd = Math.max(groupEnd, endOf(item));
  }
  close(group);
  return placed;
}

const endOf = (span: Span) => Math.max(span.end, span.start + 1);

const overlap = (a: Span, b: Span) => a.start < endOf(b) && b.start < endOf(a);

function freeLane<T extends Span>(group: readonly Placed<T>[], item: T): number {
  const taken = new Set(group.filter((other) => overlap(other.item, item)).map((other) => other.lane));
  let lane = 0;
  while (taken.has(lane)) lane += 1;
  return lane;
}

/** Gives everyone of a finished group the number of lanes, and widens whoever has nobody beside. */
function close<T extends Span>(group: readonly Placed<T>[]): void {
  const lanes = Math.max(0, ...group.map((one) => one.lane)) + 1;
  for (const one of group) {
    const beside = group.filter((other) => other.lane > one.lane && overlap(other.item, one.item)).map((other) => other.lane);
    one.lanes = lanes;
    one.width = Math.min(lanes, ...beside) - one.lane;
  }
}
