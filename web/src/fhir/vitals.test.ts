import { expect, it } from 'vitest';
import { Decimal, stringify } from '../lib/json';
import { VITALS, entries, fieldOf, outside, readings } from './vitals';

const measured = {
  patient: 'p1',
  at: '2026-11-22T10:00:00Z',
  values: { systolic: new Decimal('120'), diastolic: new Decimal('80'), temperature: new Decimal('37.0') },
};
const vital = (key: string) => VITALS.find((one) => one.key === key)!;

it('writes both pressures as one panel and keeps the precision that was typed', () => {
  const list = entries(measured);
  expect(list.map((entry) => entry.fields)).toEqual([['systolic', 'diastolic'], ['temperature']]);
  expect(stringify(list[1]?.resource)).toContain('"value":37.0,');
});

it('reads what it wrote', () => {
  const stored = entries(measured).map((entry) => entry.resource);
  expect(readings(vital('diastolic'), stored).map((one) => [one.value, one.unit])).toEqual([[80, 'mmHg']]);
  expect(readings(vital('temperature'), stored)[0]?.shown).toBe('37.0');
  expect(readings(vital('weight'), stored)).toEqual([]);
});

it('leaves out what was entered in error', () => {
  const stored = entries(measured).map((entry) => ({ ...entry.resource, status: 'entered-in-error' }));
  expect(readings(vital('systolic'), stored)).toEqual([]);
});

it('judges adults only', () => {
  const at = Date.UTC(2020, 5, 1);
  expect(outside(vital('systolic'), { at, value: 150 }, '1980-05-01')).toBe('H');
  expect(outside(vital('systolic'), { at, value: 80 }, '1980')).toBe('L');
  expect(outside(vital('weight'), { at, value: 150 }, '1980-05-01')).toBe('');
});

it('judges by the age at the time of measuring, not by that of today', () => {
  const at = Date.UTC(2012, 5, 1);
  expect(outside(vital('bmi'), { at, value: 27 }, '1998-09-30')).toBe('');
  expect(outside(vital('bmi'), { at: Date.UTC(2016, 8, 30), value: 27 }, '1998-09-30')).toBe('H');
  expect(outside(vital('bmi'), { at, value: 27 }, undefined)).toBe('');
});

it.each([
  ['Bundle.entry[0].resource.component[1].valueQuantity', 'diastolic'],
  ['Bundle.entry[0].resource', 'systolic'],
  ['Bundle.entry[1].resource.valueQuantity.value', 'temperature'],
  ['Bundle.entry[7]', undefined],
  [undefined, undefined],
])('a refusal at %s belongs to %s', (expression, field) => {
  expect(fieldOf(expression, entries(measured))).toBe(field);
});
