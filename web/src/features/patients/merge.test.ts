import { expect, it } from 'vitest';
import type { Details, PatientView } from './api';
import { asPatient, detailsOf } from './api';
import { chosen, differing, shown, suggestion } from './merge';

const view = (id: string, details: Partial<Details>): PatientView => ({
  id,
  version: 1,
  active: true,
  deceased: false,
  details: { given: [], ...details },
  numbers: [{ system: 's', value: id, current: true }],
  replaces: [],
});

const stays = view('a', { family: 'Smith', given: ['John'], birthDate: '1980-01-02', facility: 'Organization/f' });
const goes = view('b', { family: 'Smyth', given: ['John'], phone: '+1 555 123 4567', address: { line: ['1 Way'], city: 'Rome' } });

it('asks for the fields that differ alone', () => {
  expect(differing(stays, goes)).toEqual(['family', 'birthDate', 'phone', 'line']);
  expect(shown(goes, 'line')).toBe('1 Way, Rome');
});

it('keeps what stays and fills what it lacks, unless somebody chooses', () => {
  expect(suggestion(stays, 'family')).toBe('stays');
  expect(suggestion(stays, 'phone')).toBe('goes');
  const merged = chosen(stays, goes, { family: 'goes', line: 'stays' });
  expect(merged).toEqual({ ...stays.details, family: 'Smyth', phone: '+1 555 123 4567' });
});

it('shows a patient of the API as every list does', () => {
  const patient = asPatient(goes);
  expect([patient.id, patient.name?.[0]?.family, patient.identifier?.[0]?.value, patient.address?.[0]?.city]).toEqual(['b', 'Smyth', 'b', 'Rome']);
});

it('sends no empty fields', () => {
  const details = detailsOf({ family: ' Ray ', given: 'Ana  Lu', phone: '', city: 'Rome' });
  expect(details).toEqual({ family: 'Ray', given: ['Ana', 'Lu'], address: { line: [], city: 'Rome' } });
});
