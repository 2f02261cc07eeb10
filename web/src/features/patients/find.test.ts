import { expect, it } from 'vitest';
import type { Patient, Stored } from '../../fhir/types';
import { sameNames } from './find';

it('notices rows of the same name', () => {
  const patients = [
    { resourceType: 'Patient', id: '1', gender: 'A' },
    { resourceType: 'Patient', id: '2', gender: 'B' },
    { resourceType: 'Patient', id: '3', gender: 'a' },
  ] as Stored<Patient>[];
  expect([...sameNames(patients, (patient) => patient.gender ?? '')]).toEqual(['1', '3']);
});
