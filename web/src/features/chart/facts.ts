/** Reading the chart: which problems are active, which allergies count, what was said about none. */

import { code, conceptKey, conceptText, fullText } from '../../fhir/display';
import type { AllergyIntolerance, CodeableConcept, Condition, Encounter, MedicationRequest, Stored } from '../../fhir/types';
import { instant } from '../../lib/dates';

const SNOMED = 'http://snomed.info/sct';

/** SNOMED CT's "no known allergy" and its kinds: a statement, not an allergy. */
const NONE_KNOWN = new Set(['716186003', '409137002', '428607008', '428197003', '429625007']);

export const NO_KNOWN_ALLERGY: CodeableConcept = {
  coding: [{ system: SNOMED, code: '716186003', display: 'No known allergy' }],
  text: 'No known allergies',
};

export function isWrong(verification: CodeableConcept | undefined): boolean {
  return ['entered-in-error', 'refuted'].includes(code(verification));
}

export function saysNone(allergy: AllergyIntolerance): boolean {
  return allergy.code?.coding?.some((one) => one.system === SNOMED && NONE_KNOWN.has(one.code ?? '')) ?? false;
}

export interface Allergies<T> {
  active: T[];
  past: T[];
  /** "No known allergies" that still holds: somebody asked, and nothing was recorded since. */
  none: T | undefined;
  /** Every such statement that was not ended; beside an allergy, which only other systems file, they say nothing. */
  denials: T[];
}

export function allergies<T extends AllergyIntolerance>(list: readonly T[]): Allergies<T> {
  const real = list.filter((one) => !saysNone(one) && !isWrong(one.verificationStatus));
  const stands = (one: T) => !['inactive', 'resolved'].includes(code(one.clinicalStatus));
  const active = real.filter(stands);
  const denials = list.filter((one) => saysNone(one) && !isWrong(one.verificationStatus) && stands(one));
  const dangerous = (one: T) => Number(one.criticality === 'high');
  return {
    active: active.sort((a, b) => dangerous(b) - dangerous(a)),
    past: real.filter((one) => !active.includes(one)),
    none: active.length === 0 ? denials[0] : undefined,
    denials,
  };
}

const ACTIVE = new Set(['active', 'recurrence', 'relapse', '']);

export function isActive(condition: Condition): boolean {
  return ACTIVE.has(code(condition.clinicalStatus)) && !condition.abatementDateTime && !isWrong(condition.verificationStatus);
}

/** Newest first. */
export function problems<T extends Condition>(list: readonly T[]): { active: T[]; resolved: T[] } {
  const real = list.filter((one) => !isWrong(one.verificationStatus));
  const since = (one: T) => instant(one.onsetDateTime ?? one.recordedDate) || 0;
  const sorted = [...real].sort((a, b) => since(b) - since(a));
  return { active: sorted.filter(isActive), resolved: sorted.filter((one) => !isActive(one)) };
}

export function problemText(condition: Condition): string {
  return conceptText(condition.code);
}

/** What somebody lives with or in, rather than suffers from. */
export function isSocial(condition: Condition): boolean {
  return /\((finding|situation)\)$/.test(fullText(condition.code));
}

export interface Medicine {
  /** The newest prescription of the medicine. */
  request: Stored<MedicationRequest>;
  /** All prescriptions of it that run: stopping the medicine stops every one. */
  running: Stored<MedicationRequest>[];
  /** Times it was prescribed. */
  count: number;
}

/** Prescriptions of one medicine are one line, the newest; a line is current while one of them is active. */
export function medicines(list: readonly Stored<MedicationRequest>[], name: (request: MedicationRequest) => string): { current: Medicine[]; past: Medicine[] } {
  const groups = new Map<string, Stored<MedicationRequest>[]>();
  const sorted = [...list].sort((a, b) => (instant(b.authoredOn) || 0) - (instant(a.authoredOn) || 0));
  for (const request of sorted) {
    // A draft is an intention, not yet a medicine.
    if (request.status === 'entered-in-error' || request.status === 'draft') continue;
    const concept = request.medicationCodeableConcept;
    const key = concept ? conceptKey(concept) : name(request);
    groups.set(key, [...(groups.get(key) ?? []), request]);
  }
  const current: Medicine[] = [];
  const past: Medicine[] = [];
  for (const group of groups.values()) {
    const running = group.filter((request) => request.status === 'active' || request.status === 'on-hold');
    const request = running[0] ?? group[0];
    if (request) (running.length > 0 ? current : past).push({ request, running, count: group.length });
  }
  return { current, past };
}

/** True while the patient is here. */
export function isOpen(encounter: Encounter): boolean {
  return ['arrived', 'triaged', 'in-progress', 'onleave'].includes(encounter.status);
}
