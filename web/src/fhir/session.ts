/** Who is signed in, as the server says; nothing about the session is kept in the page's storage. */

import { queryOptions, useQuery } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { ownDrafts } from '../lib/drafts';
import type { Key } from '../lib/i18n';
import { carryCsrfToken, send } from './http';
import type { Reference } from './types';

export interface Session {
  /** Id of the account. */
  account: string;
  name: string;
  /** Name of the organisation in addresses. */
  tenant?: string;
  /** Codes of the roles held now. */
  roles: string[];
  /** The signed-in person's own resource, such as `Practitioner/1`. */
  fhirUser?: string;
  csrfToken: string;
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => {
    const { body } = await send<Session>('/api/v1/session', { signal });
    carryCsrfToken(body.csrfToken);
    ownDrafts(body.account);
    return body;
  },
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
});

export function useSessionQuery() {
  return useQuery(sessionQuery);
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('rendered outside of a session');
  return session;
}

/** Roles that see who somebody is and when they come, and nothing of what is clinical. */
const DESK = new Set(['receptionist', 'org_admin', 'privacy_officer']);

/** Whether charts are opened with these roles; others would only be refused, each time with an entry in the trail. */
export function readsCharts(roles: readonly string[]): boolean {
  return roles.some((role) => !DESK.has(role));
}

/** A role by its name for people; one that the organisation made is known by its code. */
export function roleName(t: (key: Key) => string, code: string): string {
  const key = `role.${code}` as Key;
  const name = t(key);
  return name === key ? code : name;
}

/** The signed-in person as author of a record; nobody without a resource of their own may sign one. */
export function useAuthor(): Reference | undefined {
  const { fhirUser, name } = useSession();
  return fhirUser ? { reference: fhirUser, display: name } : undefined;
}

const TENANT = 'tenant';

/** The organisation whose sign-in page to go to: the one of the last session in this browser. */
export function rememberTenant(name: string): void {
  localStorage.setItem(TENANT, name);
}

export function lastTenant(): string | undefined {
  return localStorage.getItem(TENANT) ?? undefined;
}

/** The server's sign-in page, which comes back to where we are. */
export function signInUrl(tenant = lastTenant()): string {
  const back = location.pathname + location.search;
  // Without a name the application asks for it.
  if (!tenant) return back;
  return `/t/${encodeURIComponent(tenant)}/sign-in?return=${encodeURIComponent(back)}`;
}

/** The server's page that asks for a fresh proof of who one is, and comes back to where we are. */
export function stepUpUrl(tenant = lastTenant()): string {
  return `/t/${encodeURIComponent(tenant ?? '')}/step-up?return=${encodeURIComponent(location.pathname + location.search)}`;
}

let ended = false;

/** Whether this page ended its session itself: it then says so, and answers that come late do not. */
export function hasEnded(): boolean {
  return ended;
}

/**
 * Ends the session. The server then has the browser forget what this origin stored; choices of the screen are no
 * secret and come back, and so do the drafts when the same person is expected to return.
 */
export async function endSession(keep: 'drafts' | 'choices'): Promise<void> {
  ended = true;
  const choices = { ...localStorage };
  const drafts = keep === 'drafts' ? { ...sessionStorage } : {};
  await send('/api/v1/session', { method: 'DELETE' }).catch(() => undefined);
  sessionStorage.clear();
  for (const [key, value] of Object.entries<string>(choices)) localStorage.setItem(key, value);
  for (const [key, value] of Object.entries<string>(drafts)) sessionStorage.setItem(key, value);
}
