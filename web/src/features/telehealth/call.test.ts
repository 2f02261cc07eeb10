import { beforeEach, expect, it, vi } from 'vitest';
import type { Media, Signal } from './api';
import { Call } from './call';

/** A connection that notes what is done to it. */
class Peer {
  static all: Peer[] = [];
  connectionState = 'new';
  localDescription: { sdp: string } | undefined;
  remoteDescription: { type: string; sdp: string } | undefined;
  candidates: string[] = [];
  closed = false;
  ontrack: unknown;
  onicecandidate: unknown;
  onconnectionstatechange: (() => void) | undefined;

  constructor() {
    Peer.all.push(this);
  }
  addTransceiver() {}
  getTransceivers() {
    return [];
  }
  async setLocalDescription() {
    this.localDescription = { sdp: `sdp-${Peer.all.indexOf(this)}` };
  }
  async setRemoteDescription(description: { type: string; sdp: string }) {
    this.remoteDescription = description;
  }
  async addIceCandidate({ candidate }: { candidate: string }) {
    if (!this.remoteDescription) throw new Error('too early');
    this.candidates.push(candidate);
  }
  close() {
    this.closed = true;
  }
  becomes(state: string) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

const media: Media = { provider: 'own', iceServers: [] };
const local = { getAudioTracks: () => [], getVideoTracks: () => [] } as unknown as MediaStream;

beforeEach(() => {
  Peer.all = [];
  vi.stubGlobal('MediaStream', Object);
  vi.useFakeTimers();
});

function begin(offers: boolean) {
  const said: Signal[] = [];
  const call = new Call({ media, local, offers, send: (signals) => said.push(...signals), changed: () => undefined, connect: () => new Peer() as unknown as RTCPeerConnection });
  return { call, said, kinds: () => said.map(({ kind }) => kind) };
}

const candidate = (call: string, name: string): Signal => ({ kind: 'candidate', call, data: JSON.stringify({ candidate: name }) });

it('the clinician offers to whoever says hello, anew each time', async () => {
  const { call, said, kinds } = begin(true);
  await call.hear({ kind: 'hello' });
  await call.hear({ kind: 'hello' });
  expect(kinds()).toEqual(['hello', 'offer', 'offer']);
  expect(said[1]?.call).not.toBe(said[2]?.call);
  expect(Peer.all.map(({ closed }) => closed)).toEqual([true, false]);
});

it('the patient answers, and candidates that come before the offer of a call are not lost to it', async () => {
  const { call, kinds } = begin(false);
  await call.hear({ kind: 'offer', call: 'one', data: 'sdp' });
  await call.hear(candidate('one', 'a'));
  await call.hear(candidate('other', 'b'));
  expect(kinds()).toEqual(['hello', 'answer']);
  expect(Peer.all[0]?.candidates).toEqual(['a']);
});

it('candidates wait for the answer', async () => {
  const { call, said } = begin(true);
  await call.hear({ kind: 'hello' });
  const name = said.at(-1)?.call ?? '';
  await call.hear(candidate(name, 'a'));
  expect(Peer.all[0]?.candidates).toEqual([]);
  await call.hear({ kind: 'answer', call: name, data: 'sdp' });
  expect(Peer.all[0]?.candidates).toEqual(['a']);
});

it('a lost connection is offered again, or another is asked for', async () => {
  for (const offers of [true, false]) {
    Peer.all = [];
    const { call, kinds } = begin(offers);
    await call.hear(offers ? { kind: 'hello' } : { kind: 'offer', call: 'one', data: 'sdp' });
    Peer.all[0]?.becomes('connected');
    expect(call.link).toBe('connected');
    Peer.all[0]?.becomes('disconnected');
    expect(call.link).toBe('interrupted');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(kinds().at(-1)).toBe(offers ? 'offer' : 'hello');
  }
});

it('nothing is said after the end but the farewell', async () => {
  const { call, kinds } = begin(true);
  await call.hear({ kind: 'hello' });
  call.close();
  Peer.all[0]?.becomes('failed');
  await call.hear({ kind: 'hello' });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(kinds()).toEqual(['hello', 'offer', 'bye']);
});
