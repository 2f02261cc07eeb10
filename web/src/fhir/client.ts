/** FHIR interactions, typed by resource name. */

import { type Answer, bytes, send } from './http';
import type { Bundle, BundleEntry, Coding, Resource, Stored, Types, TypeName, ValueSet } from './types';

const BASE = '/fhir/R4';
const ACCEPT = 'application/fhir+json';

/** Search parameters; several values of one name are repeated (and). */
export type Params = Record<string, string | number | undefined | (string | undefined)[]>;

export function query(params: Params): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== '') search.append(name, String(one));
  }
  return search.toString();
}

/** `,`, `|`, `$` and `\` have a meaning in search values. */
export function escapeValue(value: string): string {
  return value.replaceAll(/[\\,|$]/g, (character) => `\\${character}`);
}

/** A page of matches in the server's order. */
export interface Page<R extends Resource> {
  matches: Stored<R>[];
  /** What `_include` brought along. */
  included: Stored[];
  total: number | undefined;
  more: boolean;
  /** Query of the following page. */
  next: string | undefined;
}

export function search<N extends TypeName>(type: N, params: Params, signal?: AbortSignal): Promise<Page<Types[N]>> {
  return searchOn(type, query(params), signal);
}

/** A page by its query: the first one's parameters, or what the page before named as the next. */
export async function searchOn<N extends TypeName>(type: N, parameters: string, signal?: AbortSignal): Promise<Page<Types[N]>> {
  const { body } = await send<Bundle<Stored<Types[N]>>>(`${BASE}/${type}?${parameters}`, { signal, accept: ACCEPT });
  const entries = body.entry ?? [];
  const next = body.link?.find((link) => link.relation === 'next')?.url.split('?')[1];
  return {
    matches: entries.filter((entry) => entry.search?.mode !== 'include').flatMap((entry) => entry.resource ?? []),
    included: entries.flatMap((entry) => (entry.search?.mode === 'include' ? (entry.resource ?? []) : [])),
    total: body.total?.toNumber(),
    more: next !== undefined,
    next,
  };
}

/** How many match. */
export async function count(type: string, params: Params, signal?: AbortSignal): Promise<number> {
  const { body } = await send<Bundle>(`${BASE}/${type}?${query({ ...params, _summary: 'count' })}`, { signal, accept: ACCEPT });
  return body.total?.toNumber() ?? 0;
}

export function read<N extends TypeName>(type: N, id: string, signal?: AbortSignal): Promise<Answer<Stored<Types[N]>>> {
  return send(`${BASE}/${type}/${encodeURIComponent(id)}`, { signal, accept: ACCEPT });
}

/** The versions of a record, newest first. */
export async function history<N extends TypeName>(type: N, id: string, signal?: AbortSignal): Promise<Stored<Types[N]>[]> {
  const { body } = await send<Bundle<Stored<Types[N]>>>(`${BASE}/${type}/${encodeURIComponent(id)}/_history?_count=50`, { signal, accept: ACCEPT });
  return (body.entry ?? []).flatMap((entry) => entry.resource ?? []);
}

export function create<R extends Resource>(resource: R): Promise<Answer<Stored<R>>> {
  return send(`${BASE}/${resource.resourceType}`, { method: 'POST', body: resource, accept: ACCEPT });
}

/** Replaces the version that `etag` names; a newer one is a conflict. */
export function update<R extends Resource>(resource: Stored<R>, etag: string | undefined): Promise<Answer<Stored<R>>> {
  const ifMatch = etag ?? versionOf(resource);
  return send(`${BASE}/${resource.resourceType}/${resource.id}`, { method: 'PUT', body: resource, ifMatch, accept: ACCEPT });
}

export async function remove(resource: Stored): Promise<void> {
  await send(`${BASE}/${resource.resourceType}/${resource.id}`, { method: 'DELETE', ifMatch: versionOf(resource), accept: ACCEPT });
}

/** The version that was read, as `If-Match` names it. */
function versionOf(resource: Stored): string {
  return `W/"${resource.meta?.versionId ?? ''}"`;
}

/** Stores all or none. What has an id replaces the version that was read; a newer one is a conflict. */
export async function transaction(resources: Resource[]): Promise<BundleEntry[]> {
  const entry = resources.map((resource) => ({ resource, request: requestOf(resource) }));
  const bundle: Bundle = { resourceType: 'Bundle', type: 'transaction', entry };
  const { body } = await send<Bundle>(BASE, { method: 'POST', body: bundle, accept: ACCEPT });
  return body.entry ?? [];
}

function requestOf(resource: Resource): NonNullable<BundleEntry['request']> {
  if (!resource.id) return { method: 'POST', url: resource.resourceType };
  return { method: 'PUT', url: `${resource.resourceType}/${resource.id}`, ifMatch: versionOf(resource as Stored) };
}

/** A patient that may be the same person, with the server's grade. */
export interface Candidate {
  patient: Stored<Types['Patient']>;
  score: number;
  grade: string;
}

export async function match(patient: Types['Patient'], signal?: AbortSignal): Promise<Candidate[]> {
  const body = { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: patient }, { name: 'count', valueInteger: 5 }] };
  const answer = await send<Bundle<Stored<Types['Patient']>>>(`${BASE}/Patient/$match`, { method: 'POST', body, signal, accept: ACCEPT });
  return (answer.body.entry ?? []).flatMap((entry) => {
    if (!entry.resource) return [];
    const grade = entry.search?.extension?.find((one) => one.valueCode)?.valueCode ?? 'possible';
    return [{ patient: entry.resource, score: entry.search?.score?.toNumber() ?? 0, grade }];
  });
}

/** Codes asked for and shown: more are asked for, so that those that begin like the words can lead. */
const ASKED = 100;
const SHOWN = 20;

/** Codes of `system` whose code or words have those of `filter`; those that begin with it come first. */
export async function expand(system: string, filter: string, signal?: AbortSignal): Promise<Coding[]> {
  const valueSet = { resourceType: 'ValueSet', status: 'active', compose: { include: [{ system }] } };
  const body = {
    resourceType: 'Parameters',
    parameter: [
      { name: 'valueSet', resource: valueSet },
      { name: 'filter', valueString: filter },
      { name: 'count', valueInteger: ASKED },
    ],
  };
  const answer = await send<ValueSet>(`${BASE}/ValueSet/$expand`, { method: 'POST', body, signal, accept: ACCEPT });
  const wanted = filter.toLowerCase();
  const begins = ({ code = '', display = '' }: Coding) => code.toLowerCase().startsWith(wanted) || display.toLowerCase().startsWith(wanted);
  const found = answer.body.expansion?.contains ?? [];
  return [...found.filter(begins), ...found.filter((coding) => !begins(coding))].slice(0, SHOWN);
}

/** The path of an attachment that the server holds; other places are not followed. */
function attachmentPath(url: string): string {
  const path = /^(?:https?:\/\/[^/]+\/fhir\/R4\/)?(Binary\/[A-Za-z0-9.-]+)$/.exec(url)?.[1];
  if (!path) throw new TypeError('the attachment is not on this server');
  return `${BASE}/${path}`;
}

export async function attachmentText(url: string, signal?: AbortSignal): Promise<string> {
  return (await send<string>(attachmentPath(url), { signal, accept: '*/*' })).body;
}

/** The content of an attachment as `type`, which decides how it is shown, whatever its bytes look like. */
export async function attachmentBlob(url: string, type: string, signal?: AbortSignal): Promise<Blob> {
  return bytes(attachmentPath(url), type, signal);
}
