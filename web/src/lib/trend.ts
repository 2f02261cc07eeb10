/** Series of measurements over time: never two units in one series, gaps stay gaps. */

export interface Point {
  /** Milliseconds since the epoch. */
  at: number;
  value: number;
  /** The value as it was reported. */
  shown: string;
  unit: string;
}

export interface Series {
  unit: string;
  points: Point[];
}

/** Splits by unit, oldest first; a series whose unit has most points comes first. */
export function byUnit(points: readonly Point[]): Series[] {
  const units = new Map<string, Point[]>();
  for (const point of points) {
    if (!Number.isFinite(point.at) || !Number.isFinite(point.value)) continue;
    const found = units.get(point.unit);
    if (found) found.push(point);
    else units.set(point.unit, [point]);
  }
  const series = [...units].map(([unit, list]) => ({ unit, points: list.sort((a, b) => a.at - b.at) }));
  return series.sort((a, b) => b.points.length - a.points.length);
}

export type Direction = 'up' | 'down' | 'steady';

/** Whether the last value differs from the one before by more than `tolerance` (a share of the earlier one). */
export function direction(points: readonly Point[], tolerance = 0.05): Direction | undefined {
  const last = points.at(-1);
  const before = points.at(-2);
  if (!last || !before) return undefined;
  const change = last.value - before.value;
  if (Math.abs(change) <= Math.abs(before.value) * tolerance) return 'steady';
  return change > 0 ? 'up' : 'down';
}

/** Round numbers that cover the range, about `count` of them. */
export function ticks(low: number, high: number, count = 5): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power * 1.3 >= raw) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}
