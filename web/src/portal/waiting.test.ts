import { expect, it } from 'vitest';
import { RequestError } from '../fhir/http';
import { PARTS, type Part, partOf, refusal } from './waiting';

it('reads back the part of the day that was asked for', () => {
  for (const part of Object.keys(PARTS) as Part[]) expect(partOf({ earliest: PARTS[part][0], latest: PARTS[part][1] })).toBe(part);
  expect(partOf({ earliest: '08:30', latest: null })).toBeUndefined();
});

it('tells an offer that is gone from an entry that is there already', () => {
  const conflict = (text: string) => new RequestError('conflict', 409, [{ severity: 'error', code: 'conflict', diagnostics: text }], undefined);
  expect(refusal(conflict('no offer stands any more'))).toBe('gone');
  expect(refusal(conflict('you are on the waiting list for this already'))).toBe('already');
  expect(refusal(new RequestError('offline', 0, [], undefined))).toBeUndefined();
});
