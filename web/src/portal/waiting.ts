/** Requests of the waiting list by the patient: one's own entries, their offers, and joining. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { search } from '../fhir/client';
import { RequestError, send } from '../fhir/http';
import { counted } from '../lib/json';
import { useOwn } from './record';

const BASE = '/api/v1/scheduling/own-waitlist';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export interface Wish {
  service: string;
  actors: string[];
  days: Weekday[];
  earliest: string | null;
  latest: string | null;
  until: string | null;
}

export interface Entry extends Omit<Wish, 'service'> {
  id: string;
  since: string;
  /** How many others are asked before. */
  ahead: number;
  service: string | null;
  offer: { start: string; end: string; actor: string; expires: string } | null;
}

/** An offer stands for minutes: whoever looks at the page sees it soon. */
const EVERY = 30_000;

export function useWaiting() {
  const patient = useOwn() ?? '';
  return useQuery({
    queryKey: ['waiting', patient],
    queryFn: async ({ signal }) => (counted((await send<{ items: Entry[] }>(`${BASE}?patient=${encodeURIComponent(patient)}`, { signal })).body) as { items: Entry[] }).items,
    refetchInterval: EVERY,
  });
}

/** Says that entries or appointments have changed. */
export function useWaitingChanged() {
  const client = useQueryClient();
  const patient = useOwn() ?? '';
  return useCallback(() => Promise.all([client.invalidateQueries({ queryKey: ['waiting', patient] }), client.invalidateQueries({ queryKey: ['coming', patient] })]), [client, patient]);
}

const at = (id: string, act = '') => `${BASE}/${encodeURIComponent(id)}${act}`;

export const join = (patient: string, { earliest, latest, until, ...wish }: Wish) =>
  send(BASE, { method: 'POST', body: { ...wish, patient: `Patient/${patient}`, earliest: earliest || undefined, latest: latest || undefined, until: until || undefined } });
export const leave = (id: string) => send(at(id), { method: 'DELETE' });
export const accept = (id: string) => send(at(id, '/accept'), { method: 'POST' });
export const decline = (id: string) => send(at(id, '/decline'), { method: 'POST' });

/** Those with whom the patient had appointments, whom one may want to see again. */
export function useKnownPeople() {
  const patient = useOwn() ?? '';
  return useQuery({
    queryKey: ['known-people', patient],
    queryFn: async ({ signal }) => {
      const { matches } = await search('Appointment', { patient, _sort: '-date', _count: 100 }, signal);
      const people = new Map<string, string>();
      for (const { actor } of matches.flatMap((one) => one.participant ?? [])) {
        if (actor?.reference?.startsWith('Practitioner/') && actor.display) people.set(actor.reference, actor.display);
      }
      return [...people].map(([reference, name]) => ({ reference, name })).sort((a, b) => a.name.localeCompare(b.name));
    },
  });
}

/** Parts of the day that are asked for in words. */
export const PARTS = { any: [null, null], morning: [null, '12:00'], afternoon: ['12:00', '17:00'], evening: ['17:00', null] } as const;
export type Part = keyof typeof PARTS;

/** The part of the day that an entry asks for; none when it is no such part. */
export function partOf({ earliest, latest }: Pick<Entry, 'earliest' | 'latest'>): Part | undefined {
  return (Object.keys(PARTS) as Part[]).find((part) => PARTS[part][0] === earliest && PARTS[part][1] === latest);
}

/** Why it was not done, in the portal's words. */
export function refusal(error: unknown): 'gone' | 'already' | undefined {
  if (!(error instanceof RequestError) || error.status !== 409) return undefined;
  return /waiting list/.test(error.message) ? 'already' : 'gone';
}
