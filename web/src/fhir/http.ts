/** Requests to the server that served this page: the session cookie, the anti-forgery header, and errors as values to show. */

import { parse, stringify } from '../lib/json';
import type { Issue, OperationOutcome } from './types';

/** Set when the session is known; state-changing requests carry it. */
let csrf: string | undefined;

export function carryCsrfToken(token: string | undefined): void {
  csrf = token;
}

export const CSRF_HEADER = 'X-CSRF-Token';

export type Kind = 'offline' | 'signed-out' | 'step-up' | 'denied' | 'missing' | 'gone' | 'conflict' | 'invalid' | 'busy' | 'failed';

/** Why a request was not answered as hoped. */
export class RequestError extends Error {
  constructor(
    readonly kind: Kind,
    readonly status: number,
    readonly issues: Issue[],
    /** The server's id of the request, for whoever looks into its log. */
    readonly correlationId: string | undefined,
    /** Seconds after which trying again is welcome. */
    readonly retryAfter?: number,
  ) {
    super(issues[0]?.diagnostics ?? `status ${status}`);
    this.name = 'RequestError';
  }

  /** Trying again may help. */
  get passing(): boolean {
    return this.kind === 'offline' || this.kind === 'busy' || this.kind === 'failed';
  }
}

export interface Answer<T> {
  body: T;
  /** Version as `If-Match` wants it. */
  etag: string | undefined;
  status: number;
}

export interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** JSON, or the bytes of a file under its own media type. */
  body?: unknown;
  ifMatch?: string;
  /** The same key for a repeated attempt: what was asked for is done once. */
  idempotencyKey?: string;
  signal?: AbortSignal;
  accept?: string;
}

function kindOf(status: number): Kind {
  if (status === 401) return 'signed-out';
  if (status === 403) return 'denied';
  if (status === 404) return 'missing';
  if (status === 410) return 'gone';
  if (status === 409 || status === 412) return 'conflict';
  if (status === 400 || status === 413 || status === 422) return 'invalid';
  if (status === 429 || status === 503) return 'busy';
  return 'failed';
}

interface ProblemDetails {
  detail?: string;
  title?: string;
  pointer?: string;
}

function issuesOf(body: unknown): Issue[] {
  if (typeof body !== 'object' || body === null) return [];
  if ('resourceType' in body && body.resourceType === 'OperationOutcome') return (body as OperationOutcome).issue;
  const { detail, title, pointer } = body as ProblemDetails;
  const text = detail ?? title;
  return text ? [{ severity: 'error', code: 'processing', diagnostics: text, expression: pointer ? [pointer] : undefined }] : [];
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  if (text === '' || !/json/.test(type)) return text;
  return parse(text);
}

function refusal(response: Response, body: unknown): RequestError {
  const wait = Number(response.headers.get('retry-after'));
  // RFC 9470: the session is good, but the act asks for a proof of moments ago.
  const fresh = response.headers.get('www-authenticate')?.includes('insufficient_user_authentication') ?? false;
  return new RequestError(
    fresh ? 'step-up' : kindOf(response.status),
    response.status,
    issuesOf(body),
    response.headers.get('x-request-id') ?? undefined,
    wait > 0 ? wait : undefined,
  );
}

/** The answer to a request, whatever it is; only an unreachable server is a failure here. */
async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, credentials: 'same-origin', redirect: 'error' });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new RequestError('offline', 0, [], undefined);
  }
}

/** Sends a request to a path of this origin. Every failure is a {@link RequestError}. */
export async function send<T>(path: string, request: Request = {}): Promise<Answer<T>> {
  const { method = 'GET', body, ifMatch, idempotencyKey, signal, accept = 'application/json' } = request;
  const headers = new Headers({ accept });
  const fhir = path.startsWith('/fhir/');
  const raw = body instanceof Blob;
  if (body !== undefined) headers.set('content-type', raw ? body.type : fhir ? 'application/fhir+json' : 'application/json');
  if (ifMatch) headers.set('if-match', ifMatch);
  if (idempotencyKey) headers.set('idempotency-key', idempotencyKey);
  if (csrf && method !== 'GET') headers.set(CSRF_HEADER, csrf);
  const sent = body === undefined || raw ? body : stringify(body);
  const response = await reach(path, { method, headers, body: sent, signal });
  const read = await bodyOf(response).catch(() => '');
  if (!response.ok) throw refusal(response, read);
  return { body: read as T, etag: response.headers.get('etag') ?? undefined, status: response.status };
}

/** The bytes at a path, under the media type that was asked for and no other. */
export async function bytes(path: string, accept: string, signal?: AbortSignal): Promise<Blob> {
  const response = await reach(path, { headers: { accept }, signal });
  if (!response.ok) throw refusal(response, await bodyOf(response).catch(() => ''));
  return new Blob([await response.arrayBuffer()], { type: accept });
}
