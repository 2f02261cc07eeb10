/**
 * Growth percentiles by the LMS method: Z = ((value / M)^L - 1) / (L * S), or ln(value / M) / S where L is 0
 * (Cole, Eur J Clin Nutr 1990; 44: 45-60), with the parameters of CDC 2000 between whose ages lines are drawn.
 */

import type { Quantity } from '../../../fhir/types';
import type { Reading, Vital } from '../../../fhir/vitals';
import { calendar } from '../../../lib/dates';
import type { Point } from '../../../lib/trend';

/** Age in months, L, M, S. */
export type Row = readonly [number, number, number, number];
export type Tables = Readonly<Record<string, readonly Row[]>>;
export type Sex = 'male' | 'female';

const DAY = 86_400_000;
export const MONTH = 30.4375 * DAY;
/** From this age on, in months, children are measured standing, and have charts of their own. */
const CHILD = 24;

/** Tables of a vital sign from an age on, in months, and the unit that they are in. */
const CHARTS: Record<string, { unit: string; parts: readonly (readonly [string, number])[] }> = {
  weight: { unit: 'kg', parts: [['weightInfant', 0], ['weight', CHILD]] },
  height: { unit: 'cm', parts: [['length', 0], ['height', CHILD]] },
  headCircumference: { unit: 'cm', parts: [['headCircumference', 0]] },
  bmi: { unit: 'kg/m2', parts: [['bmi', CHILD]] },
};

/** Into the unit of the charts, by UCUM code. */
const FACTORS: Record<string, Record<string, number>> = {
  kg: { kg: 1, g: 0.001, '[lb_av]': 0.453_592_37 },
  cm: { cm: 1, m: 100, mm: 0.1, '[in_i]': 2.54 },
  'kg/m2': { 'kg/m2': 1 },
};

export function hasChart({ key }: Vital): boolean {
  return key in CHARTS;
}

/** The parameters at an age in months: between two rows on the line that joins them, beyond the table none. */
export function parametersAt(tables: Tables, key: string, sex: Sex, months: number): Row | undefined {
  const part = CHARTS[key]?.parts.findLast(([, from]) => months >= from);
  const rows = part && tables[`${part[0]}.${sex}`];
  const next = rows?.findIndex(([age]) => age >= months) ?? -1;
  const high = rows?.[next];
  const low = rows?.[Math.max(0, next - 1)];
  if (!high || !low || months < low[0]) return undefined;
  const share = high[0] === low[0] ? 0 : (months - low[0]) / (high[0] - low[0]);
  const between = (at: 1 | 2 | 3) => low[at] + share * (high[at] - low[at]);
  return [months, between(1), between(2), between(3)];
}

export function zOf(value: number, [, l, m, s]: Row): number {
  return Math.abs(l) < 1e-9 ? Math.log(value / m) / s : ((value / m) ** l - 1) / (l * s);
}

/** The value at a z-score: what a percentile's curve is drawn through. */
export function valueAt(z: number, [, l, m, s]: Row): number {
  return Math.abs(l) < 1e-9 ? m * Math.exp(s * z) : m * (1 + l * s * z) ** (1 / l);
}

/** Share of a standard normal distribution below `z`, in percent (Abramowitz and Stegun 26.2.17, error below 7.5e-8). */
export function percentOf(z: number): number {
  const t = 1 / (1 + 0.231_641_9 * Math.abs(z));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * t * (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
  return 100 * (z > 0 ? 1 - tail : tail);
}

/** The curves that are drawn, with their z-scores. */
export const CURVES = [[5, -1.644_853_627], [25, -0.674_489_75], [50, 0], [75, 0.674_489_75], [95, 1.644_853_627]] as const;

/** The birth as a moment; without its day nobody's age in months is known. */
export function bornAt(birth: string | undefined): number | undefined {
  const born = calendar(birth ?? '');
  return born?.month !== undefined && born.day !== undefined ? Date.UTC(born.year, born.month - 1, born.day) : undefined;
}

function inUnit(quantity: Quantity | undefined, value: number, unit: string): number | undefined {
  const factor = FACTORS[unit]?.[quantity?.code ?? quantity?.unit ?? ''];
  return factor === undefined ? undefined : value * factor;
}

export interface Grown {
  reading: Reading;
  /** Age in months when it was measured. */
  months: number;
  z: number;
  percent: number;
}

/** Where readings lie among children of the same age and sex; those that no chart covers are left out. */
export function grown(tables: Tables, vital: Vital, readings: readonly Reading[], born: number, sex: Sex): Grown[] {
  const unit = CHARTS[vital.key]?.unit;
  if (unit === undefined) return [];
  return readings.flatMap((reading) => {
    const months = (reading.at - born) / MONTH;
    const row = parametersAt(tables, vital.key, sex, months);
    const value = inUnit(reading.observation.valueQuantity, reading.value, unit);
    if (!row || value === undefined || value <= 0) return [];
    const z = zOf(value, row);
    return [{ reading, months, z, percent: percentOf(z) }];
  });
}

/** The curves of a sign between two moments, in the unit of the charts. */
export function curves(tables: Tables, vital: Vital, born: number, sex: Sex, [from, to]: readonly [number, number]): { percent: number; points: Pick<Point, 'at' | 'value'>[] }[] {
  const steps = 60;
  const rows = Array.from({ length: steps + 1 }, (_, index) => {
    const at = from + ((to - from) * index) / steps;
    return { at, row: parametersAt(tables, vital.key, sex, (at - born) / MONTH) };
  });
  return CURVES.map(([percent, z]) => ({ percent, points: rows.flatMap(({ at, row }) => (row ? [{ at, value: valueAt(z, row) }] : [])) }));
}

/** The unit that curves are in, as people write it. */
export function chartUnit({ key, shown }: Vital): string {
  return CHARTS[key] ? shown : '';
}

/** How a percentile is said: whole numbers, and beyond the ends only that it lies beyond. */
export function percentText(percent: number): string {
  if (percent < 0.1) return '< 0.1';
  if (percent > 99.9) return '> 99.9';
  return percent < 1 || percent > 99 ? percent.toFixed(1) : percent.toFixed(0);
}

/** The sex that growth is charted by, as it is recorded; none when it is neither. */
export function chartedSex(gender: string | undefined): Sex | undefined {
  return gender === 'male' || gender === 'female' ? gender : undefined;
}


/** When somebody born then is beyond every chart, in milliseconds; never when the birth date is not known. */
export function grownFrom(birth: string | undefined): number {
  const born = bornAt(birth);
  return born === undefined ? Number.NEGATIVE_INFINITY : born + 240 * MONTH;
}
