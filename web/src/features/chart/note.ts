/** A SOAP note as a Composition: sections of plain text, written as escaped narrative and read back without markup. */

import { LOINC } from '../../fhir/display';
import type { Composition, Reference, Section, Stored } from '../../fhir/types';

/** The parts of a SOAP note and their LOINC section codes. */
export const SECTIONS = [
  { key: 'subjective', code: '61150-9', title: 'Subjective' },
  { key: 'objective', code: '61149-1', title: 'Objective' },
  { key: 'assessment', code: '51848-0', title: 'Assessment' },
  { key: 'plan', code: '18776-5', title: 'Plan' },
] as const;

export type SectionKey = (typeof SECTIONS)[number]['key'];
export type Note = Record<SectionKey, string>;

export const BLANK: Note = { subjective: '', objective: '', assessment: '', plan: '' };

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
}

/** Sections that are empty are left out, as FHIR wants no empty text. */
function sections(note: Note): Section[] {
  return SECTIONS.filter(({ key }) => note[key].trim() !== '').map(({ key, code, title }) => ({
    title,
    code: { coding: [{ system: LOINC, code, display: `${title} note` }] },
    text: { status: 'generated', div: narrative(note[key]) },
  }));
}

/** A note that nobody has signed yet. */
export function composition(note: Note, { patient, title, at, author, encounter }: Written): Composition {
  return {
    resourceType: 'Composition',
    status: 'preliminary',
    type: { coding: [{ system: LOINC, code: '11506-3', display: 'Progress note' }] },
    subject: { reference: `Patient/${patient}` },
    encounter: encounter ? { reference: encounter } : undefined,
    date: at,
    author: [author],
    title,
    section: sections(note),
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
  return Object.fromEntries(SECTIONS.map(({ key, code }) => [key, text(code)])) as Note;
}

interface Revision {
  title: string;
  at: string;
  encounter?: string;
  /** Words of an amendment: who, when and why, for whoever reads the note. */
  reason?: { heading: string; text: string };
}

/** The stored note with new words; state and signatures, and parts that the editor does not know, stay as they are. */
export function revised(stored: Stored<Composition>, note: Note, { title, at, encounter, reason }: Revision): Stored<Composition> {
  const known = new Set<string>(SECTIONS.map((one) => one.code));
  const others = (stored.section ?? []).filter((one) => !known.has(codeOf(one) ?? ''));
  const why: Section[] = reason ? [{ title: reason.heading, text: { status: 'generated', div: narrative(reason.text) } }] : [];
  return {
    ...stored,
    title,
    date: at,
    encounter: encounter ? { reference: encounter } : stored.encounter,
    section: [...sections(note), ...others, ...why],
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
