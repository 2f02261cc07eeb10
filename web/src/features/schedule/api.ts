/** Requests of the scheduling API, and their cached queries. What changes here is everybody's: the screens ask again. */

import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { query } from '../../fhir/client';
import { RequestError } from '../../fhir/http';
import { useHears } from '../../fhir/live';
import { allHoursQuery, call, settingsQuery } from './ahead';
import type { Appointment, Availability, Board, Booking, Hold, Hours, Preference, Slot, State, Waiting } from './types';

/** How often what several people change is asked for again: seldom while we are told of changes, else soon. */
const useEvery = () => (useHears() ? 60_000 : 10_000);

const post = async <T>(path: string, body: unknown, idempotencyKey?: string): Promise<T> => (await call<T>(path, { method: 'POST', body, idempotencyKey })).body;

const version = (one: { version: number }) => `W/"${one.version}"`;

/**
 * The key of a request that must not be done twice: the same while nobody knows whether it arrived, a new one after the
 * server has refused, and another for other content.
 */
export function useAttempt(): { keyFor: (content: unknown) => string; refused: (error: unknown) => void } {
  const [attempt, setAttempt] = useState(() => crypto.randomUUID());
  return {
    keyFor: (content) => `${attempt}-${mark(JSON.stringify(content))}`,
    refused: (error) => {
      if (error instanceof RequestError && !error.passing) setAttempt(crypto.randomUUID());
    },
  };
}

/** A short mark of a text, to tell requests apart. */
function mark(text: string): string {
  let found = 5381;
  for (const character of text) found = (found * 33 + (character.codePointAt(0) ?? 0)) >>> 0;
  return found.toString(36);
}

// Appointments

/** More than a calendar's week of twenty practitioners holds. */
const MOST = 1000;

export interface Range {
  from: string;
  to: string;
  actors: readonly string[];
}

async function appointments({ from, to, actors }: Range, signal: AbortSignal): Promise<Appointment[]> {
  const found: Appointment[] = [];
  let cursor: string | undefined;
  do {
    const parameters = query({ from, to, actor: actors.join(',') || undefined, limit: MOST, cursor });
    const { body } = await call<{ items: Appointment[]; next: string | null }>(`/appointments?${parameters}`, { signal });
    found.push(...body.items);
    cursor = body.next ?? undefined;
  } while (cursor);
  return found;
}

export function useAppointments(shown: Range) {
  // The same people in another order are the same question.
  const range = { ...shown, actors: [...shown.actors].sort() };
  return useQuery({
    queryKey: ['schedule', 'appointments', range],
    queryFn: ({ signal }) => appointments(range, signal),
    enabled: range.actors.length > 0,
    placeholderData: keepPreviousData,
    refetchInterval: useEvery(),
  });
}

export function useAppointment(id: string) {
  return useQuery({ queryKey: ['schedule', 'appointment', id], queryFn: async ({ signal }) => (await call<Appointment>(`/appointments/${id}`, { signal })).body, refetchInterval: useEvery() });
}

export const book = (booking: Booking, key: string) => post<Appointment>('/appointments', booking, key);

export const bookSeries = (booking: Booking & { recurrence: string; tz: string }, key: string) =>
  post<{ series: string; booked: Appointment[]; skipped: { start: string; why: string }[] }>('/appointments/series', booking, key);

export interface Move {
  start: string;
  minutes?: number;
  actors?: string[];
}

export const reschedule = (id: string, move: Move, key: string) => post<Appointment>(`/appointments/${id}/reschedule`, move, key);

/** Moves or corrects in place, over the version that was seen. */
export const correct = async (appointment: Appointment, change: { start?: string; minutes?: number; actors?: string[]; comment?: string; reason?: string }) =>
  (await call<Appointment>(`/appointments/${appointment.id}`, { method: 'PATCH', body: change, ifMatch: version(appointment) })).body;

export const transition = (id: string, to: State, more: { reason?: string; room?: string } = {}) => post<Appointment>(`/appointments/${id}/transitions`, { to, ...more });

