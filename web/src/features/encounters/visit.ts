/** A visit as it runs: its stages, and what must be looked at before it is closed. */

import type { Composition, Encounter, Observation, Reference, ServiceRequest, MedicationRequest, Stored } from '../../fhir/types';

/** The stages of a visit in order; `finished` is reached through the exit check only. */
export const STAGES = ['arrived', 'triaged', 'in-progress', 'finished'] as const;
export type Stage = (typeof STAGES)[number];

export const CLASSES = ['AMB', 'VR', 'HH', 'EMER'] as const;
const ACT = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const DISPLAY: Record<string, string> = { AMB: 'ambulatory', VR: 'virtual', HH: 'home health', EMER: 'emergency' };

interface Begun {
  patient: string;
  kind: string;
  reason: string;
  status: 'arrived' | 'in-progress';
  at: string;
  author: Reference | undefined;
}

export function begun({ patient, kind, reason, status, at, author }: Begun): Encounter {
  return {
    resourceType: 'Encounter',
    status,
    class: { system: ACT, code: kind, display: DISPLAY[kind] },
    subject: { reference: `Patient/${patient}` },
    participant: author && [{ individual: author }],
    period: { start: at },
    reasonCode: reason.trim() ? [{ text: reason.trim() }] : undefined,
  };
}

/** The visit in another stage; how long it was in the last one stays on record. */
export function moved(encounter: Stored<Encounter>, status: string, at: string): Stored<Encounter> {
  const since = encounter.statusHistory?.at(-1)?.period.end ?? encounter.period?.start;
  const ends = status === 'finished' || status === 'cancelled';
  return {
    ...encounter,
    status,
    statusHistory: [...(encounter.statusHistory ?? []), { status: encounter.status, period: { start: since, end: at } }],
    period: ends ? { ...encounter.period, end: at } : encounter.period,
  };
}

export interface Written {
  notes: readonly Stored<Composition>[];
  vitals: readonly Stored<Observation>[];
  orders: readonly (Stored<ServiceRequest> | Stored<MedicationRequest>)[];
  /** Notes that whoever looks has begun and never saved. */
  unfinished?: number;
}

export function within<R extends { encounter?: Reference }>(list: readonly R[], encounter: string): R[] {
  return list.filter((one) => one.encounter?.reference?.split('/_history')[0]?.endsWith(`Encounter/${encounter}`));
}

export type Check = { kind: 'unfinished' | 'unsignedNote' | 'unsignedOrder' | 'noNote' | 'noVitals'; blocks: boolean; count: number };

/** What stands between the visit and its end: unsigned work blocks, what is missing is only said. */
export function exitCheck({ notes, vitals, orders, unfinished = 0 }: Written): Check[] {
  const unsigned = notes.filter((one) => one.status === 'preliminary' && !one.attester?.length).length;
  const drafts = orders.filter((one) => one.status === 'draft').length;
  const all: Check[] = [
    { kind: 'unfinished', blocks: true, count: unfinished },
    { kind: 'unsignedNote', blocks: true, count: unsigned },
    { kind: 'unsignedOrder', blocks: true, count: drafts },
    { kind: 'noNote', blocks: false, count: notes.some((one) => one.status !== 'entered-in-error') ? 0 : 1 },
    { kind: 'noVitals', blocks: false, count: vitals.length > 0 ? 0 : 1 },
  ];
  return all.filter((one) => one.count > 0);
}
