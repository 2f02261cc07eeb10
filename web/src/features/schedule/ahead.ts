/**
 * Requests of the scheduling API, and what the calendar needs before it can ask for visits: whose hours, in which zone.
 *
 * Both are asked for while the code of the calendar is still on the way.
 */

import { type QueryClient, queryOptions } from '@tanstack/react-query';
import { type Request, send } from '../../fhir/http';
import { counted } from '../../lib/json';
import type { Availability, Settings } from './types';

export async function call<T>(path: string, request?: Request): Promise<{ body: T; etag: string | undefined }> {
  const { body, etag } = await send<unknown>(`/api/v1${path}`, request);
  return { body: counted(body) as T, etag };
}

export const allHoursQuery = queryOptions({
  queryKey: ['schedule', 'availability'],
  queryFn: async ({ signal }) => (await call<{ items: Availability[] }>('/scheduling/availability', { signal })).body.items,
  staleTime: 60_000,
});

export const settingsQuery = queryOptions({
  queryKey: ['schedule', 'settings'],
  queryFn: async ({ signal }) => (await call<Settings>('/scheduling/settings', { signal })).body,
  staleTime: 300_000,
});

/** What is known, or asked for already, is not asked for again. */
export function askCalendar(client: QueryClient): void {
  void client.prefetchQuery({ ...allHoursQuery, staleTime: 'static' });
  void client.prefetchQuery({ ...settingsQuery, staleTime: 'static' });
}
