/** A seat in a video visit: taken, renewed, and connected to the other side once the patient is admitted. */

import { RequestError } from '../../fhir/http';
import { type Room, type Signal, type Ticket, type Way, exchange } from './api';
import { Call, type Link } from './call';

/** Milliseconds between two questions: while a connection is made, and while it stands. */
const SOON = 1_000;
const LATER = 3_000;
/** Milliseconds before its end from which a seat is renewed. */
const RENEW = 60_000;
/** Signals of one request. */
const MOST = 40;

/** What is known at a moment. */
export interface Moment {
  room?: Room;
  link?: Link;
  remote?: MediaStream;
  error?: unknown;
  /** Picture and sound belong to a company whose own client is needed. */
  foreign: boolean;
}

export class Attendance {
  private moment: Moment = { foreign: false };
  private call: Call | undefined;
  private ticket: Ticket | undefined;
  private after = 0;
  private readonly outbox: Signal[] = [];
  private busy = false;
  private again = false;
  private over = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly join: Way['join'],
    private readonly local: MediaStream,
    private readonly changed: (moment: Moment) => void,
  ) {
    this.ask();
  }

  /** Says what is to be said and asks what is new, now or as soon as the last answer is there. */
  ask = (): void => {
    if (this.over) return;
    if (this.busy) {
      this.again = true;
      return;
    }
    clearTimeout(this.timer);
    this.busy = true;
    this.again = false;
    void this.step()
      .catch((error: unknown) => this.show({ error }))
      .finally(() => {
        this.busy = false;
        if (this.over || this.moment.room?.state === 'ended') return;
        const pause = this.call?.link === 'connected' ? LATER : SOON;
        this.timer = setTimeout(this.ask, this.again ? 0 : pause);
      });
  };

  /** Shows a screen in place of the camera, or the camera again. */
  share = async (track: MediaStreamTrack | undefined): Promise<void> => {
    await this.call?.show(track);
  };

  leave(): void {
    this.call?.close();
    this.over = true;
    clearTimeout(this.timer);
    const last = this.outbox.splice(0, MOST);
    if (this.ticket && last.length > 0) void exchange(this.ticket.token, this.after, last).catch(() => undefined);
  }

  private async step(): Promise<void> {
    const { token } = await this.seat();
    const said = this.outbox.splice(0, MOST);
    const heard = await exchange(token, this.after, said).catch((error: unknown) => {
      // What did not arrive is said again; what nobody may hear any more is not.
      if (error instanceof RequestError && error.passing) this.outbox.unshift(...said);
      if (error instanceof RequestError && error.kind === 'missing') this.ticket = undefined;
      throw error;
    });
    if (this.over) return;
    if (this.ticket) this.ticket.room = heard.room;
    this.show({ room: heard.room, error: undefined });
    if (heard.room.state === 'ended') this.call?.close();
    if (heard.room.state === 'in-call' && !this.call) await this.begin(heard.room);
    for (const signal of heard.signals) {
      this.after = Math.max(this.after, signal.seq);
      void this.call?.hear(signal);
    }
  }

  /** The seat; another when it runs out, or when one is admitted and has no media yet. */
  private async seat(): Promise<Ticket> {
    const known = this.ticket;
    if (known && Date.parse(known.expires) - Date.now() > RENEW && (known.media || known.room.state !== 'in-call')) return known;
    const taken = await this.join(true);
    if (!known && this.after === 0) this.after = taken.after;
    this.ticket = taken;
    return taken;
  }

  private async begin(room: Room): Promise<void> {
    const { media } = await this.seat();
    if (this.over || !media) return;
    if (media.provider !== 'own') {
      this.show({ foreign: true });
      return;
    }
    const say = (signals: Signal[]) => {
      this.outbox.push(...signals);
      this.ask();
    };
    const changed = () => this.show({ link: this.call?.link, remote: this.call?.remote });
    this.call = new Call({ media, local: this.local, offers: room.side === 'clinician', send: say, changed });
    changed();
  }

  private show(part: Partial<Moment>): void {
    if (this.over) return;
    this.moment = { ...this.moment, ...part };
    this.changed(this.moment);
  }
}
