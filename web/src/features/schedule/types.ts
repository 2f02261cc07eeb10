/** What the scheduling API says. Numbers here are counts and minutes, so they are plain. */

export type State =
  | 'proposed'
  | 'waitlisted'
  | 'scheduled'
  | 'confirmed'
  | 'arrived'
  | 'ready'
  | 'roomed'
  | 'in-progress'
  | 'checkout'
  | 'completed'
  | 'cancelled'
  | 'rescheduled'
  | 'no-show'
  | 'entered-in-error';

export interface Named {
  reference: string;
  display?: string | null;
}

export interface Appointment {
  id: string;
  version: number;
  state: State;
  start: string;
  end: string;
  minutes: number;
  service: string | null;
  type: string | null;
  priority: number;
  reason: string | null;
  comment: string | null;
  patient: Named | null;
  actors: (Named & { status?: string })[];
  overbooked: boolean;
  cancelReason: string | null;
  previous: string | null;
  series: string | null;
  stage: { state: State; since: string; room: string | null } | null;
  /** States that may follow, as the server sees it for this caller. */
  allowed: State[];
}

export interface Slot {
  start: string;
  end: string;
  actor: string;
  display?: string | null;
  location: string | null;
  free: number;
  capacity: number;
}

export interface Hold {
  id: string;
  expires: string;
}

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Opening hours of some weekdays; times are the place's clock, an end that is not after the start is the next day's. */
export interface Weekly {
  days: Weekday[];
  start: string;
  end: string;
  services: string[];
  location: string | null;
  from: string | null;
  until: string | null;
  everyWeeks: number;
}

export interface Exception {
  id?: string;
  kind: 'closed' | 'open';
  start: string;
  end: string;
  services: string[];
  location: string | null;
  note: string | null;
}

export interface Hours {
  timeZone: string;
  weekly: Weekly[];
  exceptions: Exception[];
  holidays: string[];
  slotMinutes: number;
  bufferBefore: number;
  bufferAfter: number;
  leadMinutes: number;
  horizonDays: number;
  capacity: number;
  overbook: number;
}

export interface Availability extends Hours {
  actor: string;
  display?: string | null;
  version: number;
}

export interface Service {
  code: string;
  name: string;
  minutes: number;
  type: string | null;
  online: boolean;
}

export interface Settings {
  timeZone: string;
  services: Service[];
  rules: {
    leadMinutes: number;
    gridMinutes: number;
    horizonDays: number;
    maxActive: number;
    noShowLimit: number;
    rescheduleHours: number;
    lateMinutes: number;
  };
  holidays: string[];
  holdMinutes: number;
  offerMinutes: number;
}

export interface Preference {
  service: string | null;
  actors: string[];
  days: Weekday[];
  earliest: string | null;
  latest: string | null;
  from: string | null;
  until: string | null;
  noticeMinutes: number;
  priority: number;
}

export interface Offer {
  start: string;
  end: string;
  actor: string;
  expires: string;
}

export interface Waiting extends Preference {
  id: string;
  version: number;
  patient: Named | null;
  since: string;
  offers: number;
  offer: Offer | null;
  score: number | null;
  why: string[] | null;
}

export type Column = 'booked' | 'arrived' | 'ready' | 'roomed' | 'in-progress' | 'checkout' | 'done';

export interface Card {
  appointment: Appointment;
  waitingSince: string | null;
  waitingMinutes: number | null;
  late: boolean;
}

export interface Board {
  date: string;
  now: string;
  lateMinutes: number;
  columns: { state: Column; items: Card[] }[];
}

export interface Booking {
  patient: string;
  actors: string[];
  start: string;
  minutes?: number;
  service?: string;
  reason?: string;
  comment?: string;
  hold?: string;
  overbook?: boolean;
  walkIn?: boolean;
}
