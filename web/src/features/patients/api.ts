/** Patients over `/api/v1`: its documents and requests. */

import { query } from '../../fhir/client';
import { type Answer, send } from '../../fhir/http';
import type { Patient, Stored } from '../../fhir/types';
import { counted } from '../../lib/json';
import type { Values } from '../../lib/merge';

export interface Details {
  family?: string | null;
  given: string[];
  birthDate?: string | null;
  gender?: string | null;
  phone?: string | null;
  email?: string | null;
  address?: { line: string[]; city?: string | null; state?: string | null; postalCode?: string | null; country?: string | null } | null;
  language?: string | null;
  interpreter?: boolean | null;
  facility?: string | null;
  emergencyContact?: { name?: string | null; phone?: string | null; relationship?: string | null } | null;
}

export interface PatientView {
  id: string;
  version: number;
  active: boolean;
  deceased: boolean;
  details: Details;
  numbers: { system?: string | null; value: string; facility?: string | null; current: boolean }[];
  replacedBy?: string | null;
  replaces: string[];
}

interface FoundPage {
  items: { patient: PatientView; why: string[] }[];
}

const BASE = '/api/v1/patients';

const MR = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] };

async function call<T>(path: string, request?: Parameters<typeof send>[1]): Promise<Answer<T>> {
  const answer = await send<unknown>(BASE + path, request);
  return { ...answer, body: counted(answer.body) as T };
}

/** Patients whom the text may mean, the best first. */
export async function findPatients(text: string, limit: number, signal?: AbortSignal): Promise<FoundPage['items']> {
  const { body } = await call<FoundPage>(`?${query({ q: text, includeInactive: 'true', limit })}`, { signal });
  return body.items;
}

export async function readPatient(id: string, signal?: AbortSignal): Promise<PatientView> {
  return (await call<PatientView>(`/${encodeURIComponent(id)}`, { signal })).body;
}

/** Registers a patient; `reason` says why somebody who seems to be known is somebody else. */
export async function registerPatient(values: Values, reason: string | undefined): Promise<PatientView> {
  const body = { details: detailsOf(values), recordNumber: values.identifier || undefined, reason: reason || undefined };
  return (await call<PatientView>('', { method: 'POST', body })).body;
}

/** Both records after a merge, or after it was undone. */
export interface Merged {
  patient: PatientView;
  source: PatientView;
}

export async function mergePatients(stays: PatientView, goes: PatientView, details: Details, reason: string): Promise<Merged> {
  const body = { source: goes.id, sourceVersion: goes.version, details, reason };
  const ifMatch = `"${stays.version}"`;
  return (await call<Merged>(`/${encodeURIComponent(stays.id)}/merge`, { method: 'POST', body, ifMatch })).body;
}

/** Takes a record out of use, which calls off what is still to come, or into use again; `calledOff` counts those. */
export async function setActive(id: string, active: boolean, reason: string): Promise<{ calledOff: number }> {
  const { body } = await call<{ calledOff?: string[] }>(`/${encodeURIComponent(id)}/${active ? 'activate' : 'deactivate'}`, { method: 'POST', body: { reason } });
  return { calledOff: body.calledOff?.length ?? 0 };
}

export async function unmergePatients(stays: string, source: string, reason: string): Promise<Merged> {
  return (await call<Merged>(`/${encodeURIComponent(stays)}/unmerge`, { method: 'POST', body: { source, reason } })).body;
}

/** A form's values as the API takes them. */
export function detailsOf(values: Values): Details {
  const or = (text: string | undefined) => text?.trim() || undefined;
  const { line, city, state, postalCode, country } = values;
  const contacted = [values.contactName, values.contactPhone, values.contactRelation].some((text) => text?.trim());
  const located = [line, city, state, postalCode, country].some(Boolean);
  return {
    family: or(values.family),
    given: (values.given ?? '').split(/\s+/).filter(Boolean),
    birthDate: or(values.birthDate),
    gender: or(values.gender),
    phone: or(values.phone),
    email: or(values.email),
    address: located ? { line: line ? [line] : [], city: or(city), state: or(state), postalCode: or(postalCode), country: or(country) } : undefined,
    language: or(values.language),
    interpreter: values.interpreter ? values.interpreter === 'yes' : undefined,
    emergencyContact: contacted ? { name: or(values.contactName), phone: or(values.contactPhone), relationship: or(values.contactRelation) } : undefined,
  };
}

/** A patient of the API as lists show it. */
export function asPatient(view: PatientView): Stored<Patient> {
  const { details } = view;
  const or = <T>(value: T | null | undefined) => value ?? undefined;
  const address = details.address;
  return {
    resourceType: 'Patient',
    id: view.id,
    active: view.active,
    name: [{ family: or(details.family), given: details.given.length > 0 ? details.given : undefined }],
    birthDate: or(details.birthDate),
    gender: or(details.gender),
    deceasedBoolean: view.deceased || undefined,
    identifier: view.numbers.map(({ system, value }) => ({ type: MR, system: or(system), value })),
    address: address ? [{ line: address.line, city: or(address.city), state: or(address.state), postalCode: or(address.postalCode), country: or(address.country) }] : undefined,
  };
}
