/** A patient as fields of a form, and the form as changes to a patient: what the form does not show is kept. */

import { mrn, nameText, preferredName } from '../../fhir/display';
import type { Address, ContactPoint, HumanName, Patient, PatientContact } from '../../fhir/types';
import { isFhirDate, today } from '../../lib/dates';
import type { Key } from '../../lib/i18n';
import type { Values } from '../../lib/merge';

export const FIELDS = ['family', 'given', 'birthDate', 'gender', 'identifier', 'phone', 'email', 'line', 'city', 'state', 'postalCode', 'country', 'language', 'interpreter', 'contactName', 'contactPhone', 'contactRelation'] as const;
export type Field = (typeof FIELDS)[number];

/** Languages offered for talking with a patient; another one that is stored stays. */
export const LANGUAGES = ['en', 'es', 'zh', 'ar', 'fr', 'de', 'hi', 'pt', 'ru', 'vi', 'tl', 'ko'];

/** System of record numbers that are given here by hand. */
export const RECORD_NUMBERS = 'urn:meditrack:mrn';

export const EMPTY: Values = Object.fromEntries(FIELDS.map((field) => [field, '']));

function point(patient: Patient, system: string): ContactPoint | undefined {
  return patient.telecom?.find((one) => one.system === system && one.use !== 'old');
}

function language(patient: Patient) {
  return patient.communication?.find((one) => one.preferred) ?? patient.communication?.[0];
}

/** HL7's extension that says whether an interpreter is needed. */
const INTERPRETER = 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired';

/** Whether an interpreter is needed; nothing when nobody has said. */
export function interpreter(patient: Patient): boolean | undefined {
  return patient.extension?.find(({ url }) => url === INTERPRETER)?.valueBoolean;
}

/** The photograph as the record holds it. */
export function photoOf({ photo }: Pick<Patient, 'photo'>): string {
  const stored = photo?.find(({ data, contentType }) => data && contentType?.startsWith('image/'));
  return stored ? `data:${stored.contentType};base64,${stored.data}` : '';
}

/** HL7 v2 table 0131: emergency contact. */
const EMERGENCY = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0131', code: 'C', display: 'Emergency Contact' }] };

/** Whom to call in an emergency. */
export function emergencyContact(patient: Patient): PatientContact | undefined {
  return patient.contact?.find((one) => one.relationship?.some((role) => role.coding?.some(({ code }) => code === 'C')));
}

/** Who that is to the patient, in words. */
export function relation(contact: PatientContact | undefined): string {
  return contact?.relationship?.find(({ text }) => text)?.text ?? '';
}

/** The fields' values as stored. */
export function fieldsOf(patient: Patient): Values {
  const name = preferredName(patient);
  const address = patient.address?.[0];
  const contact = emergencyContact(patient);
  const needed = interpreter(patient);
  return {
    family: name?.family ?? '',
    given: name?.given?.join(' ') ?? '',
    birthDate: patient.birthDate ?? '',
    gender: patient.gender ?? '',
    identifier: mrn(patient)?.value ?? '',
    phone: point(patient, 'phone')?.value ?? '',
    email: point(patient, 'email')?.value ?? '',
    line: address?.line?.join(', ') ?? '',
    city: address?.city ?? '',
    state: address?.state ?? '',
    postalCode: address?.postalCode ?? '',
    country: address?.country ?? '',
    language: language(patient)?.language?.coding?.[0]?.code ?? '',
    interpreter: needed === undefined ? '' : needed ? 'yes' : 'no',
    contactName: nameText(contact?.name),
    contactPhone: contact?.telecom?.find(({ value }) => value)?.value ?? '',
    contactRelation: relation(contact),
  };
}

/** What is wrong with a field, before the server is asked. */
export function validate(values: Values, on = today()): Partial<Record<Field, Key>> {
  const wrong: Partial<Record<Field, Key>> = {};
  const { family = '', given = '', birthDate = '', email = '' } = values;
  if (!family.trim() && !given.trim()) wrong.family = 'form.nameNeeded';
  if (birthDate && !isFhirDate(birthDate)) wrong.birthDate = 'form.dateWrong';
  else if (birthDate > on) wrong.birthDate = 'form.dateFuture';
  if (email && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) wrong.email = 'form.emailWrong';
  return wrong;
}

