import { expect, it } from 'vitest';
import { troubleOf } from './api';
import { organisationOf, problemsOf } from './person';

const person = { given: 'Ada', family: 'Byron', birthDate: '1980-12-10', phone: '5550100', email: '' };

it.each<[string, Partial<typeof person>, object]>([
  ['is complete', {}, {}],
  ['may give an address instead of a number', { phone: '', email: 'ada@example.org' }, {}],
  ['has to be reachable', { phone: '' }, { phone: 'details.reach' }],
  ['has names that are more than blanks', { given: ' ', family: '' }, { given: 'details.needed', family: 'details.needed' }],
  ['was born in the past', { birthDate: '2026-11-24' }, { birthDate: 'details.birth.wrong' }],
  ['was born on a day that exists', { birthDate: '1981-02-29' }, { birthDate: 'details.birth.wrong' }],
  ['was born on a whole date', { birthDate: '1981' }, { birthDate: 'details.birth.wrong' }],
  ['has a number that is one', { phone: '12' }, { phone: 'details.phone.wrong' }],
  ['has an address that is one', { email: 'ada' }, { email: 'details.email.wrong' }],
])('a person %s', (_, change, expected) => expect(problemsOf({ ...person, ...change }, '2026-11-23')).toEqual(expected));

it.each([
  ['/app/book/clinic-north', 'clinic-north'],
  ['/app/book/cl%C3%ADnica/', 'clínica'],
  ['/app/book/%', ''],
  ['/app', ''],
])('%s is booking at “%s”', (path, expected) => expect(organisationOf(path)).toBe(expected));

it.each([[404, 'closed'], [409, 'lost'], [410, 'lost'], [429, 'busy'], [422, 'refused'], [500, 'failed']] as const)('%d means %s', (status, expected) => expect(troubleOf(status)).toBe(expected));
