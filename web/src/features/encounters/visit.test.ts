import { expect, it } from 'vitest';
import type { Composition, Observation, ServiceRequest, Stored } from '../../fhir/types';
import { begun, exitCheck, moved, within } from './visit';

const visit = { ...begun({ patient: 'p', kind: 'AMB', reason: ' Cough ', status: 'arrived', at: '2026-11-23T09:00:00Z', author: { reference: 'Practitioner/1' } }), id: 'e' };

it('keeps how long each stage took, and ends when it is finished', () => {
  const seen = moved(visit, 'in-progress', '2026-11-23T09:10:00Z');
  expect(seen.period).toEqual({ start: '2026-11-23T09:00:00Z' });
  const done = moved(seen, 'finished', '2026-11-23T09:30:00Z');
  expect(done.statusHistory).toEqual([
    { status: 'arrived', period: { start: '2026-11-23T09:00:00Z', end: '2026-11-23T09:10:00Z' } },
    { status: 'in-progress', period: { start: '2026-11-23T09:10:00Z', end: '2026-11-23T09:30:00Z' } },
  ]);
  expect([done.period?.end, visit.reasonCode?.[0]?.text]).toEqual(['2026-11-23T09:30:00Z', 'Cough']);
});

const note = (status: string) => ({ resourceType: 'Composition', id: 'n', status, encounter: { reference: 'Encounter/e' } }) as Stored<Composition>;
const order = (status: string) => ({ resourceType: 'ServiceRequest', id: 'o', status }) as Stored<ServiceRequest>;
const sign = { resourceType: 'Observation', id: 'v' } as Stored<Observation>;

it.each([
  [[note('final')], [sign], [order('active')], []],
  [[note('preliminary')], [sign], [order('draft')], ['unsignedNote!', 'unsignedOrder!']],
  [[], [], [], ['noNote', 'noVitals']],
])('checks %#', (notes, vitals, orders, said) => {
  expect(exitCheck({ notes, vitals, orders }).map((one) => one.kind + (one.blocks ? '!' : ''))).toEqual(said);
});

it('does not close a visit over a note that was begun and never saved', () => {
  const said = exitCheck({ notes: [note('final')], vitals: [sign], orders: [], unfinished: 1 });
  expect(said).toEqual([{ kind: 'unfinished', blocks: true, count: 1 }]);
});

it('finds what was written in a visit, whatever form the reference has', () => {
  const list = [note('final'), { ...note('final'), encounter: { reference: 'https://a.b/fhir/R4/Encounter/e/_history/2' } }, { ...note('final'), encounter: { reference: 'Encounter/ee' } }];
  expect(within(list, 'e').length).toBe(2);
});
