/** The vital signs that are charted: their codes, units and adult reference bands. */

import { LOINC, UCUM, hasCode, observedAt, unitText, decimalText } from './display';
import { calendar } from '../lib/dates';
import { Decimal } from '../lib/json';
import type { Point } from '../lib/trend';
import type { Observation, Quantity } from './types';

/** One measured quantity. */
export interface Vital {
  key: string;
  /** LOINC codes, the one we write first. */
  codes: string[];
  /** UCUM code and the unit as people write it. */
  unit: string;
  shown: string;
  /** Usual range of an adult at rest, for orientation; none where no single range is agreed. */
  band?: [number, number];
  /** Part of this panel. */
  panel?: 'blood-pressure';
  /** From this age on, in years, the sign says nothing. */
  until?: number;
  /** Shown when present, never entered: calculated elsewhere. */
  derived?: boolean;
}

export const BLOOD_PRESSURE = '85354-9';

export const VITALS: readonly Vital[] = [
  { key: 'systolic', codes: ['8480-6'], unit: 'mm[Hg]', shown: 'mmHg', band: [90, 140], panel: 'blood-pressure' },
  { key: 'diastolic', codes: ['8462-4'], unit: 'mm[Hg]', shown: 'mmHg', band: [60, 90], panel: 'blood-pressure' },
  { key: 'heartRate', codes: ['8867-4'], unit: '/min', shown: '/min', band: [60, 100] },
  { key: 'respiratoryRate', codes: ['9279-1'], unit: '/min', shown: '/min', band: [12, 20] },
  { key: 'temperature', codes: ['8310-5', '8331-1'], unit: 'Cel', shown: '°C', band: [36, 38] },
  { key: 'oxygenSaturation', codes: ['2708-6', '59408-5'], unit: '%', shown: '%', band: [94, 100] },
  { key: 'pain', codes: ['72514-3'], unit: '{score}', shown: '0–10' },
  { key: 'weight', codes: ['29463-7'], unit: 'kg', shown: 'kg' },
  { key: 'height', codes: ['8302-2'], unit: 'cm', shown: 'cm' },
  { key: 'headCircumference', codes: ['9843-4'], unit: 'cm', shown: 'cm', until: 3 },
  { key: 'bmi', codes: ['39156-5'], unit: 'kg/m2', shown: 'kg/m²', band: [18.5, 25], derived: true },
  { key: 'bmiPercentile', codes: ['59576-9'], unit: '%', shown: '%', until: 20, derived: true },
  { key: 'headPercentile', codes: ['8289-1'], unit: '%', shown: '%', until: 3, derived: true },
  { key: 'weightForLengthPercentile', codes: ['77606-2'], unit: '%', shown: '%', until: 3, derived: true },
];

/** The age from which the reference bands hold, in years. */
const ADULT = 18;

/** A measurement with the record it came from. */
export interface Reading extends Point {
  observation: Observation;
}

/** All readings of one vital sign in `observations`, from values and from components. */
export function readings(vital: Vital, observations: readonly Observation[]): Reading[] {
  return observations.flatMap((observation) => {
    if (observation.status === 'entered-in-error') return [];
    const parts = [observation, ...(observation.component ?? [])];
    return parts.flatMap((part) => {
      const quantity = part.valueQuantity;
      if (!quantity?.value || !vital.codes.some((one) => hasCode(part.code, LOINC, one))) return [];
      const at = Date.parse(observedAt(observation) ?? '');
      return [{ at, value: quantity.value.toNumber(), shown: decimalText(quantity), unit: unitText(quantity), observation }];
    });
  });
}

/** Whether the sign still says something at this age; all do while the age is unknown. */
export function matters(vital: Vital, years: number | undefined): boolean {
  return vital.until === undefined || years === undefined || years < vital.until;
}

/** When somebody born then is an adult, in milliseconds; never when the birth date is not known. */
export function adultFrom(birth: string | undefined): number {
  const born = calendar(birth ?? '');
  return born ? Date.UTC(born.year + ADULT, (born.month ?? 12) - 1, born.day ?? 28) : Number.POSITIVE_INFINITY;
}

/** Outside the adult band when it was measured; `H` or `L`. */
export function outside(vital: Vital, { at, value }: Pick<Point, 'at' | 'value'>, birth: string | undefined): '' | 'H' | 'L' {
  if (!vital.band || !(at >= adultFrom(birth))) return '';
  if (value > vital.band[1]) return 'H';
  return value < vital.band[0] ? 'L' : '';
}

interface Measured {
  patient: string;
  at: string;
  /** What was typed, by key; absent means not measured. */
  values: Partial<Record<string, Decimal>>;
  performer?: { reference?: string; display?: string };
  /** Reference of the visit. */
  encounter?: string;
}

const CATEGORY = [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs', display: 'Vital Signs' }] }];

const DISPLAY: Record<string, string> = {
  [BLOOD_PRESSURE]: 'Blood pressure panel with all children optional',
  '8480-6': 'Systolic blood pressure',
  '8462-4': 'Diastolic blood pressure',
  '8867-4': 'Heart rate',
  '9279-1': 'Respiratory rate',
  '8310-5': 'Body temperature',
  '2708-6': 'Oxygen saturation in Arterial blood',
  '72514-3': 'Pain severity - 0-10 verbal numeric rating [Score] - Reported',
  '29463-7': 'Body weight',
  '8302-2': 'Body height',
  '9843-4': 'Head Occipital-frontal circumference',
};

function concept(code: string) {
  return { coding: [{ system: LOINC, code, display: DISPLAY[code] }] };
}

function quantity(vital: Vital, value: Decimal): Quantity {
  return { value, unit: vital.shown === '0–10' ? '{score}' : vital.shown, system: UCUM, code: vital.unit };
}

/** An observation to store and the fields of the form that it holds. */
export interface Entry {
  resource: Observation;
  fields: string[];
}

/** The observations of one round of measuring; both blood pressures are one panel. */
export function entries(measured: Measured): Entry[] {
  const { patient, at, values, performer, encounter } = measured;
  const base = {
    resourceType: 'Observation' as const,
    status: 'final',
    category: CATEGORY,
    subject: { reference: `Patient/${patient}` },
    encounter: encounter ? { reference: encounter } : undefined,
    effectiveDateTime: at,
    performer: performer ? [performer] : undefined,
  };
  const given = VITALS.filter((vital) => values[vital.key] !== undefined);
  const value = (vital: Vital) => quantity(vital, values[vital.key] as Decimal);
  const single = given.filter((vital) => !vital.panel);
  const list: Entry[] = single.map((vital) => ({
    fields: [vital.key],
    resource: { ...base, code: concept(vital.codes[0] as string), valueQuantity: value(vital) },
  }));
  const pressures = given.filter((vital) => vital.panel);
  if (pressures.length > 0) {
    const component = pressures.map((vital) => ({ code: concept(vital.codes[0] as string), valueQuantity: value(vital) }));
    list.unshift({ fields: pressures.map((vital) => vital.key), resource: { ...base, code: concept(BLOOD_PRESSURE), component } });
  }
  return list;
}

/** The field that a refusal of the server speaks of: `Bundle.entry[1].resource.component[0]…`. */
export function fieldOf(expression: string | undefined, list: readonly Entry[]): string | undefined {
  const place = /entry\[(\d+)\]/.exec(expression ?? '')?.[1];
  const entry = place === undefined ? undefined : list[Number(place)];
  const component = /component\[(\d+)\]/.exec(expression ?? '')?.[1];
  return entry?.fields[component === undefined ? 0 : Number(component)];
}
