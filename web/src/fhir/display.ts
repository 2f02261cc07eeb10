/** Words of FHIR values: names as a clinician reads them, quantities with the precision they were reported with. */

import type { Address, CodeableConcept, Coding, HumanName, Identifier, Observation, Patient, Quantity } from './types';

export const LOINC = 'http://loinc.org';
export const UCUM = 'http://unitsofmeasure.org';
export const ICD10CM = 'http://hl7.org/fhir/sid/icd-10-cm';

/** SNOMED CT's full names end with the kind of concept, which the place on screen says already. */
const KIND = / \((disorder|finding|situation|procedure|qualifier value|regime\/therapy|substance|product|medicinal product|morphologic abnormality|observable entity|event|record artifact|physical object)\)$/;

/** The words of a concept as they are stored. */
export function fullText(concept: CodeableConcept | undefined): string {
  const coding = concept?.coding?.find((one) => one.display) ?? concept?.coding?.[0];
  return concept?.text ?? coding?.display ?? coding?.code ?? '';
}

/** The words of a concept for reading. */
export function conceptText(concept: CodeableConcept | undefined): string {
  return fullText(concept).replace(KIND, '');
}

export function hasCode(concept: CodeableConcept | undefined, system: string, code: string): boolean {
  return concept?.coding?.some((one) => one.system === system && one.code === code) ?? false;
}

/** The first code of a concept, such as a status. */
export function code(concept: CodeableConcept | undefined): string {
  return concept?.coding?.[0]?.code ?? '';
}

/** A key that is equal for equal concepts. */
export function conceptKey(concept: CodeableConcept): string {
  const coding: Coding | undefined = concept.coding?.[0];
  return coding ? `${coding.system ?? ''}|${coding.code ?? ''}` : (concept.text ?? '');
}

/** The name to use: the usual or official one that is not old. */
export function preferredName(patient: Patient): HumanName | undefined {
  const names = patient.name ?? [];
  const rank = (name: HumanName) => ['usual', 'official'].indexOf(name.use ?? '') >>> 0;
  return names.filter((name) => name.use !== 'old').sort((a, b) => rank(a) - rank(b))[0] ?? names[0];
}

/** `FAMILY, Given Middle`; a name that is only a text stays as it is. */
export function nameText(name: HumanName | undefined): string {
  if (!name) return '';
  const given = [...(name.prefix ?? []), ...(name.given ?? [])].join(' ');
  if (!name.family) return name.text ?? given;
  return given ? `${name.family.toLocaleUpperCase()}, ${given}` : name.family.toLocaleUpperCase();
}

export function patientName(patient: Patient): string {
  return nameText(preferredName(patient));
}

/** The record number that a person would quote: an MRN, else the first identifier of use. */
export function mrn(patient: Patient): Identifier | undefined {
  const identifiers = (patient.identifier ?? []).filter((one) => one.value && one.use !== 'old');
  return identifiers.find((one) => code(one.type) === 'MR') ?? identifiers.find((one) => one.use === 'usual') ?? identifiers[0];
}

/** A value that identifies, shortened in the middle when nobody could read it out. */
export function shortIdentifier(value: string): string {
  return value.length > 16 ? `${value.slice(0, 8)}…${value.slice(-4)}` : value;
}

export function addressText(address: Address | undefined): string {
  if (!address) return '';
  return [...(address.line ?? []), address.city, address.state, address.postalCode, address.country].filter(Boolean).join(', ');
}

/** UCUM codes as people write them. */
const UNITS: Record<string, string> = {
  'mm[Hg]': 'mmHg',
  '/min': '/min',
  '{beats}/min': '/min',
  Cel: '°C',
  '[degF]': '°F',
  'kg/m2': 'kg/m²',
  '[lb_av]': 'lb',
  '[in_i]': 'in',
  '{score}': '',
  'mL/min/{1.73_m2}': 'mL/min/1.73 m²',
  '10*3/uL': '10³/µL',
  '10*6/uL': '10⁶/µL',
};

