/** Queries of the chart: one search a resource type, cached by patient, so that every view asks once. */

import { type QueryClient, keepPreviousData, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { type Params, expand, match, read, search } from './client';
import { conceptText } from './display';
import { send } from './http';
import type { Medication, MedicationRequest, Patient, Stored, TypeName } from './types';

/** Records loaded of one kind; a chart with more says so. */
export const MOST = 1000;

export const patientQuery = (id: string) =>
  queryOptions({ queryKey: ['Patient', id], queryFn: ({ signal }) => read('Patient', id, signal) });

export function usePatient(id: string) {
  return useQuery(patientQuery(id));
}

/** Ids of the records that stand for one person: what was merged into a record is part of its chart. */
async function samePerson(client: QueryClient, id: string, signal: AbortSignal): Promise<string[]> {
  const { body } = await client.ensureQueryData(patientQuery(id));
  if (!body.link?.some((link) => link.type === 'replaces')) return [id];
  const answer = await send<{ items: string[] }>(`/api/v1/patients/${encodeURIComponent(id)}/records`, { signal });
  return answer.body.items;
}

/** All records of `type` in a patient's chart that match `params`. */
export function chartQuery<N extends TypeName>(type: N, patient: string, params: Params = {}) {
  return queryOptions({
    queryKey: ['chart', patient, type, params],
    queryFn: async ({ client, signal }) => search(type, { patient: (await samePerson(client, patient, signal)).join(','), _count: MOST, ...params }, signal),
  });
}

export function useChart<N extends TypeName>(type: N, patient: string, params: Params = {}) {
  return useQuery(chartQuery(type, patient, params));
}

/** Prescriptions, newest first, with the medicines that they refer to. */
export const medicationRequestQuery = (patient: string) => chartQuery('MedicationRequest', patient, { _sort: '-authoredon', _include: 'MedicationRequest:medication' });

/** Prescriptions, newest first; one that refers to a medicine bears its words. */
export function useMedicationRequests(patient: string) {
  return useQuery({
    ...medicationRequestQuery(patient),
    select: ({ matches, included }) => {
      const names = new Map(included.map((one) => [`${one.resourceType}/${one.id}`, conceptText((one as Stored<Medication>).code)]));
      return { matches: matches.map((request) => named(request, names)) };
    },
  });
}

function named(request: Stored<MedicationRequest>, names: Map<string, string>): Stored<MedicationRequest> {
  const { medicationReference: to } = request;
  const display = names.get(to?.reference ?? '');
  return display ? { ...request, medicationReference: { ...to, display } } : request;
}

/** Says that records of `type` in the chart have changed. */
export function useChartChanged(patient: string) {
  const client = useQueryClient();
  return useCallback((type: TypeName) => client.invalidateQueries({ queryKey: ['chart', patient, type] }), [client, patient]);
}

export function useMatches(patient: Patient | undefined) {
  return useQuery({
    queryKey: ['match', patient],
    queryFn: ({ signal }) => match(patient as Patient, signal),
    enabled: patient !== undefined,
    placeholderData: keepPreviousData,
  });
}

/** Codes of a system by words; asked from two characters on. */
export function useCodes(system: string, filter: string) {
  const text = filter.trim();
  return useQuery({
    queryKey: ['codes', system, text],
    queryFn: ({ signal }) => expand(system, text, signal),
    enabled: text.length >= 2,
    placeholderData: text.length >= 2 ? keepPreviousData : undefined,
    staleTime: 3_600_000,
  });
}
