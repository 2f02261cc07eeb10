import { expect, it } from 'vitest';
import { allowed, consents, coverage, extras, guardian, isMinor, validateExtras } from './extras';

const insured = { payer: 'Northern Mutual', memberId: 'M-1', planName: 'Silver', coverFrom: '2026-01-01', coverUntil: '2026-12-31' };

it('stores nothing of a part that nobody began', () => {
  expect(extras({ family: 'Ray', 'consent.treatment': '', subscriber: 'self', guardianRole: 'MTH' }, 'p', '2026-11-23T10:00:00Z', undefined)).toEqual([]);
  expect(validateExtras({ subscriber: 'child', guardianRole: 'MTH' })).toEqual({});
});

it('names the field that is missing once a part was begun', () => {
  expect(validateExtras({ memberId: 'M-1' })).toEqual({ payer: 'extra.payer.missing' });
  expect(validateExtras({ ...insured, memberId: ' ' })).toEqual({ memberId: 'extra.memberId.missing' });
  expect(validateExtras({ ...insured, coverUntil: '2025-12-31' })).toEqual({ coverUntil: 'extra.period.turned' });
  expect(validateExtras({ guardianPhone: '1' })).toEqual({ guardianName: 'extra.guardianName.missing' });
  expect(validateExtras({ guardianName: 'Ana', guardianEmail: 'x' })).toEqual({ guardianEmail: 'form.emailWrong' });
});

it('writes insurance as a Coverage of the organisation that is known, else of its name', () => {
  const known = coverage({ ...insured, planId: 'S2', subscriber: 'child' }, 'p', { reference: 'Organization/o', display: 'Northern Mutual' });
  expect([known?.beneficiary.reference, known?.payor[0]?.reference, known?.subscriberId]).toEqual(['Patient/p', 'Organization/o', 'M-1']);
  expect([known?.class?.[0]?.value, known?.class?.[0]?.name, known?.relationship?.coding?.[0]?.code]).toEqual(['S2', 'Silver', 'child']);
  const named = coverage(insured, 'p', undefined);
  expect([named?.payor, named?.class?.[0]?.value, named?.relationship?.coding?.[0]?.code]).toEqual([[{ display: 'Northern Mutual' }], 'Silver', 'self']);
});

it('writes who stands for somebody, and how they are reached', () => {
  const one = guardian({ guardianName: 'Ana Ray', guardianPhone: '555', guardianRole: 'MTH' }, 'p');
  expect([one?.patient.reference, one?.name?.[0]?.text, one?.telecom, one?.relationship?.[0]?.coding?.[0]?.code]).toEqual(['Patient/p', 'Ana Ray', [{ system: 'phone', value: '555' }], 'MTH']);
});

it('writes what was agreed to and what was refused, and nothing about who sees the record', () => {
  const said = consents({ 'consent.treatment': 'permit', 'consent.research': 'deny' }, 'p', '2026-11-23T10:00:00Z');
  expect(said.map((one) => [one.scope?.coding?.[0]?.code, one.provision?.type])).toEqual([['treatment', 'permit'], ['research', 'deny']]);
});

it('knows who is under age on a day', () => {
  expect(isMinor('2008-11-24', '2026-11-23')).toBe(true);
  expect(isMinor('2008-11-23', '2026-11-23')).toBe(false);
  expect(isMinor('', '2026-11-23')).toBe(false);
  expect(isMinor('20', '2026-11-23')).toBe(false);
});

it('offers what the server lets one store', () => {
  expect(allowed(['receptionist'])).toEqual({ coverage: true, guardian: true, consents: true });
  expect(allowed(['nurse'])).toEqual({ coverage: false, guardian: true, consents: true });
  expect(allowed(['org_admin'])).toEqual({ coverage: false, guardian: true, consents: false });
});
