import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { changedTypes, Live } from './live';

class Socket extends EventTarget {
  sent: string[] = [];
  closed = false;
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.closed = true;
  }
  says(message: object) {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
  }
}

let sockets: Socket[];
let live: Live;
const last = () => sockets.at(-1) as Socket;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  live = new Live(() => {
    sockets.push(new Socket());
    return last() as unknown as WebSocket;
  });
});
afterEach(() => vi.useRealTimers());

it.each([
  [{ type: 'event', data: { subject: { type: 'Appointment', id: '1' } } }, ['Appointment']],
  [{ type: 'event', data: { changes: [{ type: 'Slot' }, { type: 'Slot' }, { type: 'Patient' }] } }, ['Slot', 'Patient']],
  [{ type: 'left', data: { subject: { type: 'Appointment' } } }, []],
  [{ type: 'event' }, []],
])('%j is about %j', (message, expected) => expect(changedTypes(message)).toEqual(expected));

it('survives what is no message', () => {
  const hear = vi.fn();
  live.listen(['Appointment'], hear);
  for (const data of ['<', 'null', '1']) last().dispatchEvent(new MessageEvent('message', { data }));
  expect([hear.mock.calls.length, live.isReady()]).toEqual([0, false]);
});

it('tells those who asked for the type, after it has said what it wants to hear', () => {
  const [visits, tasks] = [vi.fn(), vi.fn()];
  live.listen(['Appointment'], visits);
  live.listen(['Task'], tasks);
  expect(sockets).toHaveLength(1);
  last().says({ type: 'ready', data: {} });
  expect([JSON.parse(last().sent[0] ?? ''), live.isReady()]).toEqual([{ type: 'subscribe', room: 'organisation', ref: 1 }, true]);
  visits.mockClear();
  tasks.mockClear();
  last().says({ type: 'event', data: { subject: { type: 'Appointment' } } });
  expect([visits.mock.calls.length, tasks.mock.calls.length]).toEqual([1, 0]);
});

it('comes back later and later, and has everything read when it is back', () => {
  const hear = vi.fn();
  live.listen(['Appointment'], hear);
  for (let round = 0; round < 8; round += 1) {
    last().dispatchEvent(new Event('close'));
    vi.advanceTimersByTime(60_000);
  }
  expect(sockets).toHaveLength(9);
  last().dispatchEvent(new Event('close'));
  vi.advanceTimersByTime(20_000);
  expect(sockets).toHaveLength(9);
  vi.advanceTimersByTime(60_000);
  last().says({ type: 'ready', data: {} });
  expect(hear).toHaveBeenCalledTimes(1);
});

it('ends with the last who listens', () => {
  const stop = live.listen(['Appointment'], () => undefined);
  stop();
  expect([last().closed, live.isReady()]).toEqual([true, false]);
  last().dispatchEvent(new Event('close'));
  vi.advanceTimersByTime(120_000);
  expect(sockets).toHaveLength(1);
});

it('enters a room when it can, leaves it with the last who wants to hear, and rings there', () => {
  const ring = vi.fn();
  const leave = live.enter('consultation/1', ring);
  expect(last().sent).toEqual([]);
  last().says({ type: 'ready', data: {} });
  const asked = () => last().sent.map((text) => JSON.parse(text) as { type: string; room: string }).map(({ type, room }) => `${type} ${room}`);
  expect(asked()).toEqual(['subscribe organisation', 'subscribe consultation/1']);
  const leaveOther = live.enter('consultation/2', ring);
  last().says({ type: 'telehealth', data: { appointment: 'a' } });
  expect(ring).toHaveBeenCalledTimes(2);
  leaveOther();
  leave();
  expect(asked().slice(2)).toEqual(['subscribe consultation/2', 'unsubscribe consultation/2', 'unsubscribe consultation/1']);
  expect(last().closed).toBe(true);
});
