/** What one is told: the own messages and preferences over `/api/v1`. */

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { send } from '../../fhir/http';
import { useLive } from '../../fhir/live';
import type { Decimal } from '../../lib/json';

export interface Message {
  id: string;
  intent: string;
  category: Category;
  urgent: boolean;
  title: string;
  body: string;
  language: string;
  createdAt: string;
  readAt?: string;
  subject?: { type: string; id: string };
  patient?: string;
}

export interface Inbox {
  items: Message[];
  next?: string;
  unread: Decimal;
}

export const CATEGORIES = ['appointments', 'results', 'prescriptions', 'claims', 'tasks', 'system'] as const;
export type Category = (typeof CATEGORIES)[number];
export const CHANNELS = ['email', 'sms', 'push'] as const;
export type Channel = (typeof CHANNELS)[number];

export interface Preferences {
  language?: 'en' | 'es';
  timeZone?: string;
  quietHours: { from: string; to: string } | null;
  email: boolean;
  sms: boolean;
  push: boolean;
  muted: { category: Category; channel: Channel }[];
  digest: 'off' | 'daily';
}

const BASE = '/api/v1';
const KEY = ['notices'];

/** How often the count is asked for while nothing is heard. */
const POLL = 120_000;

async function inbox(cursor: string | undefined, unread: boolean, signal: AbortSignal): Promise<Inbox> {
  const query = new URLSearchParams({ limit: '25', ...(cursor && { cursor }), ...(unread && { unread: 'true' }) });
  return (await send<Inbox>(`${BASE}/notifications?${query}`, { signal })).body;
}

/** A page of messages, the latest first. */
export function useInbox(cursor: string | undefined, unread: boolean) {
  return useQuery({ queryKey: [...KEY, 'inbox', cursor, unread], queryFn: ({ signal }) => inbox(cursor, unread, signal) });
}

/** All messages, the latest first, as far back as was asked for. */
export function useAllMessages() {
  return useInfiniteQuery({
    queryKey: [...KEY, 'messages'],
    queryFn: ({ signal, pageParam }) => inbox(pageParam || undefined, false, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
  });
}

/** How many messages are unread; nothing while it is not known. */
export function useUnread(): number | undefined {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: [...KEY, 'unread'],
    queryFn: async ({ signal }) => (await send<Inbox>(`${BASE}/notifications?limit=1&unread=true`, { signal })).body.unread.toNumber(),
    refetchInterval: POLL,
  });
  useLive(['Notification'], () => void client.invalidateQueries({ queryKey: KEY }));
  return query.data;
}

/** Notes that one message was read, or all of them. */
export function useRead() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (id: string | undefined) => send(`${BASE}/notifications/${id === undefined ? 'read-all' : `${id}/read`}`, { method: 'POST' }),
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

/** The preferences with the version that was read. */
export function usePreferences() {
  return useQuery({ queryKey: [...KEY, 'preferences'], queryFn: ({ signal }) => send<Preferences>(`${BASE}/notification-preferences`, { signal }) });
}

/** Saves the preferences over the version that was read. */
export function useDecide(etag: string | undefined) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (body: Preferences) => send<Preferences>(`${BASE}/notification-preferences`, { method: 'PUT', body, ifMatch: etag }),
    onSuccess: () => client.invalidateQueries({ queryKey: [...KEY, 'preferences'] }),
  });
}

/** Whether something of a category is told by a way. */
export function wants(preferences: Preferences, category: Category, channel: Channel): boolean {
  return preferences[channel] && !preferences.muted.some((one) => one.category === category && one.channel === channel);
}

/** The preferences with one wish changed. */
export function wish(preferences: Preferences, category: Category, channel: Channel, wanted: boolean): Preferences {
  const others = preferences.muted.filter((one) => one.category !== category || one.channel !== channel);
  return { ...preferences, muted: wanted ? others : [...others, { category, channel }] };
}

/** The count on the bell: no more than two digits and a plus. */
export function badge(unread: number): string {
  return unread > 99 ? '99+' : String(unread);
}

/** Where a message leads, as far as the application has a page for it. */
export function target(message: Message): { to: '/schedule' | '/tasks' } | { to: '/patients/$id' | '/patients/$id/results'; params: { id: string } } | undefined {
  const params = message.patient === undefined ? undefined : { id: message.patient };
  switch (message.subject?.type) {
    case 'Appointment':
      return { to: '/schedule' };
    case 'Task':
      return { to: '/tasks' };
    case 'Observation':
    case 'DiagnosticReport':
      return params && { to: '/patients/$id/results', params };
    default:
      return params && { to: '/patients/$id', params };
  }
}
