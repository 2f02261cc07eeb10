/**
 * A call between two browsers: the clinician offers, the patient answers.
 *
 * Every offer begins a connection anew under a name of its own, so that nothing of an old one disturbs: whoever reloads
 * says hello, and whose connection failed is offered another.
 */

import type { Media, Signal } from './api';

export type Link = 'connecting' | 'connected' | 'interrupted' | 'failed';

interface Parts {
  media: Media;
  offers: boolean;
  local: MediaStream;
  send: (signals: Signal[]) => void;
  changed: () => void;
  connect?: (configuration: RTCConfiguration) => RTCPeerConnection;
}

/** Milliseconds after which an interrupted connection is given up for another. */
const PATIENCE = 5_000;

export class Call {
  link: Link = 'connecting';
  /** What is seen and heard of the other side. */
  remote: MediaStream | undefined;
  private peer: RTCPeerConnection | undefined;
  private name = '';
  private early: RTCIceCandidateInit[] = [];
  private shared: MediaStreamTrack | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private over = false;
  /** Signals are taken one after the other. */
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly parts: Parts) {
    parts.send([{ kind: 'hello' }]);
  }

  hear(signal: Signal): Promise<void> {
    this.turn = this.turn.then(() => this.take(signal)).catch(() => this.lost());
    return this.turn;
  }

  /** Shows this track in place of the camera; nothing shows the camera again. */
  async show(track: MediaStreamTrack | undefined): Promise<void> {
    this.shared = track;
    const shown = track ?? this.parts.local.getVideoTracks()[0] ?? null;
    const sender = this.peer?.getTransceivers().find((one) => one.receiver.track.kind === 'video')?.sender;
    await sender?.replaceTrack(shown);
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    this.peer?.close();
    this.parts.send([{ kind: 'bye', call: this.name }]);
  }

  private async take(signal: Signal): Promise<void> {
    if (this.over) return;
    const { kind, call = '', data = '' } = signal;
    if (kind === 'hello') {
      if (this.parts.offers) await this.offer();
      else if (!this.peer) this.parts.send([{ kind: 'hello' }]);
      return;
    }
    if (kind === 'offer' && !this.parts.offers) return this.answer(call, data);
    if (call !== this.name || !this.peer) return;
    if (kind === 'answer') {
      await this.peer.setRemoteDescription({ type: 'answer', sdp: data });
      await this.flush();
    } else if (kind === 'candidate') {
      const candidate = JSON.parse(data) as RTCIceCandidateInit;
      if (this.peer.remoteDescription) await this.peer.addIceCandidate(candidate);
      else this.early.push(candidate);
    } else if (kind === 'bye') {
      this.say('interrupted');
    }
  }

  private async offer(): Promise<void> {
    const peer = this.begin(crypto.randomUUID());
    for (const kind of ['audio', 'video'] as const) {
      const track = this.track(kind);
      peer.addTransceiver(track ?? kind, { direction: 'sendrecv', streams: [this.parts.local] });
    }
    await peer.setLocalDescription();
    this.parts.send([{ kind: 'offer', call: this.name, data: peer.localDescription?.sdp ?? '' }]);
  }

  private async answer(call: string, sdp: string): Promise<void> {
    const peer = this.begin(call);
    await peer.setRemoteDescription({ type: 'offer', sdp });
    for (const one of peer.getTransceivers()) {
      one.direction = 'sendrecv';
      await one.sender.replaceTrack(this.track(one.receiver.track.kind) ?? null);
      one.sender.setStreams(this.parts.local);
    }
    await peer.setLocalDescription();
    this.parts.send([{ kind: 'answer', call, data: peer.localDescription?.sdp ?? '' }]);
    await this.flush();
  }

  private track(kind: string): MediaStreamTrack | undefined {
    return kind === 'video' ? (this.shared ?? this.parts.local.getVideoTracks()[0]) : this.parts.local.getAudioTracks()[0];
  }

  private begin(name: string): RTCPeerConnection {
    this.peer?.close();
    clearTimeout(this.timer);
    this.name = name;
    this.early = [];
    const connect = this.parts.connect ?? ((configuration) => new RTCPeerConnection(configuration));
    const peer = connect({ iceServers: this.parts.media.iceServers });
    const remote = new MediaStream();
    this.peer = peer;
    peer.ontrack = ({ track }) => {
      if (this.peer !== peer) return;
      remote.addTrack(track);
      this.remote = remote;
      this.parts.changed();
    };
    peer.onicecandidate = ({ candidate }) => {
      if (candidate && this.peer === peer) this.parts.send([{ kind: 'candidate', call: name, data: JSON.stringify(candidate) }]);
    };
    peer.onconnectionstatechange = () => {
      if (this.peer === peer) this.moved(peer.connectionState);
    };
    this.say('connecting');
    return peer;
  }

  private moved(state: RTCPeerConnectionState): void {
    clearTimeout(this.timer);
    if (state === 'connected') this.say('connected');
    if (state === 'disconnected') {
      this.say('interrupted');
      this.timer = setTimeout(() => this.lost(), PATIENCE);
    }
    if (state === 'failed') this.lost();
  }

  /** Begins again: by an offer, or by asking for one. */
  private lost(): void {
    if (this.over) return;
    this.say('failed');
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.over) return;
      if (this.parts.offers) void this.offer().catch(() => this.lost());
      else this.parts.send([{ kind: 'hello' }]);
    }, PATIENCE / 2);
  }

  private async flush(): Promise<void> {
    for (const candidate of this.early.splice(0)) await this.peer?.addIceCandidate(candidate);
  }

  private say(link: Link): void {
    if (this.link === link) return;
    this.link = link;
    this.parts.changed();
  }
}
