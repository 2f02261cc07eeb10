/** Orders as they are written: drafts that anybody may read, and the checks that a signer sees beside them. */

import { conceptKey, conceptText } from '../../fhir/display';
import type { AllergyIntolerance, Coding, Dosage, MedicationRequest, Reference, Resource, ServiceRequest, Stored } from '../../fhir/types';
import { Decimal } from '../../lib/json';
import { medicineName } from '../chart/medicine';
import type { Rhythm } from './shorthand';

export const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';

export type Order = MedicationRequest | ServiceRequest;

/** A medicine as the form holds it; numbers are as they were typed. */
export interface Prescription {
  coding?: Coding;
  name: string;
  dose?: Decimal;
  unit: string;
  route: string;
  rhythm?: Rhythm;
  days?: Decimal;
  asNeeded: boolean;
  /** Id of the problem that it is for. */
  reason?: { reference: string; display: string };
}

/** Routes by their SNOMED CT codes. */
export const ROUTES: Record<string, Coding> = {
  oral: { system: 'http://snomed.info/sct', code: '26643006', display: 'Oral route' },
  inhaled: { system: 'http://snomed.info/sct', code: '447694001', display: 'Respiratory tract route' },
  topical: { system: 'http://snomed.info/sct', code: '6064005', display: 'Topical route' },
  subcutaneous: { system: 'http://snomed.info/sct', code: '34206005', display: 'Subcutaneous route' },
  intramuscular: { system: 'http://snomed.info/sct', code: '78421000', display: 'Intramuscular route' },
  intravenous: { system: 'http://snomed.info/sct', code: '47625008', display: 'Intravenous route' },
  eye: { system: 'http://snomed.info/sct', code: '54485002', display: 'Ophthalmic route' },
};

interface Written {
  patient: string;
  at: string;
  author: Reference | undefined;
  encounter?: string;
}

function dosage({ dose, unit, route, rhythm, days, asNeeded }: Prescription, words: string): Dosage {
  const bounds = days && { value: days, unit: 'days', system: 'http://unitsofmeasure.org', code: 'd' };
  const repeat = rhythm && {
    boundsDuration: bounds,
    frequency: new Decimal(String(rhythm.frequency)),
    period: new Decimal(String(rhythm.period)),
    periodUnit: rhythm.unit,
  };
  const coding = ROUTES[route];
  return {
    timing: repeat && { repeat },
    asNeededBoolean: asNeeded || undefined,
    route: coding && { coding: [coding], text: words },
    doseAndRate: dose && [{ doseQuantity: { value: dose, unit } }],
  };
}

/** A draft of a prescription; `route` are the words of the way that it is taken. */
export function prescription(typed: Prescription, { patient, at, author, encounter }: Written, route: string): MedicationRequest {
  const { coding, name, reason } = typed;
  return {
    resourceType: 'MedicationRequest',
    status: 'draft',
    intent: 'order',
    medicationCodeableConcept: { coding: coding && [{ system: coding.system, code: coding.code, display: coding.display }], text: coding?.display ?? name },
    subject: { reference: `Patient/${patient}` },
    encounter: encounter ? { reference: encounter } : undefined,
    authoredOn: at,
    requester: author,
    reasonReference: reason && [reason],
    dosageInstruction: [dosage(typed, route)],
  };
}

const LABORATORY = { coding: [{ system: 'http://snomed.info/sct', code: '108252007', display: 'Laboratory procedure' }] };

export interface LabTest {
  coding?: Coding;
  name: string;
  priority: string;
  note: string;
  reason?: { reference: string; display: string };
}

export function labRequest({ coding, name, priority, note, reason }: LabTest, { patient, at, author, encounter }: Written): ServiceRequest {
  return {
    resourceType: 'ServiceRequest',
    status: 'draft',
    intent: 'order',
    category: [LABORATORY],
    priority,
    code: { coding: coding && [{ system: coding.system, code: coding.code, display: coding.display }], text: coding?.display ?? name },
    subject: { reference: `Patient/${patient}` },
    encounter: encounter ? { reference: encounter } : undefined,
    authoredOn: at,
    requester: author,
    reasonReference: reason && [reason],
    note: note.trim() ? [{ text: note.trim() }] : undefined,
  };
}

/** The order as it is signed: active from now on, under the signer's name. */
export function signed(draft: Stored<Order>, at: string, author: Reference | undefined): Stored<Order> {
  return { ...draft, status: 'active', authoredOn: at, requester: author };
}

export function orderName(order: Order): string {
  return order.resourceType === 'MedicationRequest' ? medicineName(order) : conceptText(order.code);
}

/** What a signer must look at before an order is signed. */
export type Concern = { kind: 'allergy'; substance: string; high: boolean } | { kind: 'duplicate'; name: string } | { kind: 'undosed' };

/** Words long enough to mean a substance. */
const words = (text: string) => text.toLowerCase().split(/[^\p{L}]+/u).filter((word) => word.length > 3);

/** Substances that share an allergy under other names: classes that are told by the stem of a name. */
const CLASSES: readonly [RegExp, RegExp][] = [
  [/penicillin/, /cillin\b/],
  [/sul(f|ph)a|sul(f|ph)onamide/, /^sul(f|ph)a|sul(f|ph)amethox/],
  [/cephalosporin/, /^ce(f|ph)/],
  [/nsaid|aspirin/, /ibuprofen|naproxen|diclofenac|aspirin|ketorolac/],
];

function isOf(substance: string, medicine: string): boolean {
  const named = words(medicine);
  if (words(substance).some((word) => named.includes(word))) return true;
  return CLASSES.some(([allergy, stem]) => allergy.test(substance.toLowerCase()) && named.some((word) => stem.test(word)));
}

/**
 * Allergies by name and class, medicines that are taken already, and a missing dose. Interactions between different
 * medicines are not among it, and the page says so.
 */
export function concerns(order: Order, allergies: readonly AllergyIntolerance[], current: readonly MedicationRequest[]): Concern[] {
  if (order.resourceType !== 'MedicationRequest') return [];
  const name = medicineName(order);
  const found: Concern[] = allergies
    .filter((allergy) => isOf(conceptText(allergy.code), name))
    .map((allergy) => ({ kind: 'allergy', substance: conceptText(allergy.code), high: allergy.criticality === 'high' }));
  const same = current.find((one) => one.id !== order.id && sameMedicine(one, order));
  if (same) found.push({ kind: 'duplicate', name: medicineName(same) });
  const [dose] = order.dosageInstruction ?? [];
  if (!dose?.text && (!dose?.doseAndRate || !dose.timing)) found.push({ kind: 'undosed' });
  return found;
}

/** The same code, or the same first word: `metformin 500 mg` and `metformin 850 mg` are one medicine. */
export function sameMedicine(a: MedicationRequest, b: MedicationRequest): boolean {
  const coded = (one: MedicationRequest) => one.medicationCodeableConcept?.coding?.length && conceptKey(one.medicationCodeableConcept);
  if (coded(a) && coded(a) === coded(b)) return true;
  const [first] = words(medicineName(a));
  return first !== undefined && first === words(medicineName(b))[0];
}

/** Resources in the order that the basket shows them: medicines first, oldest first. */
export function basket(medicines: readonly Stored<MedicationRequest>[], tests: readonly Stored<ServiceRequest>[]): Stored<Order>[] {
  const drafts = (list: readonly Stored<Order>[]) => list.filter((one) => one.status === 'draft' && one.intent === 'order');
  return [...drafts(medicines), ...drafts(tests)];
}

export function isMedicine(order: Resource): order is MedicationRequest {
  return order.resourceType === 'MedicationRequest';
}
