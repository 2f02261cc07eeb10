/** The states of a visit as they are shown: words and a shape each, so that colour is never alone. */

import type { Key, Translation } from '../../lib/i18n';
import type { IconName } from '../../ui/icons';
import type { Appointment, Column, State } from './types';

export interface Look {
  label: Key;
  icon: IconName;
  /** A group of states that share a border and a fill. */
  tone: 'open' | 'firm' | 'here' | 'done' | 'gone';
}

export const LOOKS: Record<State, Look> = {
  proposed: { label: 'visit.state.proposed', icon: 'question', tone: 'open' },
  waitlisted: { label: 'visit.state.waitlisted', icon: 'clock', tone: 'open' },
  scheduled: { label: 'visit.state.scheduled', icon: 'circle', tone: 'open' },
  confirmed: { label: 'visit.state.confirmed', icon: 'disc', tone: 'firm' },
  arrived: { label: 'visit.state.arrived', icon: 'door', tone: 'here' },
  ready: { label: 'visit.state.ready', icon: 'flag', tone: 'here' },
  roomed: { label: 'visit.state.roomed', icon: 'room', tone: 'here' },
  'in-progress': { label: 'visit.state.in-progress', icon: 'pulse', tone: 'here' },
  checkout: { label: 'visit.state.checkout', icon: 'steady', tone: 'here' },
  completed: { label: 'visit.state.completed', icon: 'check', tone: 'done' },
  cancelled: { label: 'visit.state.cancelled', icon: 'close', tone: 'gone' },
  rescheduled: { label: 'visit.state.rescheduled', icon: 'move', tone: 'gone' },
  'no-show': { label: 'visit.state.no-show', icon: 'absent', tone: 'gone' },
  'entered-in-error': { label: 'visit.state.entered-in-error', icon: 'close', tone: 'gone' },
};

/** Whether the visit takes up its time. */
export function takesTime(appointment: Appointment): boolean {
  const { tone } = LOOKS[appointment.state];
  return tone !== 'gone' && appointment.state !== 'waitlisted' && appointment.state !== 'proposed';
}

export function isMovable(appointment: Appointment): boolean {
  return appointment.allowed.includes('rescheduled');
}

/** Whether nothing follows any more. */
export function isOver(appointment: Appointment): boolean {
  const { tone } = LOOKS[appointment.state];
  return tone === 'gone' || tone === 'done';
}

/** What a press on the one obvious button does, in the order of a visit. */
const FORWARD: readonly State[] = ['confirmed', 'arrived', 'ready', 'roomed', 'in-progress', 'checkout', 'completed'];

/** The next step of a visit: the earliest one that the server allows and that lies ahead. */
export function nextStep(appointment: Appointment): State | undefined {
  const at = FORWARD.indexOf(appointment.state);
  return FORWARD.find((step, index) => index > at && appointment.allowed.includes(step));
}

/** Steps in the order of a visit, then the ways out of it. */
export function steps(appointment: Appointment): State[] {
  const out: readonly State[] = ['no-show', 'cancelled', 'entered-in-error'];
  return [...FORWARD, ...out].filter((state) => appointment.allowed.includes(state));
}

/** Reasons of a cancellation by their code; one that is not known here is shown as the server names it. */
const REASONS: Readonly<Record<string, Key>> = {
  patient: 'visit.reason.patient',
  'patient-feeling-better': 'visit.reason.patient-feeling-better',
  'patient-transport': 'visit.reason.patient-transport',
  provider: 'visit.reason.provider',
  'provider-emergency': 'visit.reason.provider-emergency',
  facility: 'visit.reason.facility',
  weather: 'visit.reason.weather',
  duplicate: 'visit.reason.duplicate',
  'no-show-limit': 'visit.reason.no-show-limit',
  'patient-inactive': 'visit.reason.patient-inactive',
  other: 'visit.reason.other',
};

export function reasonText(t: Translation['t'], code: string, text = code): string {
  const key = REASONS[code];
  return key ? t(key) : text;
}

export const COLUMNS: Record<Column, { label: Key; icon: IconName }> = {
  booked: { label: 'board.booked', icon: 'circle' },
  arrived: { label: 'visit.state.arrived', icon: 'door' },
  ready: { label: 'visit.state.ready', icon: 'flag' },
  roomed: { label: 'visit.state.roomed', icon: 'room' },
  'in-progress': { label: 'visit.state.in-progress', icon: 'pulse' },
  checkout: { label: 'visit.state.checkout', icon: 'steady' },
  done: { label: 'visit.state.completed', icon: 'check' },
};
