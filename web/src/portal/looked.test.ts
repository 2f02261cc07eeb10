import { expect, test } from 'vitest';
import { sittings } from './looked';
import type { AccessLine } from './record';

const line = (minute: number, what: string, records: string[], more: Partial<AccessLine> = {}): AccessLine => ({
  at: `2026-11-23T14:${String(minute).padStart(2, '0')}:00Z`,
  who: 'Practitioner/a',
  roles: ['doctor'],
  what,
  records,
  why: 'treatment',
  emergency: false,
  refused: false,
  ...more,
});

test('one person’s requests within half an hour are one sitting, each part named once', () => {
  const found = sittings([line(40, 'found in a search', ['9 Observation']), line(39, 'viewed', ['1 Patient']), line(38, 'changed', ['1 Condition']), line(37, 'found in a search', ['2 DiagnosticReport']), line(5, 'viewed', ['1 Patient'])]);
  expect(found.map(({ from, until, deeds }) => [from.slice(14, 16), until.slice(14, 16), deeds])).toEqual([
    ['37', '40', [{ deed: 'looked', parts: ['chart.results', 'portal.part.details'] }, { deed: 'changed', parts: ['chart.problems'] }]],
    ['05', '05', [{ deed: 'looked', parts: ['portal.part.details'] }]],
  ]);
});

test('others, refusals, and emergencies stand apart, and what has no plain name is still told', () => {
  const found = sittings([line(9, 'viewed', ['1 Basic']), line(8, 'viewed', [], { who: 'Practitioner/b' }), line(7, 'viewed', ['1 Patient'], { refused: true }), line(6, 'viewed', ['1 Patient'], { emergency: true }), line(5, 'exported', [])]);
  expect(found.map(({ who, refused, emergency, deeds }) => [who.at(-1), refused, emergency, deeds.map(({ deed, parts }) => `${deed} ${parts.join()}`.trim())])).toEqual([
    ['a', false, false, ['looked portal.part.other', 'other']],
    ['b', false, false, ['looked']],
    ['a', true, false, ['looked portal.part.details']],
    ['a', false, true, ['looked portal.part.details']],
  ]);
});
