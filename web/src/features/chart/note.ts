/** A note as a Composition: sections of plain text, written as escaped narrative and read back without markup. */

import { LOINC } from '../../fhir/display';
import type { Composition, Reference, Section, Stored } from '../../fhir/types';

/** Parts of notes with their LOINC section codes. A part has one meaning, whatever kind of note it stands in. */
export const SECTIONS = [
  { key: 'subjective', code: '61150-9', title: 'Subjective' },
  { key: 'objective', code: '61149-1', title: 'Objective' },
  { key: 'complaint', code: '10154-3', title: 'Chief complaint' },
  { key: 'referral', code: '42349-1', title: 'Reason for referral' },
  { key: 'history', code: '10164-2', title: 'History of present illness' },
  { key: 'findings', code: '29545-1', title: 'Physical findings' },
  { key: 'tests', code: '30954-2', title: 'Relevant diagnostic tests' },
  { key: 'indication', code: '59768-2', title: 'Procedure indications' },
  { key: 'procedure', code: '29554-3', title: 'Procedure' },
  { key: 'procedureFindings', code: '59776-5', title: 'Procedure findings' },
  { key: 'complications', code: '55109-3', title: 'Complications' },
  { key: 'afterwards', code: '59769-0', title: 'Postprocedure diagnosis' },
  { key: 'admitted', code: '46241-6', title: 'Hospital admission diagnosis' },
  { key: 'course', code: '8648-8', title: 'Hospital course' },
  { key: 'discharged', code: '11535-2', title: 'Hospital discharge diagnosis' },
  { key: 'medication', code: '10183-2', title: 'Hospital discharge medications' },
  { key: 'instructions', code: '8653-8', title: 'Hospital discharge instructions' },
  { key: 'interventions', code: '62387-6', title: 'Interventions' },
  { key: 'assessment', code: '51848-0', title: 'Assessment' },
  { key: 'plan', code: '18776-5', title: 'Plan' },
] as const;

export type SectionKey = (typeof SECTIONS)[number]['key'];
export type Note = Partial<Record<SectionKey, string>>;

/** Kinds of notes: their LOINC document type and the parts that each begins with. */
export const KINDS = {
  soap: { code: '11506-3', display: 'Progress note', sections: ['subjective', 'objective', 'assessment', 'plan'] },
  progress: { code: '11506-3', display: 'Progress note', sections: ['history', 'findings', 'tests', 'assessment', 'plan'] },
  consult: { code: '11488-4', display: 'Consult note', sections: ['referral', 'history', 'findings', 'tests', 'assessment', 'plan'] },
  procedure: { code: '28570-0', display: 'Procedure note', sections: ['indication', 'procedure', 'procedureFindings', 'complications', 'afterwards', 'plan'] },
  discharge: { code: '18842-5', display: 'Discharge summary', sections: ['admitted', 'course', 'discharged', 'medication', 'instructions', 'plan'] },
  telephone: { code: '34748-4', display: 'Telephone encounter Note', sections: ['complaint', 'history', 'assessment', 'plan'] },
  nursing: { code: '34746-8', display: 'Nurse Note', sections: ['subjective', 'objective', 'interventions', 'plan'] },
} as const satisfies Record<string, { code: string; display: string; sections: readonly SectionKey[] }>;

export type NoteKind = keyof typeof KINDS;

/** Most characters of a part; the server refuses more. */
export const LONGEST = 10_000;
const NEAR = 9_000;

/** Characters that are left, once they are few; below zero when there are too many. */
export function charactersLeft(text: string): number | undefined {
  if (text.length <= NEAR) return undefined;
  const length = [...text].length;
  return length > NEAR ? LONGEST - length : undefined;
}

/** Which of our kinds a note is: two of them are of one LOINC type. */
const KIND_SYSTEM = 'https://meditrack.health/fhir/CodeSystem/note-kind';

export const BLANK: Note = {};

/** The kind of a stored note; one of another program is as its type says. */
export function kindOf({ category, type }: Pick<Composition, 'category' | 'type'>): NoteKind {
  const said = category?.flatMap((one) => one.coding ?? []).find((one) => one.system === KIND_SYSTEM)?.code;
  if (said && said in KINDS) return said as NoteKind;
  const code = type?.coding?.find((one) => one.system === LOINC)?.code;
  return (Object.keys(KINDS) as NoteKind[]).find((kind) => KINDS[kind].code === code) ?? 'soap';
}

/** The parts that are shown: those of the kind, and whatever else has words already. */
export function partsOf(kind: NoteKind, note: Note): (typeof SECTIONS)[number][] {
  const own: readonly SectionKey[] = KINDS[kind].sections;
  const rank = (key: SectionKey) => (own.includes(key) ? own.indexOf(key) : own.length);
  return SECTIONS.filter(({ key }) => own.includes(key) || (note[key] ?? '').trim() !== '').sort((one, other) => rank(one.key) - rank(other.key));
}

