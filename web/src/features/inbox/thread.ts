/** Messages as threads: one a patient, the newest last, and how long a patient has been waiting. */

import { referenceId } from '../../fhir/display';
import type { Communication, Reference, Stored } from '../../fhir/types';
import { instant } from '../../lib/dates';

export interface Thread {
  /** Id of the patient. */
  patient: string;
  name: string;
  messages: Stored<Communication>[];
  /** Since when the patient waits for an answer; absent when the last word was ours, or needs none. */
  waiting?: string;
}

export function textOf(message: Communication): string {
  return (message.payload ?? []).map((one) => one.contentString ?? '').filter(Boolean).join('\n');
}

export function fromPatient(message: Communication): boolean {
  return /^(Patient|RelatedPerson)\//.test(message.sender?.reference ?? '');
}

const patientOf = (message: Communication) => (message.subject?.reference?.includes('Patient/') ? referenceId(message.subject.reference) : fromPatient(message) ? referenceId(message.sender?.reference) : undefined);

/** Who waits longest is first; then those that were answered, newest first. */
export function threads(list: readonly Stored<Communication>[]): Thread[] {
  const found = new Map<string, Stored<Communication>[]>();
  for (const message of list) {
    const patient = patientOf(message);
    if (!patient || message.status === 'entered-in-error' || textOf(message) === '') continue;
    found.set(patient, [...(found.get(patient) ?? []), message]);
  }
  const when = (message: Communication | undefined) => instant(message?.sent) || 0;
  const all = [...found].map(([patient, unsorted]): Thread => {
    const messages = unsorted.sort((a, b) => when(a) - when(b));
    const answered = messages.findLastIndex((message) => !fromPatient(message));
    const open = messages.slice(answered + 1).find((message) => !message.received);
    return { patient, name: messages.find((one) => one.subject?.display)?.subject?.display ?? messages.find(fromPatient)?.sender?.display ?? '', messages, waiting: open?.sent };
  });
  return all.sort((a, b) => {
    if (a.waiting && b.waiting) return instant(a.waiting) - instant(b.waiting);
    if (a.waiting || b.waiting) return a.waiting ? -1 : 1;
    return when(b.messages.at(-1)) - when(a.messages.at(-1));
  });
}

/** The messages that wait, each taken note of: they need no answer. */
export function settled({ messages }: Thread, at: string): Stored<Communication>[] {
  const answered = messages.findLastIndex((message) => !fromPatient(message));
  return messages.slice(answered + 1).filter((message) => !message.received).map((message) => ({ ...message, received: at }));
}

export function message(text: string, { patient, at, sender }: { patient: Reference; at: string; sender: Reference | undefined }): Communication {
  return {
    resourceType: 'Communication',
    status: 'completed',
    subject: patient,
    sent: at,
    sender,
    recipient: [patient],
    payload: [{ contentString: text.trim() }],
  };
}
