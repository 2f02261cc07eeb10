import { expect, it } from 'vitest';
import type { CarePlan, Stored } from '../../fhir/types';
import { immunisation } from './immunisation';
import { carePlan, goal, inOrder, planTitle, withActivity } from './plan';

const given = { name: 'Influenza', status: 'completed', date: '2026-10-01', lot: ' A1 ', expires: '', reason: 'ignored' };

it('keeps the lot of what was given and the reason of what was not', () => {
  const one = immunisation(given, 'p', { reference: 'Practitioner/1' });
  expect([one.lotNumber, one.statusReason, one.performer?.[0]?.actor.reference, one.expirationDate]).toEqual(['A1', undefined, 'Practitioner/1', undefined]);
  const not = immunisation({ ...given, status: 'not-done', reason: ' Fever ' }, 'p', { reference: 'Practitioner/1' });
  expect([not.lotNumber, not.statusReason?.text, not.performer]).toEqual([undefined, 'Fever', undefined]);
});

const plan = (id: string, status: string, start: string): Stored<CarePlan> => ({ ...carePlan(id, 'Walk\n\n Diet ', { patient: 'p', at: start, author: undefined }), id, status });

it('makes an activity of every line and changes one of them', () => {
  const made = plan('a', 'active', '2026-01-01');
  expect(made.activity?.map((one) => one.detail?.description)).toEqual(['Walk', 'Diet']);
  expect(withActivity(made, 1, 'completed').activity?.map((one) => one.detail?.status)).toEqual(['not-started', 'completed']);
  expect(made.activity?.[1]?.detail?.status).toBe('not-started');
});

it('puts what runs first, newest first, and leaves out errors', () => {
  const list = [plan('old', 'completed', '2026-05-01'), plan('b', 'active', '2024-01-01'), plan('wrong', 'entered-in-error', '2026-01-01'), plan('c', 'active', '2025-01-01')];
  expect(inOrder(list).map((one) => one.id)).toEqual(['c', 'b', 'old']);
});

it('names a plan by what tells most', () => {
  const base = plan('', 'active', '2026-01-01');
  expect(planTitle({ ...base, title: undefined, category: [{ coding: [{ code: 'assess-plan' }] }, { text: 'Asthma plan' }] })).toBe('Asthma plan');
  expect(goal('Walk daily', '', { patient: 'p', at: '2026-01-01T10:00:00Z' }).target).toBeUndefined();
});
