import { describe, expect, it } from 'vitest';
import type { AllergyIntolerance, MedicationRequest, Stored } from '../../fhir/types';
import { Decimal, stringify } from '../../lib/json';
import { basket, concerns, labRequest, prescription, sameMedicine, signed } from './order';
import { understand } from './shorthand';

describe('the shorthand of prescribers', () => {
  it.each([
    ['amoxicillin 500 mg tid 7d', { name: 'amoxicillin', dose: new Decimal('500'), unit: 'mg', rhythm: { frequency: 3, period: 1, unit: 'd' }, days: 7, asNeeded: false }],
    ['ibuprofen 400mg q6h prn', { name: 'ibuprofen', dose: new Decimal('400'), unit: 'mg', rhythm: { frequency: 1, period: 6, unit: 'h' }, asNeeded: true }],
    ['levothyroxine 0,5 ug od', { name: 'levothyroxine', dose: new Decimal('0.5'), unit: 'mcg', rhythm: { frequency: 1, period: 1, unit: 'd' }, asNeeded: false }],
    ['Vitamin D3 weekly 2w', { name: 'Vitamin D3', rhythm: { frequency: 1, period: 1, unit: 'wk' }, days: 14, asNeeded: false }],
    ['5-HT blocker', { name: '5-HT blocker', asNeeded: false }],
    ['', { name: '', asNeeded: false }],
  ])('%s', (text, meaning) => expect(understand(text)).toEqual(meaning));

  it('keeps what it does not know as part of the name', () => {
    expect(understand('insulin 10 U bid').name).toBe('insulin U');
  });
});

const medicine = (text: string, more: Partial<MedicationRequest> = {}): Stored<MedicationRequest> => ({
  resourceType: 'MedicationRequest',
  id: text,
  status: 'draft',
  intent: 'order',
  medicationCodeableConcept: { text },
  subject: { reference: 'Patient/1' },
  dosageInstruction: [{ text: 'once a day' }],
  ...more,
});
const allergy = (text: string, criticality?: string): AllergyIntolerance => ({ resourceType: 'AllergyIntolerance', code: { text }, criticality, patient: { reference: 'Patient/1' } });

describe('what a signer must look at', () => {
  it.each([
    ['amoxicillin 500 MG Oral Capsule', 'Penicillin', true],
    ['Penicillin V 250 mg', 'penicillin', true],
    ['naproxen 250 mg tablet', 'Aspirin', true],
    ['paracetamol 500 mg', 'Penicillin', false],
    ['metformin', 'Latex', false],
  ])('%s for somebody allergic to %s: %s', (name, substance, concern) => {
    expect(concerns(medicine(name), [allergy(substance, 'high')], []).some((one) => one.kind === 'allergy')).toBe(concern);
  });

  it('says what is taken already, under another strength too, but not of itself', () => {
    const order = medicine('metformin 850 mg');
    expect(concerns(order, [], [medicine('metformin 500 mg'), order])).toEqual([{ kind: 'duplicate', name: 'metformin 500 mg' }]);
    expect(concerns(order, [], [order])).toEqual([]);
    expect(sameMedicine(medicine('lisinopril'), medicine('losartan'))).toBe(false);
  });

  it('misses the dose', () => {
    expect(concerns(medicine('x', { dosageInstruction: [{}] }), [], [])).toEqual([{ kind: 'undosed' }]);
  });
});

const written = { patient: 'p', at: '2026-11-23T10:00:00Z', author: { reference: 'Practitioner/1' }, encounter: 'Encounter/e' };

it('drafts what was typed, with the precision of the dose', () => {
  const typed = { name: 'digoxin', dose: new Decimal('0.0625'), unit: 'mg', route: 'oral', rhythm: { frequency: 1, period: 1, unit: 'd' as const }, days: new Decimal('14'), asNeeded: false };
  const draft = prescription(typed, written, 'by mouth');
  expect([draft.status, draft.intent, draft.encounter?.reference, draft.medicationCodeableConcept?.text]).toEqual(['draft', 'order', 'Encounter/e', 'digoxin']);
  expect(stringify(draft)).toContain('"value":0.0625');
  expect(stringify(draft)).toContain('"boundsDuration":{"value":14');
});

it('signs under the name of the signer, and only drafts are in the basket', () => {
  const test = { ...labRequest({ name: 'HbA1c', priority: 'routine', note: ' ', }, { ...written, author: undefined }), id: 't' };
  const order = signed(test, '2026-11-23T11:00:00Z', { reference: 'Practitioner/2' });
  expect([order.status, order.requester?.reference, order.authoredOn]).toEqual(['active', 'Practitioner/2', '2026-11-23T11:00:00Z']);
  expect(test.note).toBeUndefined();
  expect(basket([medicine('a'), medicine('b', { status: 'active' })], [test, { ...test, id: 'u', status: 'active' }]).map((one) => one.id)).toEqual(['a', 't']);
});
