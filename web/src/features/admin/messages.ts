/** Administration of what people are told: the words of each message, and what became of it on its way. */

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { send } from '../../fhir/http';
import type { Decimal } from '../../lib/json';

export const TEXTS = ['subject', 'short', 'title', 'body'] as const;
export type Wording = Record<(typeof TEXTS)[number], string>;

/** The values that a text may name in braces. What leaves the application has none of a person. */
export const VALUES: Record<keyof Wording, readonly string[]> = {
  subject: ['organisation', 'count'],
  short: ['organisation', 'link', 'count'],
  title: ['organisation', 'who', 'patient', 'when', 'place', 'what'],
  body: ['organisation', 'who', 'patient', 'when', 'place', 'what'],
};

export const INTENTS = ['appointment-booked', 'appointment-moved', 'appointment-cancelled', 'appointment-reminder', 'waitlist-offer', 'result-available', 'critical-result', 'prescription-ready', 'claim-status', 'authorisation-decided', 'task-assigned', 'digest', 'test'] as const;
export type Intent = (typeof INTENTS)[number];

export interface Template {
  intent: Intent;
  language: string;
  /** Version of the organisation's own words; 0 when nobody changed them. */
  version: Decimal;
  shipped: boolean;
  wording: Wording;
}

export const STATES = ['waiting', 'sent', 'delivered', 'failed', 'withheld', 'gathered'] as const;
export type DeliveryState = (typeof STATES)[number];

export interface Delivery {
  id: string;
  intent: Intent;
  channel: 'email' | 'sms' | 'push';
  recipient: string;
  /** The address but for most of its letters. */
  address?: string;
  state: DeliveryState;
  attempts: Decimal;
  reason?: string;
  updatedAt: string;
}

/** The names in braces that a text may not carry. */
export function unknownValues(field: keyof Wording, text: string): string[] {
  const named = [...text.matchAll(/\{([^{}]*)\}/g)].map((found) => found[1] ?? '');
  return [...new Set(named.filter((name) => !VALUES[field].includes(name)))];
}

const BASE = '/api/v1';
const TEMPLATES = ['api', '/notification-templates'];

export function useTemplates() {
  return useQuery({ queryKey: TEMPLATES, queryFn: async ({ signal }) => (await send<Template[]>(`${BASE}/notification-templates`, { signal })).body });
}

/** Puts words in force, or the shipped ones again, over the version that was seen. */
export function useReword({ intent, language, version }: Template, then: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wording: Wording | undefined) =>
      send(`${BASE}/notification-templates/${intent}/${language}`, { method: wording ? 'PUT' : 'DELETE', body: wording, ifMatch: `W/"${version.text}"` }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: TEMPLATES });
      then();
    },
  });
}

/** The words as somebody would read them. */
export function usePreview(language: string) {
  return useMutation({ mutationFn: async (wording: Wording) => (await send<Wording>(`${BASE}/notification-templates/preview`, { method: 'POST', body: { language, wording } })).body });
}

/** What left in the last 90 days, the latest first, as far back as was asked for. */
export function useDeliveries(state: DeliveryState | undefined) {
  return useInfiniteQuery({
    queryKey: ['api', '/notification-deliveries', state],
    queryFn: async ({ signal, pageParam }) => {
      const query = new URLSearchParams({ limit: '25', ...(pageParam && { cursor: pageParam }), ...(state && { state }) });
      return (await send<{ items: Delivery[]; next?: string }>(`${BASE}/notification-deliveries?${query}`, { signal })).body;
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
  });
}

/** Sends a test message. */
export function useTrial() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (trial: { channel: 'email' | 'sms'; to: string; language: string }) => send(`${BASE}/notification-deliveries/test`, { method: 'POST', body: trial }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['api', '/notification-deliveries'] }),
  });
}
