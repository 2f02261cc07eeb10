/** What is wrong with the details that somebody typed, before they are sent. */

import { isFhirDate } from '../lib/dates';
import type { Person } from './api';
import type { Word } from './words';

export type Problems = Partial<Record<keyof Person, Word>>;

export function problemsOf(person: Person, today: string): Problems {
  const found: Problems = {};
  if (!person.given.trim()) found.given = 'details.needed';
  if (!person.family.trim()) found.family = 'details.needed';
  if (!person.birthDate) found.birthDate = 'details.needed';
  else if (person.birthDate.length !== 10 || !isFhirDate(person.birthDate) || person.birthDate > today || person.birthDate < '1880') found.birthDate = 'details.birth.wrong';
  const [phone, email] = [person.phone.trim(), person.email.trim()];
  if (!phone && !email) found.phone = 'details.reach';
  if (phone && phone.replaceAll(/\D/g, '').length < 7) found.phone = 'details.phone.wrong';
  if (email && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) found.email = 'details.email.wrong';
  return found;
}

/** The organisation of an address such as `/app/book/clinic-north`. */
export function organisationOf(path: string): string {
  const found = /\/book\/([^/]+)/.exec(path)?.[1] ?? '';
  try {
    return decodeURIComponent(found);
  } catch {
    return '';
  }
}
