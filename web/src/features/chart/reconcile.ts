/** Reconciliation: what the clinic prescribed beside what the patient takes, a decision for every line. */

import { code } from '../../fhir/display';
import type { List, MedicationRequest, MedicationStatement, Reference, Resource, Stored } from '../../fhir/types';
import { instant } from '../../lib/dates';
import { sameMedicine } from '../orders/order';
import type { Medicine } from './facts';
import { stopped } from './medicine';

/** One medicine by its two sources. */
export interface Line {
  key: string;
  prescribed?: Medicine;
  reported?: Stored<MedicationStatement>;
}

export type Decision = 'keep' | 'stop';

/** What is prescribed, each with what the patient says of it, then what only the patient says. */
export function lines(prescribed: readonly Medicine[], reported: readonly Stored<MedicationStatement>[]): Line[] {
  const said = reported.filter((one) => one.status === 'active');
  const matching = (request: MedicationRequest) => said.find((one) => sameMedicine(one as unknown as MedicationRequest, request));
  const first = prescribed.map((medicine): Line => ({ key: medicine.request.id, prescribed: medicine, reported: matching(medicine.request) }));
  const used = new Set(first.map((line) => line.reported?.id));
  return [...first, ...said.filter((one) => !used.has(one.id)).map((one): Line => ({ key: one.id, reported: one }))];
}

const LISTS = 'http://terminology.hl7.org/CodeSystem/list-example-use-codes';

interface Decided {
  patient: string;
  at: string;
  author: Reference | undefined;
  title: string;
  reason: string;
}

/** What is stored: the medicines that end, and the list of what was decided, dated and signed. */
export function reconciliation(all: readonly Line[], decisions: Record<string, Decision>, { patient, at, author, title, reason }: Decided): Resource[] {
  const stops = all.filter((line) => decisions[line.key] === 'stop');
  const ended = stops.flatMap(({ prescribed, reported }): Resource[] => {
    const said: Stored<MedicationStatement> | undefined = reported && { ...reported, status: 'stopped' };
    return [...(prescribed?.running ?? []).map((request) => stopped(request, reason)), ...(said ? [said] : [])];
  });
  const reference = ({ prescribed, reported }: Line) => (prescribed ? `MedicationRequest/${prescribed.request.id}` : `MedicationStatement/${reported?.id ?? ''}`);
  const list: List = {
    resourceType: 'List',
    status: 'current',
    mode: 'snapshot',
    title,
    code: { coding: [{ system: LISTS, code: 'medications' }] },
    subject: { reference: `Patient/${patient}` },
    date: at,
    source: author,
    entry: all.map((line) => ({ flag: { text: decisions[line.key] ?? 'keep' }, item: { reference: reference(line) } })),
  };
  return [...ended, list];
}

/** The last time that somebody went through all medicines. */
export function lastReconciled(all: readonly Stored<List>[]): Stored<List> | undefined {
  const done = all.filter((one) => one.status === 'current' && one.mode === 'snapshot' && code(one.code) === 'medications');
  return done.sort((a, b) => (instant(b.date) || 0) - (instant(a.date) || 0))[0];
}

/** What the patient says is taken, from wherever it came. */
export function statement(name: string, how: string, { patient, at }: { patient: string; at: string }): MedicationStatement {
  return {
    resourceType: 'MedicationStatement',
    status: 'active',
    medicationCodeableConcept: { text: name.trim() },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: at,
    dateAsserted: at,
    informationSource: { reference: `Patient/${patient}` },
    dosage: how.trim() ? [{ text: how.trim() }] : undefined,
  };
}