export function unitText(quantity: Quantity): string {
  const unit = quantity.unit ?? quantity.code ?? '';
  return UNITS[unit] ?? UNITS[quantity.code ?? ''] ?? unit;
}

/** Digits that a result is shown with at most: calculated values are stored with many more than anybody measured. */
const SHOWN_DIGITS = 6;

/** The value as reported; only a run of digits that no instrument measures is cut, and then marked with ≈. */
export function decimalText(quantity: Quantity): string {
  const text = quantity.value?.text ?? '';
  const [whole = '', fraction = ''] = text.split('.');
  if (fraction.length <= SHOWN_DIGITS) return text;
  const places = whole.replace(/^-?0*/, '').length > 2 ? 1 : 2;
  return `≈ ${Number(text).toFixed(places)}`;
}

export function quantityText(quantity: Quantity | undefined): string {
  if (!quantity?.value) return '';
  const unit = unitText(quantity);
  const number = `${quantity.comparator ?? ''}${decimalText(quantity)}`;
  if (unit === '') return number;
  return unit.startsWith('%') || unit.startsWith('°') ? `${number} ${unit}` : `${number} ${unit}`;
}

/** The value of an observation, its components joined as in `120/80 mmHg`. */
export function observationText(observation: Pick<Observation, 'valueQuantity' | 'valueCodeableConcept' | 'valueString' | 'component'>): string {
  if (observation.valueQuantity) return quantityText(observation.valueQuantity);
  if (observation.valueCodeableConcept) return conceptText(observation.valueCodeableConcept);
  if (observation.valueString) return observation.valueString;
  const parts = observation.component ?? [];
  const units = new Set(parts.map((part) => part.valueQuantity && unitText(part.valueQuantity)));
  if (parts.length === 2 && units.size === 1 && parts.every((part) => part.valueQuantity)) {
    return `${bloodPressureOrder(parts).map((part) => decimalText(part.valueQuantity ?? {})).join('/')} ${[...units][0] ?? ''}`;
  }
  return parts.map((part) => `${conceptText(part.code)} ${observationText({ ...part, component: undefined })}`).join('; ');
}

/** Systolic before diastolic, whatever the order of the record. */
function bloodPressureOrder<P extends { code: CodeableConcept }>(parts: P[]): P[] {
  return [...parts].sort((a, b) => Number(hasCode(b.code, LOINC, '8480-6')) - Number(hasCode(a.code, LOINC, '8480-6')));
}

/** `H`, `L`, `HH`, `LL`, `A` or nothing: from the interpretation, else from the reference range of the result. */
export function abnormality(observation: Pick<Observation, 'valueQuantity' | 'interpretation' | 'referenceRange'>): string {
  const said = observation.interpretation?.flatMap((one) => one.coding ?? []).find((one) => one.code)?.code;
  if (said) return ({ H: 'H', HU: 'HH', HH: 'HH', L: 'L', LU: 'LL', LL: 'LL', A: 'A', AA: 'AA', POS: 'A' } as Record<string, string>)[said] ?? '';
  const range = observation.referenceRange?.[0];
  const value = observation.valueQuantity?.value?.toNumber();
  if (!range || value === undefined) return '';
  if (range.high?.value && value > range.high.value.toNumber()) return 'H';
  return range.low?.value && value < range.low.value.toNumber() ? 'L' : '';
}

/** When an observation was true, else when it became known. */
export function observedAt(observation: Observation): string | undefined {
  return observation.effectiveDateTime ?? observation.effectivePeriod?.start ?? observation.issued;
}

/** The id in `Patient/1`, `Patient/1/_history/2` or an absolute form of either. */
export function referenceId(reference: string | undefined): string | undefined {
  return /(?:^|\/)[A-Z][A-Za-z]+\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/.exec(reference ?? '')?.[1];
}
