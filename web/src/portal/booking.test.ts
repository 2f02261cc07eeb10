import { expect, test } from 'vitest';
import { RequestError } from '../fhir/http';
import { byDay, nextDay, refusal } from './booking';

const time = (start: string, actor: string) => ({ start, end: start, actor });

test('times stand below the clinic’s day, each once', () => {
  const found = byDay([time('2026-11-24T10:00:00+01:00', 'Practitioner/b'), time('2026-11-23T23:30:00Z', 'Practitioner/a'), time('2026-11-24T10:00:00+01:00', 'Practitioner/a')], 'Europe/Madrid');
  expect(found.map(([day, list]) => [day, list.map(({ start, actor }) => `${start.slice(11, 16)} ${actor}`)])).toEqual([['2026-11-24', ['23:30 Practitioner/a', '10:00 Practitioner/a']]]);
});

test('a time that is gone, a rule, and a failure are told apart', () => {
  const of = (status: number) => refusal(new RequestError('failed', status, [], undefined));
  expect([of(409), of(422), of(403), of(500), refusal(new Error('x'))]).toEqual(['lost', 'late', 'late', undefined, undefined]);
});

test('looking on begins where a cut answer broke off', () => {
  const slots = [time('2026-11-24T10:00:00Z', 'Practitioner/a'), time('2026-11-26T23:30:00Z', 'Practitioner/a')];
  expect([nextDay(slots, false, '2026-11-24', 'Europe/Madrid'), nextDay(slots, true, '2026-11-24', 'Europe/Madrid'), nextDay(slots.slice(0, 1), true, '2026-11-24', 'Europe/Madrid')]).toEqual(['2026-12-01', '2026-11-27', '2026-11-25']);
});
