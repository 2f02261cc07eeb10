import { expect, it } from 'vitest';
import { Decimal } from '../../lib/json';
import type { Observation, Stored } from '../../fhir/types';
import { bandOf, grid, points } from './results';

const result = (id: string, test: string, at: string, value: string, more: Partial<Observation> = {}): Stored<Observation> => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: test },
  effectiveDateTime: at,
  valueQuantity: { value: new Decimal(value), unit: 'mmol/L' },
  ...more,
});
const range = [{ low: { value: new Decimal('3.5') }, high: { value: new Decimal('5.1') } }];
const list = [
  result('1', 'Sodium', '2020-01-01T08:00:00Z', '140'),
  result('2', 'Potassium', '2021-01-01T08:00:00Z', '5.9', { referenceRange: range }),
  result('3', 'Potassium', '2020-01-01T08:00:00Z', '4.0', { referenceRange: range }),
  result('4', 'Glucose', '2019-01-01', '9', { status: 'entered-in-error' }),
];

it('puts the newest moment first and tests out of range ahead', () => {
  const { moments, tests } = grid(list, 5);
  expect(moments).toEqual(['2021-01-01T08:00:00Z', '2020-01-01T08:00:00Z']);
  expect(tests.map((test) => [test.name, test.abnormal, test.results.map((one) => one.id)])).toEqual([
    ['Potassium', true, ['2', '3']],
    ['Sodium', false, ['1']],
  ]);
});

it('plots measurements, not bounds', () => {
  const bound = result('5', 'TSH', '2020', '0.01', { valueQuantity: { value: new Decimal('0.01'), comparator: '<' } });
  expect(points([...list.slice(1, 3), bound]).map((point) => point.shown)).toEqual(['5.9', '4.0']);
});

it('takes the band from the results themselves', () => {
  expect(bandOf(list)).toEqual([3.5, 5.1]);
  expect(bandOf(list.slice(0, 1))).toBeUndefined();
});
