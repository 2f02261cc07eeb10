import { describe, expect, it } from 'vitest';
import type { Communication, Stored } from '../../fhir/types';
import { finished, inOrder, isLate, owned, postponed, subjectOf, task, visible } from './task';
import { message, settled, threads } from './thread';

const me = { reference: 'Practitioner/1', display: 'Me' };
const typed = { text: ' Call back ', priority: 'routine', due: '' };
const one = (id: string, more: Partial<Parameters<typeof task>[0]> = {}) => ({ ...task({ ...typed, ...more }, '2026-11-20T10:00:00Z', me), id });

describe('tasks', () => {
  const list = [one('later', { due: '2026-12-01' }), one('late', { due: '2026-11-22' }), one('today', { due: '2026-11-23' }), one('urgent', { priority: 'urgent' }), one('mine', { owner: me })];

  it('puts what is late first, then by priority and day', () => {
    expect(inOrder(list, '2026-11-23').map((each) => each.id)).toEqual(['late', 'urgent', 'today', 'later', 'mine']);
    expect(isLate(finished(list[1]!, '2026-11-23'), '2026-11-23')).toBe(false);
  });

  it('shows mine, nobody’s, those that are late, or all', () => {
    const ids = (view: Parameters<typeof visible>[1], who?: string) => visible(list, view, who, '2026-11-23').map((each) => each.id);
    expect(ids('mine', 'Practitioner/1')).toEqual(['mine']);
    expect(ids('mine')).toEqual([]);
    expect(ids('pool', 'Practitioner/1').length).toBe(4);
    expect(ids('late')).toEqual(['late']);
  });

  it('knows what a task is about', () => {
    const about = (reference: string) => subjectOf({ ...list[0]!, focus: { reference } });
    expect([about('Observation/1'), about('DiagnosticReport/1'), about('Communication/1'), about('Encounter/1'), subjectOf(list[0]!)]).toEqual(['result', 'result', 'message', 'other', 'other']);
  });

  it('changes owner and day', () => {
    expect([owned(list[0]!, me, 'x').status, owned(list[4]!, undefined, 'x').status]).toEqual(['accepted', 'requested']);
    expect(postponed(list[0]!, '2027-01-01', 'x').restriction?.period?.end).toBe('2027-01-01');
    expect(one('a').description).toBe('Call back');
  });
});

describe('threads', () => {
  const said = (id: string, patient: string, at: string, ours: boolean): Stored<Communication> => ({
    ...message(id, { patient: { reference: `Patient/${patient}`, display: patient }, at, sender: ours ? me : { reference: `Patient/${patient}` } }),
    id,
  });
  const list = [said('1', 'a', '2026-11-20T10:00:00Z', false), said('2', 'a', '2026-11-20T11:00:00Z', true), said('3', 'b', '2026-11-21T10:00:00Z', false), said('4', 'b', '2026-11-21T12:00:00Z', false), said('5', 'c', '2026-11-19T10:00:00Z', false)];

  it('begins with who waits longest, since their first unanswered word', () => {
    expect(threads(list).map((thread) => [thread.patient, thread.waiting])).toEqual([
      ['c', '2026-11-19T10:00:00Z'],
      ['b', '2026-11-21T10:00:00Z'],
      ['a', undefined],
    ]);
  });

  it('lets nobody wait whose words were taken note of, until they write again', () => {
    const thread = threads(list).find((each) => each.patient === 'b')!;
    const noted = settled(thread, '2026-11-22T09:00:00Z');
    expect(noted.map((each) => [each.id, each.received])).toEqual([['3', '2026-11-22T09:00:00Z'], ['4', '2026-11-22T09:00:00Z']]);
    expect(threads(noted)[0]?.waiting).toBeUndefined();
    expect(threads([...noted, said('6', 'b', '2026-11-23T10:00:00Z', false)])[0]?.waiting).toBe('2026-11-23T10:00:00Z');
  });

  it('leaves out what says nothing and belongs to nobody', () => {
    expect(threads([{ ...list[0]!, payload: [] }, { ...list[0]!, subject: undefined, sender: me }])).toEqual([]);
  });
});