export function useCancelReasons(enabled: boolean) {
  return useQuery({
    queryKey: ['schedule', 'cancel-reasons'],
    queryFn: async ({ signal }) => (await call<{ code: string; text: string }[]>('/scheduling/cancel-reasons', { signal })).body,
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
  });
}

// Slots and holds

export interface SlotSearch {
  actors: readonly string[];
  service?: string;
  from: string;
  to: string;
  tz: string;
  minutes?: number;
  /** A room that has to be free as well. */
  with?: string;
}

export function useSlots(wanted: SlotSearch, enabled = true) {
  const { actors, ...rest } = wanted;
  return useQuery({
    queryKey: ['schedule', 'slots', wanted],
    queryFn: async ({ signal }) => (await call<{ tz: string; slots: Slot[]; truncated: boolean }>(`/scheduling/slots?${query({ ...rest, actor: actors.join(',') || undefined, limit: 300 })}`, { signal })).body,
    enabled,
    refetchInterval: useEvery(),
    placeholderData: keepPreviousData,
  });
}

export const hold = (start: string, end: string, actors: readonly string[]) => post<Hold>('/scheduling/holds', { start, end, actors });

export const release = (id: string) => call(`/scheduling/holds/${id}`, { method: 'DELETE' });

// Availability

export function useAllHours() {
  return useQuery(allHoursQuery);
}

/** The hours of one calendar; `null` when none are defined. */
export function useHours(actor: string) {
  return useQuery({
    queryKey: ['schedule', 'availability', actor],
    queryFn: async ({ signal }) => {
      try {
        return (await call<Availability>(`/scheduling/availability/${actor}`, { signal })).body;
      } catch (error) {
        if (error instanceof RequestError && error.kind === 'missing') return null;
        throw error;
      }
    },
    enabled: actor !== '',
  });
}

export const saveHours = async (actor: string, hours: Hours, over: Availability | null) =>
  (await call<{ availability: Availability; affected: Appointment[] }>(`/scheduling/availability/${actor}`, { method: 'PUT', body: hours, ifMatch: over ? version(over) : undefined })).body;

export interface Preview {
  slots: { slots: Slot[] } | null;
  affected: Appointment[];
}

export const preview = (actor: string, hours: Hours, from: string, to: string, service?: string) =>
  post<Preview>(`/scheduling/availability/${actor}/preview?${query({ from, to, service, tz: hours.timeZone, limit: MOST })}`, hours);

export function useSettings() {
  return useQuery(settingsQuery);
}

// Waitlist

/** Who waits; for a slot, ranked by how well it fits. */
export function useWaitlist(slot?: { start: string; end: string; actor: string }, enabled = true) {
  return useQuery({
    queryKey: ['schedule', 'waitlist', slot],
    queryFn: async ({ signal }) => (await call<{ items: Waiting[] }>(`/scheduling/waitlist?${query({ ...slot })}`, { signal })).body.items,
    enabled,
    refetchInterval: useEvery(),
  });
}

export const join = (wish: Preference & { patient: string }, key: string) => post<Waiting>('/scheduling/waitlist', wish, key);
export const leave = (id: string) => call(`/scheduling/waitlist/${id}`, { method: 'DELETE' });
export const offer = (id: string, slot: { start: string; end: string; actor: string }) => post<Waiting>(`/scheduling/waitlist/${id}/offer`, slot);
export const accept = (id: string) => post<Appointment>(`/scheduling/waitlist/${id}/accept`, {});
export const decline = (id: string) => post<Waiting>(`/scheduling/waitlist/${id}/decline`, {});

// Board

export function useBoard(date: string, tz: string, location?: string) {
  return useQuery({
    queryKey: ['schedule', 'board', date, tz, location],
    queryFn: async ({ signal }) => (await call<Board>(`/scheduling/board?${query({ date, tz, location })}`, { signal })).body,
    refetchInterval: useEvery(),
    placeholderData: keepPreviousData,
  });
}

/** Says that the schedule has changed: everything on screen is asked for again. */
export function useScheduleChanged() {
  const client = useQueryClient();
  return useCallback(() => client.invalidateQueries({ queryKey: ['schedule'] }), [client]);
}
