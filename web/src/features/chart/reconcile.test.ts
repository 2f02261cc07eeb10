import { expect, it } from 'vitest';
import type { List, MedicationRequest, MedicationStatement, Stored } from '../../fhir/types';
import type { Medicine } from './facts';
import { lastReconciled, lines, reconciliation, statement } from './reconcile';

const prescribed = (id: string, text: string): Stored<MedicationRequest> => ({ resourceType: 'MedicationRequest', id, status: 'active', intent: 'order', medicationCodeableConcept: { text }, subject: {} });
const medicine = (...running: Stored<MedicationRequest>[]): Medicine => ({ request: running[0] as Stored<MedicationRequest>, running, count: running.length });
const said = (id: string, text: string, status = 'active'): Stored<MedicationStatement> => ({ ...statement(text, 'at night', { patient: 'p', at: '2026-01-01' }), id, status });
const all = lines([medicine(prescribed('1', 'metformin 500 mg'), prescribed('0', 'metformin 500 mg')), medicine(prescribed('2', 'lisinopril 10 mg'))], [said('3', 'Metformin'), said('4', 'St. John’s wort'), said('5', 'ginkgo', 'stopped')]);

it('puts what the patient says beside what is prescribed, and the rest below', () => {
  expect(all.map((line) => [line.prescribed?.request.id, line.reported?.id])).toEqual([
    ['1', '3'],
    ['2', undefined],
    [undefined, '4'],
  ]);
});

it('ends what is stopped in both sources, every prescription of it, and lists every decision', () => {
  const decided = { patient: 'p', at: '2026-11-23T10:00:00Z', author: { reference: 'Practitioner/1' }, title: 'T', reason: 'not needed' };
  const stored = reconciliation(all, { '1': 'stop', '2': 'keep', '4': 'keep' }, decided);
  expect(stored.map((one) => [one.resourceType, one.id, 'status' in one && one.status])).toEqual([
    ['MedicationRequest', '1', 'stopped'],
    ['MedicationRequest', '0', 'stopped'],
    ['MedicationStatement', '3', 'stopped'],
    ['List', undefined, 'current'],
  ]);
  const list = stored[3] as Stored<List>;
  expect(list.entry?.map((entry) => [entry.flag?.text, entry.item.reference])).toEqual([
    ['stop', 'MedicationRequest/1'],
    ['keep', 'MedicationRequest/2'],
    ['keep', 'MedicationStatement/4'],
  ]);
  expect(lastReconciled([{ ...list, id: 'a' }, { ...list, id: 'b', date: '2026-12-01' }])?.id).toBe('b');
  expect(lastReconciled([{ ...list, id: 'a', code: { text: 'other' } }])).toBeUndefined();
});
