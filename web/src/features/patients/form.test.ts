import { describe, expect, it } from 'vitest';
import type { Patient } from '../../fhir/types';
import { EMPTY, apply, comparable, fieldsOf, validate } from './form';

const stored: Patient = {
  resourceType: 'Patient',
  id: 'p1',
  identifier: [{ system: 'urn:a', value: 'A1' }, { type: { coding: [{ code: 'MR' }] }, system: 'urn:b', value: 'B2' }],
  name: [{ use: 'official', family: 'Ray', given: ['Ana', 'Bea'], text: 'Ana Bea Ray' }, { use: 'maiden', family: 'Moss' }],
  telecom: [{ system: 'phone', value: '1', use: 'home' }, { system: 'phone', value: '2', use: 'work' }],
  address: [{ line: ['1 Road'], city: 'Lima' }],
  birthDate: '1980-02',
};

describe('a patient and its form', () => {
  it('changes nothing when nothing was typed', () => {
    expect(apply(stored, fieldsOf(stored))).toEqual(stored);
  });

  it('changes the name that is shown and keeps the others', () => {
    const next = apply(stored, { ...fieldsOf(stored), family: 'Rey' });
    expect(next.name).toEqual([{ use: 'official', family: 'Rey', given: ['Ana', 'Bea'], text: undefined }, { use: 'maiden', family: 'Moss' }]);
  });

  it('changes the record number in its place', () => {
    const next = apply(stored, { ...fieldsOf(stored), identifier: 'B3' });
    expect(next.identifier?.map((one) => `${one.system} ${one.value}`)).toEqual(['urn:a A1', 'urn:b B3']);
  });

  it('takes out what was emptied and adds what is new', () => {
    const next = apply(stored, { ...fieldsOf(stored), phone: '', email: 'a@b.c', city: '', line: '' });
    expect(next.telecom).toEqual([{ system: 'phone', value: '2', use: 'work' }, { system: 'email', value: 'a@b.c' }]);
    expect(next.address).toBeUndefined();
  });

  it('keeps what else is known of whom to call, and other extensions', () => {
    const known: Patient = { ...stored, extension: [{ url: 'urn:other', valueBoolean: true }], contact: [{ name: { family: 'Neighbour' } }, { relationship: [{ coding: [{ code: 'C' }] }], name: { text: 'Ann' }, telecom: [{ system: 'phone', value: '8' }] }] };
    const next = apply(known, { ...fieldsOf(known), contactPhone: '9', interpreter: 'no' });
    expect(next.contact?.map((one) => [one.name?.family ?? one.name?.text, one.telecom?.[0]?.value])).toEqual([['Neighbour', undefined], ['Ann', '9']]);
    expect(next.extension?.map(({ valueBoolean }) => valueBoolean)).toEqual([true, false]);
    expect(apply(next, { ...fieldsOf(next), contactName: '', contactPhone: '', contactRelation: '', interpreter: '' })).toMatchObject({ contact: [{ name: { family: 'Neighbour' } }], extension: [{ url: 'urn:other' }] });
  });

  it('reads back what it wrote', () => {
    const typed = { ...EMPTY, family: 'Li', given: 'Wei', birthDate: '2001-01-01', gender: 'female', phone: '7', language: 'zh', city: 'Lima', identifier: 'M1', interpreter: 'yes', contactName: 'Ann Li', contactPhone: '8', contactRelation: 'mother' };
    expect(fieldsOf(apply({ resourceType: 'Patient' }, typed))).toEqual(typed);
  });
});

it.each([
  [{ family: 'Ray' }, {}],
  [{}, { family: 'form.nameNeeded' }],
  [{ given: 'Ana', birthDate: '2026-02-30' }, { birthDate: 'form.dateWrong' }],
  [{ given: 'Ana', birthDate: '2027-01-01' }, { birthDate: 'form.dateFuture' }],
  [{ given: 'Ana', birthDate: '1980', email: 'x@' }, { email: 'form.emailWrong' }],
])('%j is wrong in %j', (values, wrong) => {
  expect(validate(values, '2026-11-22')).toEqual(wrong);
});

it('asks for duplicates once there is something to compare', () => {
  expect(comparable({ ...EMPTY, family: 'Ray' })).toBeUndefined();
  expect(comparable({ ...EMPTY, family: 'Ray', birthDate: '1980-02-31' })).toBeUndefined();
  expect(comparable({ ...EMPTY, family: 'Ray', birthDate: '1980-02-01' })?.birthDate).toBe('1980-02-01');
  expect(comparable({ ...EMPTY, phone: '5551' })?.telecom).toEqual([{ system: 'phone', value: '5551' }]);
});
