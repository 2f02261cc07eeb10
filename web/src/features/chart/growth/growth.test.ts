import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VITALS, type Reading } from '../../../fhir/vitals';
import { Decimal } from '../../../lib/json';
import { CURVES, MONTH, type Tables, bornAt, curves, grown, parametersAt, percentOf, percentText, valueAt, zOf } from './growth';

const tables = JSON.parse(readFileSync(new URL('cdc2000.json', import.meta.url), 'utf8')) as Tables;
const born = Date.UTC(2020, 0, 15);
const vital = (key: string) => VITALS.find((one) => one.key === key)!;

/** A reading at an age in months. */
function reading(key: string, months: number, value: number, code: string): Reading {
  const shown = String(value);
  return { at: born + months * MONTH, value, shown, unit: code, observation: { resourceType: 'Observation', status: 'final', code: { text: key }, valueQuantity: { value: new Decimal(shown), unit: code, code } } };
}

test('the percentiles that the reference publishes follow from its parameters', () => {
  // Boys at 24 months (statage), girls at 0.5 months (lenageinf): columns P3, P5, P25, P50, P75, P95, P97.
  const published: [string, 'male' | 'female', number, number[]][] = [
    ['height', 'male', 24, [79.910_844_47, 80.729_773_21, 84.102_892_17, 86.452_201_01, 88.805_249_43, 92.196_879_28, 93.022_654_41]],
    ['height', 'female', 0.5, [47.469_157_92, 47.963_239_77, 50.096_855_13, 51.683_580_57, 53.363_623_39, 55.960_942_26, 56.627_280_63]],
  ];
  const zs = [-1.880_793_608, -1.644_853_627, -0.674_489_75, 0, 0.674_489_75, 1.644_853_627, 1.880_793_608];
  for (const [key, sex, months, values] of published) {
    const row = parametersAt(tables, key, sex, months)!;
    for (const [index, value] of values.entries()) {
      expect(valueAt(zs[index]!, row)).toBeCloseTo(value, 4);
      expect(zOf(value, row)).toBeCloseTo(zs[index]!, 4);
    }
  }
});

test('a boy of nine and a half months who weighs 9.7 kg lies at the 58th percentile', () => {
  // The example of the reference: z = 0.207.
  const [found] = grown(tables, vital('weight'), [reading('weight', 9.5, 9.7, 'kg')], born, 'male');
  expect(found!.z).toBeCloseTo(0.207, 3);
  expect(percentText(found!.percent)).toBe('58');
});

test('values are converted into the unit of the charts, and what cannot be is left out', () => {
  const kilograms = grown(tables, vital('weight'), [reading('weight', 60, 18, 'kg')], born, 'female')[0]!;
  const grams = grown(tables, vital('weight'), [reading('weight', 60, 18_000, 'g')], born, 'female')[0]!;
  expect(grams.z).toBeCloseTo(kilograms.z, 9);
  for (const wrong of [reading('weight', 60, 18, '[stone_av]'), reading('weight', 60, 0, 'kg'), reading('weight', 300, 80, 'kg'), reading('weight', -1, 3, 'kg')]) {
    expect(grown(tables, vital('weight'), [wrong], born, 'female')).toEqual([]);
  }
  expect(grown(tables, vital('heartRate'), [reading('heartRate', 60, 90, '/min')], born, 'female')).toEqual([]);
  expect(grown(tables, vital('bmi'), [reading('bmi', 20, 17, 'kg/m2')], born, 'female')).toEqual([]);
});

test('every table rises in age and covers what it says', () => {
  const ends: Record<string, [number, number]> = { length: [0, 35.5], height: [24, 240], weightInfant: [0, 36], weight: [24, 240], bmi: [24, 240.5], headCircumference: [0, 36] };
  expect(Object.keys(tables)).toHaveLength(12);
  for (const [name, rows] of Object.entries(tables)) {
    expect([rows[0]![0], rows.at(-1)![0]]).toEqual(ends[name.split('.')[0]!]);
    for (const [index, row] of rows.entries()) if (index > 0) expect(row[0]).toBeGreaterThan(rows[index - 1]![0]);
  }
});

test('curves stand in their order at every age', () => {
  const drawn = curves(tables, vital('weight'), born, 'male', [born, born + 230 * MONTH]);
  expect(drawn.map((one) => one.percent)).toEqual(CURVES.map(([percent]) => percent));
  for (let at = 0; at < drawn[0]!.points.length; at += 1) {
    const values = drawn.map((one) => one.points[at]!.value);
    expect(values).toEqual([...values].sort((a, b) => a - b));
  }
});

test('percents follow the normal distribution and are said without false precision', () => {
  for (const [z, percent] of [[0, 50], [1.644_853_627, 95], [-1.959_963_985, 2.5], [3.090_232_306, 99.9]] as const) expect(percentOf(z)).toBeCloseTo(percent, 4);
  expect([0.01, 0.4, 49.6, 99.4, 99.95].map(percentText)).toEqual(['< 0.1', '0.4', '50', '99.4', '> 99.9']);
});

test('without the day of birth nobody has an age in months', () => {
  expect(bornAt('2020-01')).toBeUndefined();
  expect(bornAt('2020-01-15')).toBe(born);
});
