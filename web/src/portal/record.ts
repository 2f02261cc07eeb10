/** The record as its owner reads it. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { type Params, search } from '../fhir/client';
import { abnormality, conceptKey, conceptText, nameText, observationText, observedAt, quantityText } from '../fhir/display';
import { send } from '../fhir/http';
import type { Observation, Stored, TypeName } from '../fhir/types';
import { instant } from '../lib/dates';

/** Id of the patient whose record is open. */
export const Own = createContext<string | undefined>(undefined);

/** Id of the patient whose record this is: one's own, or that of somebody one acts for. */
export function useOwn(): string | undefined {
  return useContext(Own);
}

const MOST = 500;

export function useRecord<N extends TypeName>(type: N, params: Params = {}) {
  const patient = useOwn() ?? '';
  return useQuery({ queryKey: ['record', patient, type, params], queryFn: ({ signal }) => search(type, { patient, _count: MOST, ...params }, signal) });
}

/** One test with its results, newest first. */
export interface Test {
  key: string;
  name: string;
  results: Stored<Observation>[];
}

export function tests(list: readonly Stored<Observation>[]): Test[] {
  const found = new Map<string, Test>();
  const real = list.filter((one) => ['final', 'amended', 'corrected'].includes(one.status) && observationText(one) !== '');
  for (const one of [...real].sort((a, b) => (instant(observedAt(b)) || 0) - (instant(observedAt(a)) || 0))) {
    const key = conceptKey(one.code);
    const test = found.get(key) ?? { key, name: plainName(one), results: [] };
    test.results.push(one);
    found.set(key, test);
  }
  return [...found.values()];
}

/** The first words of a test's name: how and in what it was measured is for the laboratory. */
export function plainName(observation: Observation): string {
  return conceptText(observation.code).replace(/\s*\[[^\]]*\].*$/, '').replace(/\/.*$/, '').trim();
}

export type Place = 'above' | 'below' | 'within' | 'notable' | 'unknown';

/** Where a value lies, in words that need no letter. */
export function placeOf(observation: Observation): Place {
  const letter = abnormality(observation);
  if (letter.startsWith('H')) return 'above';
  if (letter.startsWith('L')) return 'below';
  if (letter) return 'notable';
  const normal = observation.interpretation?.some((one) => one.coding?.some((coding) => coding.code === 'N')) ?? false;
  return normal || observation.referenceRange?.length ? 'within' : 'unknown';
}

/** The usual range as it was reported. */
export function rangeText(observation: Observation): string {
  const range = observation.referenceRange?.[0];
  if (!range) return '';
  if (range.low?.value && range.high?.value) return `${range.low.value.text}–${quantityText(range.high)}`;
  return range.high?.value ? `< ${quantityText(range.high)}` : range.low?.value ? `> ${quantityText(range.low)}` : (range.text ?? '');
}

/** Where a value lies on its bar, 0 to 1, with the usual range from a quarter to three quarters; none without both ends. */
export function barOf(observation: Observation): number | undefined {
  const { low, high } = observation.referenceRange?.[0] ?? {};
  const quantity = observation.valueQuantity;
  if (!low?.value || !high?.value || !quantity?.value || quantity.comparator) return undefined;
  const [from, to, value] = [low.value.toNumber(), high.value.toNumber(), quantity.value.toNumber()];
  if (!(to > from)) return undefined;
  const place = 0.25 + ((value - from) / (to - from)) * 0.5;
  return Math.min(0.98, Math.max(0.02, place));
}

/** Days in which a result that the clinic has not marked as seen is told apart: before that nobody marked results. */
const RECENT = 30 * 86_400_000;

export function isRecent(observation: Observation, now: number): boolean {
  return now - Date.parse(observation.meta?.lastUpdated ?? '') < RECENT;
}

/** Who looked at the record, as the organisation's trail tells the patient. */
export interface AccessLine {
  at: string;
  who: string;
  address?: string | null;
  roles: string[];
  what: string;
  records: string[];
  why: string;
  emergency: boolean;
  refused: boolean;
}

export interface AccessPage {
  items: AccessLine[];
  next?: string;
}

export async function accessReport(patient: string, after: string, signal?: AbortSignal): Promise<AccessPage> {
  const path = `/api/v1/privacy/patients/${encodeURIComponent(patient)}/access-report?limit=50${after ? `&cursor=${encodeURIComponent(after)}` : ''}`;
  return (await send<AccessPage>(path, { signal })).body;
}

/** The practitioners among those who looked, by reference. */
export function practitioners(lines: readonly AccessLine[]): string[] {
  const found = lines.map((line) => line.who).filter((who) => who.startsWith('Practitioner/'));
  return [...new Set(found)].sort();
}

/** Names of practitioners by reference; without an answer there are none, and the reference stands for the name. */
export function useNames(references: readonly string[]): ReadonlyMap<string, string> {
  const ids = references.map((one) => one.slice('Practitioner/'.length)).join(',');
  const query = useQuery({
    queryKey: ['names', ids],
    queryFn: ({ signal }) => search('Practitioner', { _id: ids, _count: MOST }, signal),
    enabled: ids !== '',
    placeholderData: keepPreviousData,
  });
  const named = query.data?.matches ?? [];
  return new Map(named.map((one) => [`Practitioner/${one.id}`, nameText(one.name?.[0])]));
}
