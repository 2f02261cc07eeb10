/** Reading an audit event: who did what to which record, and whether it was let through. */

import { referenceId } from '../../fhir/display';
import type { AuditEvent } from '../../fhir/types';

export const ACTIONS = ['C', 'R', 'U', 'D', 'E'] as const;

/** The person or program that asked, rather than the server that answered. */
export function actor(event: AuditEvent): string {
  const asked = event.agent.find((agent) => agent.requestor) ?? event.agent[0];
  return asked?.name ?? asked?.who?.display ?? asked?.who?.identifier?.value ?? '';
}

/** Codes of the roles that the person or program had. */
export function roles(event: AuditEvent): string[] {
  const asked = event.agent.find((agent) => agent.requestor);
  return (asked?.role ?? []).map((role) => role.text ?? '').filter(Boolean);
}

/** The network address of the client, when a client asked. */
export function addressOf(event: AuditEvent): string | undefined {
  return event.agent.find((agent) => agent.network?.address)?.network?.address;
}

/** The records that were touched, without their versions; the patient first. */
export function records(event: AuditEvent): string[] {
  const references = (event.entity ?? []).flatMap((entity) => entity.what?.reference ?? []);
  const plain = references.map((reference) => reference.replace(/\/_history\/.*$/, ''));
  return [...new Set(plain)].sort((a, b) => Number(b.startsWith('Patient/')) - Number(a.startsWith('Patient/')));
}

/** How many records of each type, in the order in which they come. */
export function counts(references: readonly string[]): [string, number][] {
  const found = new Map<string, number>();
  for (const reference of references) {
    const type = reference.split('/')[0] ?? '';
    found.set(type, (found.get(type) ?? 0) + 1);
  }
  return [...found];
}

/** The patient whose record it was, when there is exactly one. */
export function patientOf(event: AuditEvent): string | undefined {
  const patients = records(event).filter((reference) => reference.startsWith('Patient/'));
  return patients.length === 1 ? referenceId(patients[0]) : undefined;
}

/** The search that was asked, as it was written. */
export function queryOf(event: AuditEvent): string | undefined {
  const encoded = event.entity?.find((entity) => entity.query)?.query;
  if (!encoded) return undefined;
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

export type Outcome = 'done' | 'refused' | 'failed';

export function outcome(event: AuditEvent): Outcome {
  if (event.outcome === '0' || event.outcome === undefined) return 'done';
  return event.outcome === '4' ? 'refused' : 'failed';
}
