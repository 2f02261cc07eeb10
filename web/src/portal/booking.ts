/** Requests of booking by the patient: free times, a hold, and the appointment that makes it good. */

import { useQuery } from '@tanstack/react-query';
import type { Coming } from '../features/telehealth/api';
import { RequestError, send } from '../fhir/http';
import { addDays, clockOf } from '../lib/zone';

const BASE = '/api/v1';

export interface Service {
  code: string;
  name: string;
  minutes: number;
  online: boolean;
}

export interface Offered {
  timeZone: string;
  /** Those that patients may book themselves. */
  services: Service[];
}

export interface FreeTime {
  start: string;
  end: string;
  actor: string;
}

/** What is asked for: a new appointment of a service, or another time for one that there is. */
export type Wish = { service: string; actor?: string } | { moves: Coming };

export function useOffered() {
  return useQuery({
    queryKey: ['offered'],
    queryFn: async ({ signal }): Promise<Offered> => {
      const { body } = await send<Offered>(`${BASE}/scheduling/settings`, { signal });
      return { timeZone: body.timeZone, services: body.services.filter(({ online }) => online) };
    },
  });
}

/** Days that are shown at once. */
export const DAYS = 7;
const MOST = 5_000;

const clinician = (visit: Coming) => visit.actors.find(({ reference }) => reference.startsWith('Practitioner/'))?.reference;

export function useFreeTimes(wish: Wish | undefined, from: string, zone: string) {
  const wanted = wish && ('moves' in wish ? { service: wish.moves.service, actor: clinician(wish.moves) } : wish);
  return useQuery({
    queryKey: ['free', wanted, from],
    enabled: wanted !== undefined,
    queryFn: async ({ signal }) => {
      const query = new URLSearchParams({ from, to: addDays(from, DAYS), tz: zone, limit: String(MOST) });
      if (wanted?.service) query.set('service', wanted.service);
      if (wanted?.actor) query.set('actor', wanted.actor);
      const { body } = await send<{ slots: FreeTime[]; truncated: boolean }>(`${BASE}/scheduling/slots?${query}`, { signal });
      const times = body.slots.filter(({ actor, start }) => actor.startsWith('Practitioner/') && Date.parse(start) > Date.now());
      return { times, next: nextDay(body.slots, body.truncated, from, zone) };
    },
  });
}

/** From where to look on: behind the days that were asked for, or at the day at which a large clinic's answer broke off. */
export function nextDay(slots: readonly FreeTime[], truncated: boolean, from: string, zone: string): string {
  const last = truncated ? slots.at(-1) : undefined;
  if (!last) return addDays(from, DAYS);
  const { day } = clockOf(Date.parse(last.start), zone);
  return day > from ? day : addDays(from, 1);
}

/** Times by the clinic's day, each once: whoever is free first has it. */
export function byDay(times: readonly FreeTime[], zone: string): [string, FreeTime[]][] {
  const days = new Map<string, FreeTime[]>();
  const sorted = [...times].sort((a, b) => Date.parse(a.start) - Date.parse(b.start) || a.actor.localeCompare(b.actor));
  for (const time of sorted) {
    const { day } = clockOf(Date.parse(time.start), zone);
    const list = days.get(day) ?? [];
    if (list.at(-1)?.start !== time.start) list.push(time);
    days.set(day, list);
  }
  return [...days];
}

const post = async <T>(path: string, body: unknown) => (await send<T>(`${BASE}${path}`, { method: 'POST', body })).body;

/** Keeps a time for some minutes, so that nobody has it while one decides. */
export const hold = ({ start, end, actor }: FreeTime) => post<{ id: string; expires: string }>('/scheduling/holds', { start, end, actors: [actor] });

export const release = (id: string) => send(`${BASE}/scheduling/holds/${id}`, { method: 'DELETE' }).catch(() => undefined);

export async function make(patient: string, wish: Wish, time: FreeTime, held: string): Promise<void> {
  if ('moves' in wish) await post(`/appointments/${wish.moves.id}/reschedule`, { start: time.start, hold: held });
  else await post('/appointments', { patient: `Patient/${patient}`, actors: [time.actor], start: time.start, end: time.end, service: wish.service, hold: held });
}

export const callOff = (id: string) => post(`/appointments/${id}/transitions`, { to: 'cancelled', reason: 'patient' });

/** Why it was not done: the time is somebody else's, a rule of the clinic forbids it, or anything else. */
export function refusal(error: unknown): 'lost' | 'late' | undefined {
  if (!(error instanceof RequestError)) return undefined;
  if (error.status === 409) return 'lost';
  return error.status === 422 || error.status === 403 ? 'late' : undefined;
}