/** Replaces `old` in `list` by `next`; an empty `next` takes it out. */
function replaced<T>(list: T[] | undefined, old: T | undefined, next: T | undefined): T[] | undefined {
  const items = list ?? [];
  const at = old === undefined ? -1 : items.indexOf(old);
  const changed = at < 0 ? [...items, ...(next ? [next] : [])] : items.flatMap((item, index) => (index === at ? (next ?? []) : item));
  return changed.length > 0 ? changed : undefined;
}

function named(patient: Patient, values: Values): HumanName {
  const old = preferredName(patient) ?? { use: 'official' };
  const given = (values.given ?? '').split(/\s+/).filter(Boolean);
  // A text that says the former name would contradict.
  return { ...old, text: undefined, family: values.family || undefined, given: given.length > 0 ? given : undefined };
}

function located(patient: Patient, values: Values): Address | undefined {
  const { line, city, state, postalCode, country } = values;
  if (![line, city, state, postalCode, country].some(Boolean)) return undefined;
  const or = (text: string | undefined) => text || undefined;
  return { ...patient.address?.[0], line: line ? [line] : undefined, city: or(city), state: or(state), postalCode: or(postalCode), country: or(country) };
}

function reached(patient: Patient, values: Values): ContactPoint[] | undefined {
  let telecom = patient.telecom;
  for (const [system, value] of [['phone', values.phone], ['email', values.email]] as const) {
    const old = point(patient, system);
    if ((old?.value ?? '') !== (value ?? '')) telecom = replaced(telecom, old, value ? { ...old, system, value } : undefined);
  }
  return telecom;
}

/** The patient with the form's values; a field that did not change leaves its part of the record as it is. */
export function apply(patient: Patient, values: Values): Patient {
  const before = fieldsOf(patient);
  const changed = (...fields: Field[]) => fields.some((field) => (before[field] ?? '') !== (values[field] ?? ''));
  const next: Patient = { ...patient };
  if (changed('family', 'given')) next.name = replaced(patient.name, preferredName(patient), named(patient, values));
  if (changed('birthDate')) next.birthDate = values.birthDate || undefined;
  if (changed('gender')) next.gender = values.gender || undefined;
  if (changed('identifier')) {
    const old = mrn(patient);
    const type = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] };
    const number = values.identifier ? { use: 'usual', type, system: RECORD_NUMBERS, ...old, value: values.identifier } : undefined;
    next.identifier = replaced(patient.identifier, old, number);
  }
  if (changed('phone', 'email')) next.telecom = reached(patient, values);
  if (changed('line', 'city', 'state', 'postalCode', 'country')) next.address = replaced(patient.address, patient.address?.[0], located(patient, values));
  if (changed('language')) {
    const spoken = { language: { coding: [{ system: 'urn:ietf:bcp:47', code: values.language }] }, preferred: true };
    next.communication = replaced(patient.communication, language(patient), values.language ? spoken : undefined);
  }
  if (changed('interpreter')) {
    const old = patient.extension?.find(({ url }) => url === INTERPRETER);
    next.extension = replaced(patient.extension, old, values.interpreter ? { url: INTERPRETER, valueBoolean: values.interpreter === 'yes' } : undefined);
  }
  if (changed('contactName', 'contactPhone', 'contactRelation')) next.contact = replaced(patient.contact, emergencyContact(patient), contacted(emergencyContact(patient), values));
  return next;
}

/** Whom to call, as typed; what else is known of them is kept. */
function contacted(old: PatientContact | undefined, { contactName, contactPhone, contactRelation }: Values): PatientContact | undefined {
  if (!contactName && !contactPhone && !contactRelation) return undefined;
  return {
    ...old,
    relationship: [{ ...EMERGENCY, text: contactRelation || undefined }],
    name: contactName ? { text: contactName } : undefined,
    telecom: contactPhone ? [{ system: 'phone', value: contactPhone }] : undefined,
  };
}

/** Enough to ask for duplicates: a family name with a birth date, a number, or a telephone. */
export function comparable(values: Values): Patient | undefined {
  const { family, given, birthDate, identifier, phone, email } = values;
  const enough = (family && (birthDate || given)) || identifier || phone || email;
  if (!enough || (birthDate && !isFhirDate(birthDate))) return undefined;
  return apply({ resourceType: 'Patient' }, { ...EMPTY, family: family ?? '', given: given ?? '', birthDate: birthDate ?? '', gender: values.gender ?? '', identifier: identifier ?? '', phone: phone ?? '', email: email ?? '' });
}
