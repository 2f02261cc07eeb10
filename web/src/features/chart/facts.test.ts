import { describe, expect, it } from 'vitest';
import type { AllergyIntolerance, Condition, MedicationRequest, Stored } from '../../fhir/types';
import { NO_KNOWN_ALLERGY, allergies, isActive, medicines, problemText, problems } from './facts';

const patient = { reference: 'Patient/1' };
const status = (code: string) => ({ coding: [{ code }] });
const allergy = (text: string, more: Partial<AllergyIntolerance> = {}): AllergyIntolerance => ({
  resourceType: 'AllergyIntolerance',
  patient,
  code: { text },
  clinicalStatus: status('active'),
  ...more,
});
const none = allergy('', { code: NO_KNOWN_ALLERGY });

describe('allergies', () => {
  it('puts the dangerous first and leaves out refuted ones', () => {
    const found = allergies([allergy('Dust'), allergy('Peanut', { criticality: 'high' }), allergy('Cat', { verificationStatus: status('refuted') })]);
    expect(found.active.map((one) => one.code?.text)).toEqual(['Peanut', 'Dust']);
    expect(found.none).toBeUndefined();
  });

  it('tells "no known" from not asked', () => {
    expect(allergies([]).none).toBeUndefined();
    expect(allergies([none]).none).toBe(none);
    expect(allergies([none]).active).toEqual([]);
  });

  it('does not believe "no known" beside an active allergy', () => {
    expect(allergies([none, allergy('Dust')]).none).toBeUndefined();
  });

  it('keeps resolved ones apart', () => {
    const found = allergies([allergy('Egg', { clinicalStatus: status('resolved') })]);
    expect([found.active.length, found.past.length]).toEqual([0, 1]);
  });
});

const condition = (text: string, clinical: string, onset?: string): Condition => ({
  resourceType: 'Condition',
  subject: patient,
  code: { text },
  clinicalStatus: status(clinical),
  onsetDateTime: onset,
});

describe('problems', () => {
  it('are active until they abate', () => {
    const list = [condition('A', 'active', '2001'), condition('B', 'resolved'), condition('C', 'recurrence', '2020-05-01')];
    expect(problems(list).active.map((one) => one.code?.text)).toEqual(['C', 'A']);
    expect(isActive({ ...condition('D', 'active'), abatementDateTime: '2020' })).toBe(false);
  });

  it('lose the kind that SNOMED puts behind them', () => {
    expect(problemText(condition('Hypertension (disorder)', 'active'))).toBe('Hypertension');
    expect(problemText(condition('Pain (left)', 'active'))).toBe('Pain (left)');
  });
});

it('makes one line of the prescriptions of a medicine', () => {
  const request = (id: string, text: string, state: string, authoredOn: string) =>
    ({ resourceType: 'MedicationRequest', id, status: state, intent: 'order', subject: patient, authoredOn, medicationCodeableConcept: { text } }) as Stored<MedicationRequest>;
  const name = (one: MedicationRequest) => one.medicationCodeableConcept?.text ?? '';
  const list = [request('1', 'A', 'active', '2020-01-01'), request('2', 'A', 'stopped', '2021-01-01'), request('3', 'B', 'stopped', '2019-01-01'), request('4', 'C', 'entered-in-error', '2019-01-01')];
  const found = medicines(list, name);
  expect(found.current.map((one) => [one.request.id, one.count])).toEqual([['1', 2]]);
  expect(found.past.map((one) => one.request.id)).toEqual(['3']);
});
