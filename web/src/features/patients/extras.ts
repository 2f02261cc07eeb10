/**
 * What a registration may hold beside the person: insurance, who stands for somebody under age, consents. Each part is
 * left out while nothing of it is typed, and is a record of its own.
 */

import type { Consent, Coverage, Reference, RelatedPerson, Resource } from '../../fhir/types';
import { age, isFhirDate } from '../../lib/dates';
import type { Key } from '../../lib/i18n';
import { Decimal } from '../../lib/json';
import type { Values } from '../../lib/merge';

export const COVERAGE = ['payer', 'memberId', 'planName', 'planId', 'coverFrom', 'coverUntil', 'subscriber'] as const;
export const GUARDIAN = ['guardianName', 'guardianPhone', 'guardianEmail', 'guardianRole'] as const;
export const CONSENTS = ['treatment', 'research'] as const;

export type ExtraField = (typeof COVERAGE)[number] | (typeof GUARDIAN)[number] | `consent.${(typeof CONSENTS)[number]}`;

/** Who the insured person is to the patient (HL7 subscriber-relationship). */
export const SUBSCRIBERS = ['self', 'child', 'spouse', 'other'] as const;
/** Who stands for the patient (HL7 v3 RoleCode). */
export const GUARDIANS = ['MTH', 'FTH', 'PRN', 'GUARD', 'POWATT'] as const;

const OF_AGE = 18;

/** Whether somebody born then is under age, as far as that is known. */
export function isMinor(birthDate: string | undefined, on: string): boolean {
  const years = birthDate && isFhirDate(birthDate) ? age(birthDate, on)?.years : undefined;
  return years !== undefined && years < OF_AGE;
}

const typed = (values: Values, fields: readonly string[]) => fields.some((field) => values[field]?.trim());

/** What is wrong with a part that was begun, before the server is asked. */
export function validateExtras(values: Values): Partial<Record<ExtraField, Key>> {
  const wrong: Partial<Record<ExtraField, Key>> = {};
  if (typed(values, COVERAGE.filter((field) => field !== 'subscriber'))) {
    if (!values.payer?.trim()) wrong.payer = 'extra.payer.missing';
    if (!values.memberId?.trim()) wrong.memberId = 'extra.memberId.missing';
    for (const field of ['coverFrom', 'coverUntil'] as const) if (values[field] && !isFhirDate(values[field])) wrong[field] = 'form.dateWrong';
    if (values.coverFrom && values.coverUntil && values.coverUntil < values.coverFrom) wrong.coverUntil = 'extra.period.turned';
  }
  if (typed(values, GUARDIAN.filter((field) => field !== 'guardianRole'))) {
    if (!values.guardianName?.trim()) wrong.guardianName = 'extra.guardianName.missing';
    if (values.guardianEmail && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(values.guardianEmail)) wrong.guardianEmail = 'form.emailWrong';
  }
  return wrong;
}

const or = (text: string | undefined) => text?.trim() || undefined;

/** The insurance that was typed; `payor` is the stored organisation of that name, where there is one. */
export function coverage(values: Values, patient: string, payor: Reference | undefined): Coverage | undefined {
  if (!or(values.payer) || !or(values.memberId)) return undefined;
  const plan = or(values.planId) ?? or(values.planName);
  return {
    resourceType: 'Coverage',
    status: 'active',
    subscriberId: or(values.memberId),
    beneficiary: { reference: `Patient/${patient}` },
    relationship: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/subscriber-relationship', code: values.subscriber || 'self' }] },
    period: values.coverFrom || values.coverUntil ? { start: or(values.coverFrom), end: or(values.coverUntil) } : undefined,
    payor: [payor ?? { display: or(values.payer) }],
    class: plan ? [{ type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/coverage-class', code: 'plan' }] }, value: plan, name: or(values.planName) }] : undefined,
    order: new Decimal('1'),
  };
}

export function guardian(values: Values, patient: string): RelatedPerson | undefined {
  const name = or(values.guardianName);
  if (!name) return undefined;
  const telecom = [
    { system: 'phone', value: or(values.guardianPhone) },
    { system: 'email', value: or(values.guardianEmail) },
  ].filter(({ value }) => value);
  return {
    resourceType: 'RelatedPerson',
    active: true,
    patient: { reference: `Patient/${patient}` },
    relationship: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code: values.guardianRole || 'GUARD' }] }],
    name: [{ text: name }],
    telecom: telecom.length > 0 ? telecom : undefined,
  };
}

/** What the patient, or who stands for them, agreed to or refused; what was not asked is not said. */
export function consents(values: Values, patient: string, at: string): Consent[] {
  return CONSENTS.flatMap((scope) => {
    const said = values[`consent.${scope}`];
    if (said !== 'permit' && said !== 'deny') return [];
    return {
      resourceType: 'Consent' as const,
      status: 'active',
      scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: scope }] },
      category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0', display: 'Patient Consent' }] }],
      patient: { reference: `Patient/${patient}` },
      dateTime: at,
      policyRule: { text: 'Asked at registration' },
      provision: { type: said },
    };
  });
}

/** Everything that was typed beside the person, as records. */
export function extras(values: Values, patient: string, at: string, payor: Reference | undefined): Resource[] {
  return [coverage(values, patient, payor), guardian(values, patient), ...consents(values, patient, at)].filter((one) => one !== undefined);
}

/** Which parts somebody with these roles may store. */
export function allowed(roles: readonly string[]): { coverage: boolean; guardian: boolean; consents: boolean } {
  const any = (...names: string[]) => roles.some((role) => names.includes(role));
  return { coverage: any('receptionist'), guardian: any('receptionist', 'nurse', 'doctor', 'org_admin'), consents: any('receptionist', 'nurse', 'doctor') };
}
