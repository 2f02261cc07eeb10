/** Finding a patient by what people remember: part of a name, how it sounds, a birth date, a number. */

import { useQuery } from '@tanstack/react-query';
import { search } from '../../fhir/client';
import type { Patient, Stored } from '../../fhir/types';
import { asPatient, findPatients } from './api';

export interface Found {
  patient: Stored<Patient>;
  /** The name is another one that looks or sounds like it. */
  soundsLike: boolean;
}

const COUNT = 20;

async function find(text: string, signal: AbortSignal): Promise<Found[]> {
  const rows = await findPatients(text, COUNT, signal);
  return rows.map(({ patient, why }) => ({ patient: asPatient(patient), soundsLike: why.includes('name-alike') }));
}

/** Patients that the text may mean, the best first. */
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
