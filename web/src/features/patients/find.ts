/** Finding a patient by what people remember: part of a name, how it sounds, a birth date, a number. */

import { useQuery } from '@tanstack/react-query';
import { escapeValue, type Params, search } from '../../fhir/client';
import type { Patient, Stored } from '../../fhir/types';
import { typedDate } from '../../lib/dates';

export interface Found {
  patient: Stored<Patient>;
  /** Only how the name sounds agrees. */
  soundsLike: boolean;
}

const COUNT = 20;

/** What was typed, as search parameters: dates, numbers and names may be mixed. */
export function understand(text: string): { exact: Params; phonetic: Params | undefined } {
  const names: string[] = [];
  const exact: Params = {};
  for (const word of text.split(/[\s,]+/).filter(Boolean)) {
    const date = typedDate(word);
    if (date) exact.birthdate = date;
    else if (/^[#\d+()-]*\d[\d()-]*$/.test(word) || word.startsWith('#')) exact.identifier = escapeValue(word.replace(/^#/, ''));
    else names.push(word);
  }
  const name = names.map(escapeValue);
  const phonetic = name.length > 0 ? { ...exact, phonetic: name } : undefined;
  return { exact: name.length > 0 ? { ...exact, name } : exact, phonetic };
}

async function find(text: string, signal: AbortSignal): Promise<Found[]> {
  const { exact, phonetic } = understand(text);
  const number = exact.identifier;
  const [named, sounding, phoned] = await Promise.all([
    search('Patient', { ...exact, _count: COUNT }, signal),
    phonetic && search('Patient', { ...phonetic, _count: COUNT }, signal),
    // A number may be a telephone's.
    number ? search('Patient', { ...exact, identifier: undefined, telecom: number, _count: COUNT }, signal) : undefined,
  ]);
  const found = new Map<string, Found>();
  for (const patient of [...named.matches, ...(phoned?.matches ?? [])]) found.set(patient.id, { patient, soundsLike: false });
  for (const patient of sounding?.matches ?? []) if (!found.has(patient.id)) found.set(patient.id, { patient, soundsLike: true });
  return [...found.values()];
}

/** Patients that the text may mean; those that only sound like it come last. */
export function useFound(text: string) {
  const trimmed = text.trim();
  return useQuery({
    queryKey: ['find', trimmed],
    queryFn: ({ signal }) => find(trimmed, signal),
    enabled: trimmed.length >= 2,
    staleTime: 10_000,
  });
}

/** The patients of these ids that still may be seen, in this order. */
export function usePatients(ids: string[]) {
  return useQuery({
    queryKey: ['Patients', ids],
    queryFn: async ({ signal }) => {
      const { matches } = await search('Patient', { _id: ids.join(','), _count: ids.length }, signal);
      return ids.flatMap((id) => matches.find((patient) => patient.id === id) ?? []);
    },
    enabled: ids.length > 0,
  });
}

/** Ids of patients whose shown name is shared with another row: they need a second look. */
export function sameNames(patients: readonly Stored<Patient>[], nameOf: (patient: Patient) => string): Set<string> {
  return new Set([...groups(patients, nameOf).values()].filter((list) => list.length > 1).flat());
}

function groups(patients: readonly Stored<Patient>[], nameOf: (patient: Patient) => string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const patient of patients) {
    const name = nameOf(patient).toLocaleLowerCase();
    found.set(name, [...(found.get(name) ?? []), patient.id]);
  }
  return found;
}
