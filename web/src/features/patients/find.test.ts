import { expect, it } from 'vitest';
import type { Patient, Stored } from '../../fhir/types';
import { sameNames, understand } from './find';

it.each([
  ['Ray Ana', { name: ['Ray', 'Ana'] }],
  ['ray 14/7/45', { birthdate: '1945-07-14', name: ['ray'] }],
  ['#A-12', { identifier: 'A-12' }],
  ['5551234', { identifier: '5551234' }],
  ["O'Brien, Mary-Ann", { name: ["O'Brien", 'Mary-Ann'] }],
  ['a|b', { name: ['a\\|b'] }],
])('%s asks for %j', (text, params) => {
  expect(understand(text).exact).toEqual(params);
});

it('asks by sound only for names', () => {
  expect(understand('12345').phonetic).toBeUndefined();
  expect(understand('Smyth').phonetic).toEqual({ phonetic: ['Smyth'] });
});

it('notices rows of the same name', () => {
  const patients = [
    { resourceType: 'Patient', id: '1', gender: 'A' },
    { resourceType: 'Patient', id: '2', gender: 'B' },
    { resourceType: 'Patient', id: '3', gender: 'a' },
  ] as Stored<Patient>[];
  expect([...sameNames(patients, (patient) => patient.gender ?? '')]).toEqual(['1', '3']);
});
