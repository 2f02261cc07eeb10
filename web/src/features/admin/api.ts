/** Administration over `/api/v1`: its documents, and the queries that the pages share. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { send } from '../../fhir/http';
import type { Decimal } from '../../lib/json';
import { DAY_MINUTES, clockOf, instantOf, isZone, viewerZone } from '../../lib/zone';

export interface Held {
  role: string;
  locations?: string[];
  expiresAt?: Decimal;
}

export interface User {
  id: string;
  username: string;
  name?: string;
  email?: string;
  fhirUser?: string;
  roles: Held[];
  enabled: boolean;
}

export interface Assignment {
  id: string;
  subject: string;
  role: string;
  locations: string[];
  startsAt: Decimal;
  endsAt?: Decimal;
  givenBy: string;
}

export interface RolePermission {
  records: string;
  may: string;
}

export interface Role {
  code: string;
  name: string;
  base: string;
  permissions: RolePermission[];
  operations?: string[];
}

export interface Template {
  code: string;
  name: string;
  base: string;
  permissions: [string, string][];
}

export const SECOND_FACTORS = ['app', 'passkey'] as const;
export type SecondFactor = (typeof SECOND_FACTORS)[number];

export interface Settings {
  timeZone: string;
  locale: string;
  careTeamRestriction: boolean;
  mfa: 'staff' | 'everybody';
  secondFactors: SecondFactor[];
  sessionIdleMinutes: Decimal;
  sessionHours: Decimal;
  ageOfMajority: Decimal;
  careCoordination: boolean;
  preauthorization: boolean;
}

export interface Branding {
  name: string;
  primary: string;
  accent: string;
  logo: string | null;
}

export const STEPS = ['organisation', 'branding', 'locations', 'settings', 'staff', 'agreements'] as const;
export type Step = (typeof STEPS)[number];

export interface Progress {
  next?: Step;
  done: Partial<Record<Step, Record<string, unknown>>>;
}

export interface Broken {
  id: string;
  subject: string;
  patient: string;
  reason: string;
  startsAt: Decimal;
}

export interface Organisation {
  id: Decimal;
  name: string;
  state: string;
  createdAt: Decimal;
  closing?: { dueAt: Decimal };
}

/** What an organisation may use, nothing being no limit, and what it uses. */
export interface Limits {
  users: Decimal | null;
  storageMib: Decimal | null;
  perSecond: Decimal | null;
  used: { users: Decimal; storageBytes: Decimal; measuredAt: Decimal };
}

export interface OwnSession {
  id: string;
  browser: string;
  address: string;
  createdAt: string;
  seenAt: string;
  current: boolean;
}

export interface Passkey {
  id: string;
  name: string;
  createdAt: string;
  usedAt?: string;
  synced: boolean;
  backedUp: boolean;
}

/** What each address answers with. */
interface Documents {
  '/users': { items: User[]; next?: string };
  '/admin/assignments': Assignment[];
  '/admin/roles': Role[];
  '/admin/role-templates': Template[];
  '/admin/settings': Settings;
  '/admin/branding': Branding;
  '/admin/onboarding': Progress;
  '/admin/access-reviews': Broken[];
  '/admin/limits': Limits;
  '/admin/organisations': Organisation[];
  '/sessions': OwnSession[];
  '/passkeys': Passkey[];
}

const BASE = '/api/v1';

export function useDocument<P extends keyof Documents>(path: P, enabled = true) {
  return useQuery({ enabled, queryKey: ['api', path], queryFn: async ({ signal }) => (await send<Documents[P]>(`${BASE}${path}`, { signal })).body, staleTime: 5_000 });
}

/** Somebody who may act for a patient. */
export interface Proxy {
  id: string;
  subject: string;
  basis: 'parental' | 'patient' | 'legal';
  endsAt?: Decimal;
}

export function useProxies(patient: string) {
  return useQuery({ queryKey: ['api', 'proxies', patient], queryFn: async ({ signal }) => (await send<Proxy[]>(`${BASE}/proxies?patient=${encodeURIComponent(patient)}`, { signal })).body });
}

export interface Act {
  method: 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: unknown;
}

/** Changes something and reads all of administration again: one change may show in several lists. */
export function useAct<T = unknown>(then?: (answer: T) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ method, path, body }: Act) => (await send<T>(`${BASE}${path}`, { method, body })).body,
    onSuccess: async (answer) => {
      await client.invalidateQueries({ queryKey: ['api'] });
      then?.(answer);
    },
  });
}

/** Roles of the matrix that an organisation gives to people. */
export const ROLES = ['org_admin', 'doctor', 'nurse', 'clinical_staff', 'receptionist', 'lab_technician', 'lab_supervisor', 'pharmacist', 'biller', 'auditor', 'privacy_officer', 'patient', 'caregiver'] as const;

/** Microseconds since 1970 as the moment that people read. */
export function moment(microseconds: Decimal): string {
  return new Date(microseconds.toNumber() / 1000).toISOString();
}

/** The organisation's time zone: what ends on a day ends on its wall. The viewer's until it is known. */
export function useZone(): string {
  const zone = useDocument('/admin/settings').data?.timeZone;
  return zone && isZone(zone) ? zone : viewerZone();
}

/** The last second of a day of a place as microseconds since 1970, exactly; nothing for no day. */
export function endOfDay(date: string, zone: string): number | undefined {
  return date ? (instantOf(date, DAY_MINUTES, zone) - 1000) * 1000 : undefined;
}

/** The day of a place in which a moment lies. */
export function dayOf(microseconds: Decimal, zone: string): string {
  return clockOf(microseconds.toNumber() / 1000, zone).day;
}

/** Relative luminance after WCAG 2; the server asks the same of the colours of an organisation. */
function luminance(colour: string): number {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast of a colour with white. */
export function contrast(colour: string): number {
  return /^#[0-9a-f]{6}$/i.test(colour) ? 1.05 / (luminance(colour) + 0.05) : 0;
}

export const LEGIBLE = 4.5;
