/** Limits of an organisation: how much of them is used, and how they are typed. */

import { Decimal } from '../../lib/json';
import type { Limits } from './api';

export const LIMITS = ['users', 'storageMib', 'perSecond'] as const;
export type Limit = (typeof LIMITS)[number];

/** The largest number that the server takes. */
const LARGEST: Record<Limit, number> = { users: 2_147_483_647, storageMib: 8_000_000_000_000, perSecond: 2_147_483_647 };

const MIB = 1024 * 1024;

/** What is used of a limit, in its unit; requests of a second are counted by no one. */
export function usedOf(limit: Limit, { used }: Limits): number | undefined {
  if (limit === 'users') return used.users.toNumber();
  return limit === 'storageMib' ? used.storageBytes.toNumber() / MIB : undefined;
}

export type Fill = 'free' | 'near' | 'full';

/** How much is left: whoever is near a limit should hear of it before work is refused. */
export function fill(limit: Limit, limits: Limits): Fill {
  const [used, most] = [usedOf(limit, limits), limits[limit]?.toNumber()];
  if (used === undefined || most === undefined) return 'free';
  if (used >= most) return 'full';
  return used >= most * 0.9 ? 'near' : 'free';
}

export type Typed = Record<Limit, string>;

export function typedOf(limits: Limits): Typed {
  return { users: limits.users?.text ?? '', storageMib: limits.storageMib?.text ?? '', perSecond: limits.perSecond?.text ?? '' };
}

/** Whether what was typed is a limit: a whole number, or nothing for none. */
export function isLimit(limit: Limit, text: string): boolean {
  const bare = text.trim();
  return bare === '' || (/^[1-9]\d*$/.test(bare) && Number(bare) <= LARGEST[limit]);
}

/** What was typed, as it is sent. */
export function sent(typed: Typed): Record<Limit, Decimal | null> {
  const one = (limit: Limit) => (typed[limit].trim() === '' ? null : new Decimal(typed[limit].trim()));
  return { users: one('users'), storageMib: one('storageMib'), perSecond: one('perSecond') };
}
