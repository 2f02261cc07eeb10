/** Signatures of notes over `/api/v1/notes`: the server gives them its time and the name of whoever is signed in. */

import { useQuery } from '@tanstack/react-query';
import { search } from '../../fhir/client';
import { nameText } from '../../fhir/display';
import { bytes, send } from '../../fhir/http';
import { useSession } from '../../fhir/session';
import type { Composition, Stored } from '../../fhir/types';

const BASE = '/api/v1/notes';
const at = (id: string, act: string) => `${BASE}/${encodeURIComponent(id)}/${act}`;

interface Wanted {
  /** Who is asked for a second signature, such as `Practitioner/1`; nobody in particular when empty. */
  cosigner?: string;
  /** Why a signed note is amended. */
  reason?: string;
}

/** Writes a note and signs it, in one step. */
export async function sign(note: Composition | Stored<Composition>, { cosigner, reason }: Wanted = {}): Promise<Stored<Composition>> {
  const { body } = await send<{ note: Stored<Composition> }>(`${BASE}/sign`, { method: 'POST', body: { note, cosigner: cosigner || undefined, reason } });
  return body.note;
}

export const cosign = (id: string) => send(at(id, 'cosign'), { method: 'POST' });
export const sendBack = (id: string, reason: string) => send(at(id, 'return'), { method: 'POST', body: { reason } });
export const takeBack = (id: string) => send(at(id, 'signature'), { method: 'DELETE' });
export const pdf = (id: string) => bytes(at(id, 'pdf'), 'application/pdf');

export interface CosignRules {
  roles: string[];
  practitioners: string[];
  /** Whether notes of whoever is signed in need a second signature. */
  ownNotes: boolean;
}

export const COSIGN = `${BASE}/settings/cosign`;

export function useCosignRules() {
  return useQuery({ queryKey: ['notes', 'cosign'], queryFn: ({ signal }) => send<CosignRules>(COSIGN, { signal }), staleTime: 60_000 });
}

/** Everybody who may be asked for a signature. */
export function useColleagues() {
  const { fhirUser } = useSession();
  return useQuery({
    queryKey: ['notes', 'colleagues'],
    queryFn: async ({ signal }) => {
      const { matches } = await search('Practitioner', { 'active:not': 'false', _count: 500 }, signal);
      const named = matches.map((one) => ({ value: `Practitioner/${one.id}`, label: nameText(one.name?.[0]) || one.id }));
      return named.filter((one) => one.value !== fhirUser).sort((a, b) => a.label.localeCompare(b.label));
    },
    staleTime: 300_000,
  });
}
