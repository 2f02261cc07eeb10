/** Who and what can be booked: names of practitioners and rooms, and the clinic's own zone. */

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { search } from '../../fhir/client';
import { nameText, referenceId } from '../../fhir/display';
import { useNow } from '../../lib/hooks';
import { clockOf, isZone, viewerZone } from '../../lib/zone';
import { useAllHours, useSettings } from './api';
import type { Availability } from './types';

export interface Calendar {
  actor: string;
  name: string;
  hours: Availability;
}

export const isPerson = (actor: string) => actor.startsWith('Practitioner/') || actor.startsWith('PractitionerRole/');

/** Names of references that came without one. */
function useNames(references: readonly string[]) {
  return useQuery({
    queryKey: ['schedule', 'names', references],
    queryFn: async ({ signal }) => {
      const ids = (type: string) => references.filter((one) => one.startsWith(`${type}/`)).map((one) => referenceId(one) ?? '');
      const [people, places] = [ids('Practitioner'), ids('Location')];
      const [found, rooms] = await Promise.all([
        people.length > 0 ? search('Practitioner', { _id: people.join(','), _count: people.length }, signal) : undefined,
        places.length > 0 ? search('Location', { _id: places.join(','), _count: places.length }, signal) : undefined,
      ]);
      return new Map<string, string>([
        ...(found?.matches ?? []).map((one) => [`Practitioner/${one.id}`, nameText(one.name?.[0])] as const),
        ...(rooms?.matches ?? []).map((one) => [`Location/${one.id}`, one.name ?? ''] as const),
      ]);
    },
    enabled: references.length > 0,
    staleTime: 3_600_000,
  });
}

/** Everybody and every room with hours, people first, by name. */
export function useCalendars() {
  const all = useAllHours();
  const nameless = useMemo(() => (all.data ?? []).filter((one) => !one.display).map((one) => one.actor), [all.data]);
  const names = useNames(nameless);
  const calendars = useMemo(() => {
    const named = (all.data ?? []).map((hours): Calendar => ({ actor: hours.actor, hours, name: hours.display || names.data?.get(hours.actor) || hours.actor }));
    return named.sort((a, b) => Number(isPerson(b.actor)) - Number(isPerson(a.actor)) || a.name.localeCompare(b.name));
  }, [all.data, names.data]);
  return { query: all, calendars };
}

/** The zone of the clinic's clock; of the device until the clinic's is known. */
export function useClinicZone(): string {
  const zone = useSettings().data?.timeZone;
  return zone && isZone(zone) ? zone : viewerZone();
}

/** The day that it is in a place; changes at its midnight. */
export function useToday(zone: string): string {
  return clockOf(useNow(60_000), zone).day;
}

/** People and rooms that have no hours yet, or any: to choose whose hours to define. */
export function useBookable() {
  return useQuery({
    queryKey: ['schedule', 'bookable'],
    queryFn: async ({ signal }) => {
      const [people, rooms] = await Promise.all([search('Practitioner', { _count: 500 }, signal), search('Location', { _count: 500 }, signal)]);
      const found = [
        ...people.matches.filter((one) => one.active !== false).map((one) => ({ actor: `Practitioner/${one.id}`, name: nameText(one.name?.[0]) || one.id })),
        ...rooms.matches.filter((one) => one.status !== 'inactive').map((one) => ({ actor: `Location/${one.id}`, name: one.name ?? one.id })),
      ];
      return found.sort((a, b) => Number(isPerson(b.actor)) - Number(isPerson(a.actor)) || a.name.localeCompare(b.name));
    },
    staleTime: 300_000,
  });
}
