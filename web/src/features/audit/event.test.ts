import { expect, it } from 'vitest';
import type { AuditEvent } from '../../fhir/types';
import { actor, addressOf, outcome, patientOf, queryOf, records, roles, counts } from './event';

const event: AuditEvent = {
  resourceType: 'AuditEvent',
  type: { code: 'rest' },
  recorded: '2026-11-22T10:00:00Z',
  outcome: '4',
  agent: [
    { requestor: false, who: { display: 'portal' }, network: { address: '203.0.113.9' } },
    { requestor: true, name: 'dana', role: [{ text: 'doctor' }, { text: 'nurse' }] },
  ],
  entity: [
    { what: { reference: 'Condition/7/_history/2' } },
    { what: { reference: 'Patient/1' } },
    { query: btoa('name=é'.normalize('NFD').replace(/[^ -~]/g, '')) },
  ],
};

it('counts records by their type', () => {
  expect(counts(['Patient/1', 'Observation/2', 'Observation/3'])).toEqual([['Patient', 1], ['Observation', 2]]);
});

it('names the person, not the server', () => {
  expect([actor(event), roles(event)]).toEqual(['dana', ['doctor', 'nurse']]);
  expect(actor({ ...event, agent: [{ requestor: false, who: { display: 'MediTrack' } }] })).toBe('MediTrack');
});

it('says from where, when a client asked', () => {
  expect(addressOf(event)).toBe('203.0.113.9');
  expect(addressOf({ ...event, agent: [{ requestor: true, name: 'job' }] })).toBeUndefined();
});

it('lists the records without versions, the patient first', () => {
  expect(records(event)).toEqual(['Patient/1', 'Condition/7']);
  expect(patientOf(event)).toBe('1');
  expect(patientOf({ ...event, entity: [] })).toBeUndefined();
});

it('reads queries and survives broken ones', () => {
  expect(queryOf(event)).toBe('name=e');
  expect(queryOf({ ...event, entity: [{ query: '%%%' }] })).toBeUndefined();
});

it.each([
  ['0', 'done'],
  ['4', 'refused'],
  ['8', 'failed'],
])('outcome %s is %s', (code, expected) => expect(outcome({ ...event, outcome: code })).toBe(expected));
