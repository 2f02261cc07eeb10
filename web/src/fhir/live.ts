/**
 * What others change is heard at once: one socket a tab, while anything on screen wants to hear.
 *
 * The server says only that something changed; whoever hears it reads it. A tab without a connection asks again by
 * itself from time to time, and a tab that was away asks for everything on its return.
 */

import { useEffect, useEffectEvent, useSyncExternalStore } from 'react';

interface Named {
  type: string;
  id?: string;
}

interface Announcement {
  subject?: Named;
  changes?: Named[];
}

type Listener = { types: ReadonlySet<string>; hear: (changed: string[]) => void };

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;

interface Message {
  type?: string;
  data?: Announcement;
}

function parsed(text: string): Message {
  try {
    return (JSON.parse(text) as Message | null) ?? {};
  } catch {
    return {};
  }
}

/** Types of the records that a message says have changed. */
export function changedTypes({ type, data }: Message): string[] {
  if (type !== 'event' || !data) return [];
  return [...new Set([...(data.subject ? [data.subject] : []), ...(data.changes ?? [])].map((one) => one.type))];
}

/** The connection of a tab. */
export class Live {
  private socket: WebSocket | undefined;
  private readonly listeners = new Set<Listener>();
  /** Who wants to hear what rings in a room. */
  private readonly rooms = new Map<string, Set<() => void>>();
  private readonly watchers = new Set<() => void>();
  private wait = FIRST_WAIT;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ready = false;

  constructor(private readonly connect: () => WebSocket) {}

  /** Calls `hear` with those of the types of which a record has changed, or may have while there was no connection. */
  listen(types: readonly string[], hear: (changed: string[]) => void): () => void {
    const listener = { types: new Set(types), hear };
    this.listeners.add(listener);
    if (!this.socket && !this.timer) this.open();
    return () => {
      this.listeners.delete(listener);
      if (this.isIdle()) this.close();
    };
  }

  /** Calls `ring` when it rings in a room, as long as the server lets one in. */
  enter(room: string, ring: () => void): () => void {
    const rings = this.rooms.get(room) ?? new Set();
    this.rooms.set(room, rings.add(ring));
    if (!this.socket && !this.timer) this.open();
    else if (this.ready && rings.size === 1) this.ask('subscribe', room);
    return () => {
      rings.delete(ring);
      if (rings.size > 0) return;
      this.rooms.delete(room);
      if (this.ready) this.ask('unsubscribe', room);
      if (this.isIdle()) this.close();
    };
  }

  private isIdle(): boolean {
    return this.listeners.size === 0 && this.rooms.size === 0;
  }

  private ask(type: 'subscribe' | 'unsubscribe', room: string): void {
    this.socket?.send(JSON.stringify({ type, room, ref: 1 }));
  }

  watch = (changed: () => void): (() => void) => {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  };

  isReady = (): boolean => this.ready;

  private open(): void {
    this.timer = undefined;
    const socket = this.connect();
    this.socket = socket;
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string' && this.socket === socket) this.read(data);
    });
    socket.addEventListener('close', () => {
      if (this.socket === socket) this.lost();
    });
  }

  private read(text: string): void {
    const message = parsed(text);
    if (message.type === 'ready') {
      this.wait = FIRST_WAIT;
      // Refused to patients, who listen to rooms alone.
      this.ask('subscribe', 'organisation');
      for (const room of this.rooms.keys()) this.ask('subscribe', room);
      this.say(true);
      for (const { types, hear } of this.listeners) hear([...types]);
      return;
    }
    if (message.type === 'telehealth') {
      for (const rings of this.rooms.values()) for (const ring of rings) ring();
      return;
    }
    const types = changedTypes(message);
    for (const { types: wanted, hear } of this.listeners) {
      const changed = types.filter((type) => wanted.has(type));
      if (changed.length > 0) hear(changed);
    }
  }

  private lost(): void {
    this.socket = undefined;
    this.say(false);
    if (this.isIdle()) return;
    // Not all tabs of a clinic at once.
    this.timer = setTimeout(() => this.open(), this.wait * (0.5 + Math.random() / 2));
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
  }

  private close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { socket } = this;
    this.socket = undefined;
    socket?.close();
    this.say(false);
  }

  private say(ready: boolean): void {
    if (this.ready === ready) return;
    this.ready = ready;
    for (const changed of this.watchers) changed();
  }
}

const live = new Live(() => new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/v1/live`));

/** A burst of changes is said once. */
const BURST = 150;

/** Says which of these types have changed records, at most every `wait` milliseconds. */
export function useLive(types: readonly string[], changed: (types: string[]) => void, wait: number = BURST): void {
  const tell = useEffectEvent(changed);
  const delay = useEffectEvent(() => wait);
  const key = types.join(' ');
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const heard = new Set<string>();
    const stop = live.listen(key.split(' '), (some) => {
      for (const type of some) heard.add(type);
      timer ??= setTimeout(() => {
        timer = undefined;
        const all = [...heard];
        heard.clear();
        tell(all);
      }, delay());
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [key]);
}

/** Whether changes are heard at this moment; otherwise they have to be asked for. */
export function useHears(): boolean {
  return useSyncExternalStore(live.watch, live.isReady);
}

/** Says when it rings in a room; nothing while there is no room. */
export function useRing(room: string | undefined, ring: () => void): void {
  const tell = useEffectEvent(ring);
  useEffect(() => (room ? live.enter(room, () => tell()) : undefined), [room]);
}
