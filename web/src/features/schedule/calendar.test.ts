import { describe, expect, it } from 'vitest';
import { columnModels, movedActors, neighbour, openIn, partsOf, visitsAt } from './calendar';
import { columnsOf } from './grid';
import type { Appointment, Hours, State } from './types';

const visit = (id: string, start: string, end: string, more: Partial<Appointment> = {}): Appointment => ({
  id, version: 1, state: 'confirmed' as State, start, end, minutes: 30, service: null, type: null, priority: 0, reason: null, comment: null,
  patient: { reference: 'Patient/p' }, actors: [{ reference: 'Practitioner/a' }], overbooked: false, cancelReason: null, previous: null, series: null, stage: null, allowed: [], ...more,
});
const hours: Hours = {
  timeZone: 'Europe/Madrid', weekly: [{ days: ['mon'], start: '09:00', end: '12:00', services: [], location: null, from: null, until: null, everyWeeks: 1 }],
  exceptions: [], holidays: [], slotMinutes: 15, bufferBefore: 0, bufferAfter: 0, leadMinutes: 0, horizonDays: 90, capacity: 1, overbook: 0,
};

describe('a visit in clock time', () => {
  it('is in the clinic, not where it is looked at', () => {
    expect(partsOf(visit('1', '2026-11-23T08:00:00Z', '2026-11-23T08:30:00Z'), 'Asia/Kathmandu')).toEqual([{ day: '2026-11-23', start: 825, end: 855 }]);
  });

  it('that runs past midnight has two parts', () => {
    expect(partsOf(visit('1', '2026-11-23T22:30:00Z', '2026-11-24T00:30:00Z'), 'UTC')).toEqual([{ day: '2026-11-23', start: 1350, end: 1440 }, { day: '2026-11-24', start: 0, end: 30 }]);
  });

  it('keeps its length when the clocks go back beneath it', () => {
    expect(partsOf(visit('1', '2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z'), 'America/New_York')).toEqual([{ day: '2026-11-01', start: 90, end: 150 }]);
  });
});

it('hours of another zone are shown in this one', () => {
  expect(openIn(hours, '2026-11-23', 'America/New_York')).toEqual([{ start: 180, end: 360 }]);
  expect(openIn(hours, '2026-11-23', 'Pacific/Auckland')).toEqual([{ start: 1260, end: 1440 }]);
  expect(openIn(hours, '2026-11-24', 'America/New_York')).toEqual([]);
});

describe('columns', () => {
  const columns = columnsOf(['2026-11-23'], ['Practitioner/a', 'Location/r']);
  const list = [
    visit('1', '2026-11-23T09:00:00Z', '2026-11-23T09:30:00Z', { actors: [{ reference: 'Practitioner/a' }, { reference: 'Location/r' }] }),
    visit('2', '2026-11-23T09:15:00Z', '2026-11-23T09:45:00Z', { state: 'cancelled' }),
    visit('3', '2026-11-23T10:00:00Z', '2026-11-23T10:30:00Z'),
  ];

  it('show a visit with each of its people and rooms, and what is gone only when asked', () => {
    const models = columnModels(columns, list, new Map([['Practitioner/a', hours]]), 'UTC', false);
    expect(models.map(({ visits }) => visits.map(({ item }) => item.appointment.id))).toEqual([['1', '3'], ['1']]);
    expect([models[0]?.open, models[1]?.open]).toEqual([[{ start: 480, end: 660 }], undefined]);
    expect(columnModels(columns, list, new Map(), 'UTC', true)[0]?.visits).toHaveLength(3);
  });

  it('tell what stands at a time and what comes next', () => {
    const [column] = columnModels(columns, list, new Map(), 'UTC', true);
    expect(visitsAt(column, 555, 15).map(({ appointment }) => appointment.id)).toEqual(['1', '2']);
    expect(visitsAt(column, 585, 15)).toEqual([]);
    expect([neighbour(column, 540, true)?.appointment.id, neighbour(column, 600, false)?.appointment.id, neighbour(column, 600, true)]).toEqual(['2', '2', undefined]);
  });
});

it('a move to somebody else keeps the room', () => {
  const moved = visit('1', '', '', { actors: [{ reference: 'Practitioner/a' }, { reference: 'Location/r' }] });
  expect(movedActors(moved, 'Practitioner/a', 'Practitioner/b')).toEqual(['Practitioner/b', 'Location/r']);
  expect(movedActors(moved, 'Practitioner/a', 'Location/r')).toEqual(['Location/r']);
});
