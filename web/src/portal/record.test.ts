import { expect, it } from 'vitest';
import type { Observation, Stored } from '../fhir/types';
import { Decimal } from '../lib/json';
import { type AccessLine, barOf, isRecent, placeOf, plainName, practitioners, rangeText, tests } from './record';
import { pageOf, pathOf } from './route';

const value = (text: string) => ({ value: new Decimal(text), unit: 'mmol/L' });
const result = (id: string, at: string, more: Partial<Observation> = {}): Stored<Observation> => ({ resourceType: 'Observation', id, status: 'final', code: { text: 'Potassium [Moles/volume] in Serum or Plasma' }, effectiveDateTime: at, valueQuantity: value('5.3'), ...more });
const range = [{ low: value('3.5'), high: value('5.1') }];

it('gathers the results of a test, newest first, and only what was released', () => {
  const list = [result('1', '2025-01-01'), result('2', '2026-01-01'), result('3', '2026-02-01', { status: 'preliminary' }), result('4', '2026-03-01', { code: { text: 'HbA1c/Hb' } })];
  expect(tests(list).map((test) => [test.name, test.results.map((one) => one.id)])).toEqual([
    ['HbA1c', ['4']],
    ['Potassium', ['2', '1']],
  ]);
  expect(plainName(list[0]!)).toBe('Potassium');
});

it.each([
  [{ referenceRange: range }, 'above'],
  [{ referenceRange: range, valueQuantity: value('3.1') }, 'below'],
  [{ referenceRange: range, valueQuantity: value('4.1') }, 'within'],
  [{ interpretation: [{ coding: [{ code: 'A' }] }] }, 'notable'],
  [{}, 'unknown'],
] as const)('says where %j lies', (more, place) => {
  expect(placeOf(result('1', '2025', more as Partial<Observation>))).toBe(place);
});

it('writes the range as it was reported', () => {
  expect(rangeText(result('1', '2025', { referenceRange: range }))).toBe('3.5–5.1 mmol/L');
  expect(rangeText(result('1', '2025', { referenceRange: [{ high: value('5.1') }] }))).toBe('< 5.1 mmol/L');
  expect(rangeText(result('1', '2025'))).toBe('');
});

it('knows its addresses', () => {
  expect(['/app/portal', '/app/portal/', '/app/portal/results', '/app/portal/results/x', '/app/portal/other'].map(pageOf)).toEqual(['home', 'home', 'results', 'results', 'home']);
  expect(pathOf('visits')).toBe('/app/portal/visits');
});

it('names each practitioner among those who looked once', () => {
  const line = (who: string): AccessLine => ({ at: '2026-11-23T10:00:00Z', who, roles: [], what: 'viewed', records: [], why: '', emergency: false, refused: false });
  const lines = ['Practitioner/b', 'Patient/p', 'Practitioner/a', 'Practitioner/b', 'a login'].map(line);
  expect(practitioners(lines)).toEqual(['Practitioner/a', 'Practitioner/b']);
});

it('places a value on its bar by the usual range, and nowhere without one', () => {
  const at = (text: string, referenceRange: Observation['referenceRange'] = range) => barOf(result('1', '2026-01-01', { valueQuantity: value(text), referenceRange }));
  expect([at('3.5'), at('5.1')]).toEqual([0.25, 0.75]);
  expect(at('4.3')).toBeCloseTo(0.5, 9);
  expect([at('0.1'), at('99')]).toEqual([0.02, 0.98]);
  expect(at('4.3', [{ high: value('5.1') }])).toBeUndefined();
  expect(barOf(result('1', '2026-01-01', { valueQuantity: { ...value('4'), comparator: '<' }, referenceRange: range }))).toBeUndefined();
});

it('tells results of these days from older ones', () => {
  const now = Date.parse('2026-11-23T10:00:00Z');
  const stored = (lastUpdated?: string) => isRecent({ ...result('1', '2026-01-01'), meta: { lastUpdated } }, now);
  expect([stored('2026-11-20T10:00:00Z'), stored('2026-10-01T10:00:00Z'), stored()]).toEqual([true, false, false]);
});
