/** Who is signed in, as the server says; nothing about the session is kept in the page's storage. */

import { useQuery } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { ownDrafts } from '../lib/drafts';
import { send, carryCsrfToken } from './http';

export interface Session {
  /** Stable id of the user. */
  user: string;
  name: string;
  tenant: { name: string; displayName: string };
  roles: string[];
  /** The signed-in person's own resource, such as `Practitioner/1`. */
  fhirUser?: string;
  csrfToken?: string;
}

export function useSessionQuery() {
  return useQuery({
    queryKey: ['session'],
    queryFn: async ({ signal }) => {
      const { body } = await send<Session>('/api/v1/session', { signal });
      carryCsrfToken(body.csrfToken);
      ownDrafts(`${body.tenant.name}/${body.user}`);
      return body;
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('rendered outside of a session');
  return session;
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
export function signInUrl(tenant: string): string {
  const back = location.pathname + location.search;
  return `/t/${encodeURIComponent(tenant)}/sign-in?return_to=${encodeURIComponent(back)}`;
}

export function endSession(): Promise<unknown> {
  return send('/api/v1/session', { method: 'DELETE' });
}
