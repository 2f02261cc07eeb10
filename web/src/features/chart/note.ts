/** A SOAP note as a Composition: sections of plain text, written as escaped narrative and read back without markup. */

import { LOINC } from '../../fhir/display';
import type { Composition, Section } from '../../fhir/types';

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
  author: { reference?: string; display?: string };
  status: 'preliminary' | 'final';
}

/** Sections that are empty are left out, as FHIR wants no empty text. */
export function composition(note: Note, { patient, title, at, author, status }: Written): Composition {
  const section: Section[] = SECTIONS.filter(({ key }) => note[key].trim() !== '').map(({ key, code, title: heading }) => ({
    title: heading,
    code: { coding: [{ system: LOINC, code, display: `${heading} note` }] },
    text: { status: 'generated', div: narrative(note[key]) },
  }));
  return {
    resourceType: 'Composition',
    status,
    type: { coding: [{ system: LOINC, code: '11506-3', display: 'Progress note' }] },
    subject: { reference: `Patient/${patient}` },
    date: at,
    author: [author],
    title,
    section,
  };
}

/** The words of a narrative; markup is read, never put into the page. */
export function plain(div: string | undefined, parser: Pick<DOMParser, 'parseFromString'>): string {
  if (!div) return '';
  const spaced = div.replaceAll(/<br\s*\/?>/g, '\n').replaceAll(/<\/(p|div|li|tr|h\d)>/g, '\n\n</$1>');
  const text = parser.parseFromString(spaced, 'text/html').body.textContent ?? '';
  return text.replaceAll(/\n{3,}/g, '\n\n').trim();
}
