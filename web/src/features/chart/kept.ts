/** Drafts of notes on the server: what was typed and not saved stays there until its author signs or discards it. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Answer, RequestError, send } from '../../fhir/http';
import { useSession } from '../../fhir/session';
import { useSettled } from '../../lib/hooks';
import { KINDS, type Note, type NoteKind, SECTIONS } from './note';

/** What is typed into a note, whatever becomes of it. */
export interface Draft {
  kind: NoteKind;
  title: string;
  note: Note;
  reason: string;
}

/** What is kept: the fields of a form by name, and the visit that it is written in. */
export interface Typed {
  visit?: string;
  fields: Record<string, string>;
}

export interface Kept extends Typed {
  updatedAt: string;
}

/** One of one's own drafts: of whom and of what. */
export interface Listed {
  patient: string;
  place: string;
  visit?: string;
  updatedAt: string;
}

export function placeOf(note: string | undefined): string {
  return note === undefined ? 'new' : `note.${note}`;
}

/** What a place is a draft of. */
export function targetOf(place: string): { kind: 'new' | 'note' | 'addendum'; id?: string } {
  const [, kind, id] = /^(note|addendum)\.(.+)$/.exec(place) ?? [];
  return kind && id ? { kind: kind as 'note' | 'addendum', id } : { kind: 'new' };
}

export function fieldsOf({ kind, title, note, reason }: Draft): Record<string, string> {
  const parts = Object.entries(note).filter(([, text]) => text !== '');
  return { ...Object.fromEntries(parts), 'form.kind': kind, 'form.title': title, 'form.reason': reason };
}

/** A draft as it was typed; what this version of the form does not know is left out. */
export function draftOf(fields: Record<string, string>): Partial<Draft> {
  const note: Note = {};
  for (const { key } of SECTIONS) if (fields[key] !== undefined) note[key] = fields[key];
  const { 'form.kind': kind, 'form.title': title, 'form.reason': reason } = fields;
  return { note, ...(kind && kind in KINDS && { kind: kind as NoteKind }), ...(title !== undefined && { title }), ...(reason !== undefined && { reason }) };
}

const pathOf = (patient: string, place: string) => `/api/v1/charts/${encodeURIComponent(patient)}/drafts/${encodeURIComponent(place)}`;

const WRITERS = new Set(['doctor', 'nurse', 'clinical_staff']);

/** Whether notes are written with these roles; others would only be refused, each time with an entry in the trail. */
export function writesNotes(roles: readonly string[]): boolean {
  return roles.some((role) => WRITERS.has(role));
}

export const OWN_DRAFTS = ['drafts'];

const list = async (signal: AbortSignal) => (await send<Listed[]>('/api/v1/notes/drafts', { signal })).body;

/** One's own drafts, of all patients. */
export function useOwnDrafts() {
  const enabled = writesNotes(useSession().roles);
  return useQuery({ enabled, queryKey: OWN_DRAFTS, queryFn: ({ signal }) => list(signal), staleTime: 5_000 });
}

export async function discard({ patient, place }: Pick<Listed, 'patient' | 'place'>): Promise<void> {
  await send(pathOf(patient, place), { method: 'DELETE' });
}

/** What was kept, read once when a form opens; nothing when nothing is, or when it cannot be read. */
export function useKept(patient: string, place: string) {
  const enabled = writesNotes(useSession().roles);
  const query = useQuery({
    enabled,
    queryKey: ['draft', patient, place],
    queryFn: async ({ signal }): Promise<Answer<Kept> | null> => {
      try {
        const listed = (await list(signal)).some((one) => one.patient === patient && one.place === place);
        return listed ? await send<Kept>(pathOf(patient, place), { signal }) : null;
      } catch (error) {
        if (error instanceof RequestError) return null;
        throw error;
      }
    },
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  return enabled ? query.data : null;
}

/** `here`: in this tab alone; `other`: another window keeps another text; `full`: as many drafts as a person may have. */
export type Keeping = 'idle' | 'server' | 'here' | 'other' | 'full';

interface KeepOptions {
  patient: string;
  place: string;
  /** What is typed now; nothing while nothing is. The same object as long as it is the same text. */
  typed: Typed | undefined;
  /** What the form began with, under which version. */
  began: Answer<Kept> | null;
  /** Told of every version that was kept. */
  onKept?: (etag: string | undefined) => void;
}

const SETTLED = 2_000;

/** The same text for the same draft, in whatever order its fields come. */
export function textOf({ visit, fields }: Typed): string {
  return JSON.stringify([visit, Object.entries(fields).sort()]);
}

/** Keeps what is typed, one request after the other, and never over what another window kept. */
export function useKeeping({ patient, place, typed, began, onKept }: KeepOptions) {
  const client = useQueryClient();
  const path = pathOf(patient, place);
  const [keeping, setKeeping] = useState<Keeping>(began ? 'server' : 'idle');
  const seen = useRef(began?.etag);
  const last = useRef(began ? textOf(began.body) : undefined);
  const stopped = useRef(false);
  const queue = useRef(Promise.resolve());
  const told = useRef(onKept);
  const latest = useRef(typed);
  useEffect(() => {
    told.current = onKept;
    latest.current = typed;
  });
  const keep = useCallback(
    (what: Typed) => {
      queue.current = queue.current.then(async () => {
        const text = textOf(what);
        if (stopped.current || text === last.current) return;
        try {
          const isNew = seen.current === undefined;
          seen.current = (await send<Kept>(path, { method: 'PUT', ifMatch: seen.current, body: what })).etag;
          last.current = text;
          if (isNew) void client.invalidateQueries({ queryKey: OWN_DRAFTS });
          told.current?.(seen.current);
          setKeeping('server');
        } catch (error) {
          const status = error instanceof RequestError ? error.status : 0;
          // Asked once more, the server would say the same, and every refusal is an entry in the trail.
          stopped.current = status === 412 || status === 409 || status === 403;
          setKeeping(status === 412 ? 'other' : status === 409 ? 'full' : 'here');
        }
      });
    },
    [client, path],
  );
  const settled = useSettled(typed, SETTLED);
  useEffect(() => {
    if (settled) keep(settled);
  }, [keep, settled]);
  // Whoever turns to another window may close this one.
  useEffect(() => {
    const left = () => document.visibilityState === 'hidden' && latest.current && keep(latest.current);
    document.addEventListener('visibilitychange', left);
    return () => {
      document.removeEventListener('visibilitychange', left);
      if (latest.current) keep(latest.current);
    };
  }, [keep]);
  /** Keeps this text in place of the other window's. */
  const insist = useCallback(async () => {
    const other = await send<Kept>(path).catch(() => undefined);
    seen.current = other?.etag;
    last.current = undefined;
    stopped.current = false;
    if (latest.current) keep(latest.current);
  }, [keep, path]);
  /** Ends the draft: what comes late is not kept. */
  const drop = useCallback(async () => {
    stopped.current = true;
    await queue.current;
    if (seen.current !== undefined) await discard({ patient, place }).catch(() => undefined);
  }, [patient, place]);
  return { keeping, insist, drop };
}
