import { describe, expect, it } from 'vitest';
import { parse } from '../lib/json';
import { abnormality, conceptText, decimalText, nameText, observationText, preferredName, quantityText, referenceId, shortIdentifier } from './display';
import type { Observation, Patient, Quantity } from './types';

const quantity = (text: string) => parse(text) as Quantity;
const observation = (text: string) => parse(text) as Observation;

describe('names', () => {
  it.each([
    [{ family: 'Ray', given: ['Ana', 'B.'], prefix: ['Dr.'] }, 'RAY, Dr. Ana B.'],
    [{ family: 'Ray' }, 'RAY'],
    [{ given: ['Ana'] }, 'Ana'],
    [{ text: '王小明' }, '王小明'],
    [undefined, ''],
  ])('%j is %s', (name, text) => expect(nameText(name)).toBe(text));

  it('prefers the usual name and never an old one', () => {
    const patient: Patient = { resourceType: 'Patient', name: [{ use: 'old', family: 'A' }, { use: 'official', family: 'B' }, { use: 'usual', family: 'C' }] };
    expect(preferredName(patient)?.family).toBe('C');
    expect(preferredName({ ...patient, name: [{ use: 'old', family: 'A' }, { family: 'D' }] })?.family).toBe('D');
  });
});

describe('quantities', () => {
  it.each([
    ['{"value":5.0,"unit":"mg"}', '5.0 mg'],
    ['{"value":98,"unit":"%"}', '98 %'],
    ['{"value":37.10,"code":"Cel"}', '37.10 °C'],
    ['{"value":120,"unit":"mm[Hg]"}', '120 mmHg'],
    ['{"value":0.5,"comparator":"<","unit":"ng/mL"}', '<0.5 ng/mL'],
    ['{"value":7,"unit":"{score}"}', '7'],
    ['{}', ''],
  ])('%s is %s', (json, text) => expect(quantityText(quantity(json))).toBe(text));

  it('cuts only digits that nobody measured, and says so', () => {
    expect(decimalText(quantity('{"value":27.613804281}'))).toBe('≈ 27.61');
    expect(decimalText(quantity('{"value":180.22499999}'))).toBe('≈ 180.2');
    expect(decimalText(quantity('{"value":0.000123}'))).toBe('0.000123');
  });
});

it('joins a blood pressure, systolic first', () => {
  const diastolic = '{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80,"unit":"mm[Hg]"}}';
  const systolic = '{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"unit":"mm[Hg]"}}';
  expect(observationText(observation(`{"component":[${diastolic},${systolic}]}`))).toBe('120/80 mmHg');
});

it.each([
  ['{"interpretation":[{"coding":[{"code":"HH"}]}]}', 'HH'],
  ['{"interpretation":[{"coding":[{"code":"N"}]}]}', ''],
  ['{"valueQuantity":{"value":5.2},"referenceRange":[{"low":{"value":3.5},"high":{"value":5.1}}]}', 'H'],
  ['{"valueQuantity":{"value":3.4},"referenceRange":[{"low":{"value":3.5}}]}', 'L'],
  ['{"valueQuantity":{"value":4}}', ''],
])('the abnormality of %s is %j', (json, letter) => expect(abnormality(observation(json))).toBe(letter));

it('reads references and concepts of any form', () => {
  expect(['Patient/1', 'https://a.b/fhir/R4/Patient/1/_history/2', 'urn:uuid:1', undefined].map(referenceId)).toEqual(['1', '1', undefined, undefined]);
  expect(conceptText({ coding: [{ code: 'x' }, { code: 'y', display: 'Why' }] })).toBe('Why');
  expect(shortIdentifier('13956cdf-f7cc-1cd7-9c99-eb796db62ec7')).toBe('13956cdf…2ec7');
});
