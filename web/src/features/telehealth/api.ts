/** Requests of video visits. Staff and patients come with their session, guests with a link. */

import { send } from '../../fhir/http';
import { counted } from '../../lib/json';

const BASE = '/api/v1';

export type RoomState = 'scheduled' | 'waiting' | 'in-call' | 'ended';

export interface Room {
  appointment: string;
  state: RoomState;
  side: 'clinician' | 'patient';
  start: string;
  end: string;
  opens: string;
  tz: string;
  service: string | null;
  clinician: string | null;
  patient: { reference: string; display: string | null } | null;
  otherPresent: boolean;
  waiting: string | null;
  admitted: string | null;
  ended: string | null;
  encounter: string | null;
  consented: boolean;
  phone: string | null;
  provider: 'own' | '100ms' | 'twilio';
}

export interface Media {
  provider: Room['provider'];
  iceServers: { urls: string[]; username?: string; credential?: string }[];
  room?: string;
  token?: string;
}

export interface Ticket {
  token: string;
  expires: string;
  after: number;
  media: Media | null;
  room: Room;
}

export interface Signal {
  kind: 'hello' | 'offer' | 'answer' | 'candidate' | 'bye';
  call?: string;
  data?: string;
}

export interface Exchanged {
  room: Room;
  signals: (Signal & { seq: number })[];
}

const post = async <T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> => counted((await send<unknown>(BASE + path, { method: 'POST', body, signal })).body) as T;
const get = async <T>(path: string, signal?: AbortSignal): Promise<T> => counted((await send<unknown>(BASE + path, { signal })).body) as T;

/** How one comes to a room: by the own authority, or by a link. */
export interface Way {
  key: string;
  /** Whether one is told at once when something is new; guests ask. */
  rings: boolean;
  room: (signal?: AbortSignal) => Promise<Room>;
  join: (consent: boolean) => Promise<Ticket>;
}

export function byAppointment(id: string): Way {
  const path = `/telehealth/rooms/${encodeURIComponent(id)}`;
  return { key: id, rings: true, room: (signal) => get(path, signal), join: (consent) => post(`${path}/join`, { consent }) };
}

export function byLink(link: string): Way {
  // In the body: addresses are kept in the logs of whatever stands between.
  const path = '/public/telehealth/waiting-room';
  return { key: link, rings: false, room: (signal) => post(path, { link }, signal), join: (consent) => post(`${path}/join`, { link, consent }) };
}

export const exchange = (token: string, after: number, signals: readonly Signal[]) => post<Exchanged>('/public/telehealth/exchange', { token, after, signals });

export const admit = (id: string) => post<Room>(`/telehealth/rooms/${encodeURIComponent(id)}/admit`);
export const end = (id: string) => post<Room>(`/telehealth/rooms/${encodeURIComponent(id)}/end`);
export const invite = (id: string) => post<{ url: string; expires: string }>(`/telehealth/rooms/${encodeURIComponent(id)}/links`);

/** An appointment as far as the portal shows it. */
export interface Coming {
  id: string;
  state: string;
  start: string;
  end: string;
  type: string | null;
  service: string | null;
  actors: { reference: string; display?: string | null }[];
}

const AHEAD = 'scheduled,confirmed,arrived,ready,roomed,in-progress';

/** What a patient has before them; a visit that began a while ago may still go on. */
export async function coming(patient: string, signal?: AbortSignal): Promise<Coming[]> {
  const from = new Date(Date.now() - 4 * 3_600_000).toISOString();
  const query = new URLSearchParams({ patient: `Patient/${patient}`, from, state: AHEAD, limit: '20' });
  return (await get<{ items: Coming[] }>(`/appointments?${query}`, signal)).items;
}

/** The kind of appointment that is a video visit. */
export const VIDEO = 'Telehealth';