function typed(kind: NoteKind): Pick<Composition, 'type' | 'category'> {
  const { code, display } = KINDS[kind];
  return { type: { coding: [{ system: LOINC, code, display }] }, category: [{ coding: [{ system: KIND_SYSTEM, code: kind }] }] };
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function paragraph(text: string): string {
  const safe = text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
  return `<p>${safe.replaceAll('\n', '<br/>')}</p>`;
}

/** Plain text as FHIR's XHTML: blank lines part paragraphs. */
export function narrative(text: string): string {
  const paragraphs = text.trim().split(/\n{2,}/).map(paragraph);
  return `<div xmlns="http://www.w3.org/1999/xhtml">${paragraphs.join('')}</div>`;
}

interface Written {
  patient: string;
  title: string;
  at: string;
  author: Reference;
  /** Reference of the visit. */
  encounter?: string;
  kind?: NoteKind;
}

/** Sections that are empty are left out, as FHIR wants no empty text. */
function sections(kind: NoteKind, note: Note): Section[] {
  return partsOf(kind, note).filter(({ key }) => (note[key] ?? '').trim() !== '').map(({ key, code, title }) => ({
    title,
    code: { coding: [{ system: LOINC, code, display: `${title} note` }] },
    text: { status: 'generated', div: narrative(note[key] ?? '') },
  }));
}

/** A note that nobody has signed yet. */
export function composition(note: Note, { patient, title, at, author, encounter, kind = 'soap' }: Written): Composition {
  return {
    resourceType: 'Composition',
    status: 'preliminary',
    ...typed(kind),
    subject: { reference: `Patient/${patient}` },
    encounter: encounter ? { reference: encounter } : undefined,
    date: at,
    author: [author],
    title,
    section: sections(kind, note),
  };
}

export function isSigned({ status }: Composition): boolean {
  return status === 'final' || status === 'amended';
}

/** Whether its author has signed it and it waits for a second signature. */
export function isWaiting({ status, attester = [] }: Composition): boolean {
  return status === 'preliminary' && attester.length > 0;
}

const codeOf = (section: Section) => section.code?.coding?.find((one) => one.system === LOINC)?.code;

/** What a stored note says in each part, as text to go on with. */
export function noteOf(stored: Composition, parser: Pick<DOMParser, 'parseFromString'>): Note {
  const text = (code: string) => (stored.section ?? []).filter((one) => codeOf(one) === code).map((one) => plain(one.text?.div, parser)).join('\n\n');
  return Object.fromEntries(SECTIONS.map(({ key, code }) => [key, text(code)]).filter(([, words]) => words !== '')) as Note;
}

interface Revision {
  title: string;
  at: string;
  encounter?: string;
  /** Words of an amendment: who, when and why, for whoever reads the note. */
  reason?: { heading: string; text: string };
  /** Another kind than before, for a note that nobody has signed. */
  kind?: NoteKind;
}

/** The stored note with new words; state and signatures, and parts that the editor does not know, stay as they are. */
export function revised(stored: Stored<Composition>, note: Note, { title, at, encounter, reason, kind = kindOf(stored) }: Revision): Stored<Composition> {
  const known = new Set<string>(SECTIONS.map((one) => one.code));
  const others = (stored.section ?? []).filter((one) => !known.has(codeOf(one) ?? ''));
  const why: Section[] = reason ? [{ title: reason.heading, text: { status: 'generated', div: narrative(reason.text) } }] : [];
  return {
    ...stored,
    ...(kind === kindOf(stored) ? {} : typed(kind)),
    title,
    date: at,
    encounter: encounter ? { reference: encounter } : stored.encounter,
    section: [...sections(kind, note), ...others, ...why],
  };
}

/** A note of its own that adds to another, which stays untouched. */
export function addendum(to: Stored<Composition>, text: string, written: { patient: string; title: string; at: string; author: Reference }): Composition {
  const { patient, title, at, author } = written;
  return {
    resourceType: 'Composition',
    status: 'preliminary',
    type: to.type,
    subject: { reference: `Patient/${patient}` },
    encounter: to.encounter,
    date: at,
    author: [author],
    title,
    relatesTo: [{ code: 'appends', targetReference: { reference: `Composition/${to.id}` } }],
    section: [{ title, text: { status: 'generated', div: narrative(text) } }],
  };
}

/** Id of the note that this one adds to. */
export function appendsTo(note: Composition): string | undefined {
  return note.relatesTo?.find((one) => one.code === 'appends')?.targetReference?.reference?.split('/')[1];
}

/** The words of a narrative; markup is read, never put into the page. */
export function plain(div: string | undefined, parser: Pick<DOMParser, 'parseFromString'>): string {
  if (!div) return '';
  const spaced = div.replaceAll(/<br\s*\/?>/g, '\n').replaceAll(/<\/(p|div|li|tr|h\d)>/g, '\n\n</$1>');
  const text = parser.parseFromString(spaced, 'text/html').body.textContent ?? '';
  return text.replaceAll(/\n{3,}/g, '\n\n').trim();
}
