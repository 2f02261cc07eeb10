/** Requests of public booking: no session, no cookie, nothing kept. */

export interface Offer {
  organisation: string;
  timeZone: string;
  services: { code: string; name: string; minutes: number }[];
  /** Somebody without a name is booked as anyone is. */
  clinicians: { reference: string; display: string | null }[];
}

export interface FreeTime {
  start: string;
  end: string;
  actor: string;
}

export interface Hold {
  id: string;
  expires: string;
}

export interface Person {
  given: string;
  family: string;
  birthDate: string;
  phone: string;
  email: string;
}

/** `lost`: somebody else has the time. `closed`: this organisation does not book online. */
export type Trouble = 'closed' | 'lost' | 'busy' | 'offline' | 'refused' | 'failed';

export class BookingError extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble);
    this.name = 'BookingError';
  }
}

export function troubleOf(status: number): Trouble {
  if (status === 404) return 'closed';
  if (status === 409 || status === 410) return 'lost';
  if (status === 429 || status === 503) return 'busy';
  return status >= 400 && status < 500 ? 'refused' : 'failed';
}

async function ask<T>(path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/public/booking/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: body === undefined ? { accept: 'application/json' } : { accept: 'application/json', 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'omit',
      redirect: 'error',
    });
  } catch {
    throw new BookingError('offline');
  }
  if (!response.ok) throw new BookingError(troubleOf(response.status));
  return (await response.json()) as T;
}

const of = (organisation: string) => encodeURIComponent(organisation);

export const readOffer = (organisation: string) => ask<Offer>(of(organisation));

export async function readTimes(organisation: string, wanted: { service: string; actor?: string; from: string; to: string; tz: string }): Promise<FreeTime[]> {
  const { actor, ...rest } = wanted;
  const query = new URLSearchParams(actor ? { ...rest, actor } : rest);
  return (await ask<{ slots: FreeTime[] }>(`${of(organisation)}/slots?${query}`)).slots;
}

export const holdTime = (organisation: string, service: string, { actor, start }: FreeTime) => ask<Hold>(`${of(organisation)}/holds`, { service, actor, start });

export function request(organisation: string, hold: string, service: string, { given, family, birthDate, phone, email }: Person): Promise<unknown> {
  return ask(`${of(organisation)}/appointments`, { hold, service, name: { given, family }, birthDate, phone: phone || undefined, email: email || undefined });
}
