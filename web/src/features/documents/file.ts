/** Files that may be filed in a chart: of what kind, how large, and how they travel. */

import { LOINC } from '../../fhir/display';
import type { Binary, DocumentReference, Reference } from '../../fhir/types';
import { Decimal } from '../../lib/json';

/** What is shown inside the page; nothing of it can run. */
export const KINDS = ['application/pdf', 'image/png', 'image/jpeg', 'text/plain'] as const;

export const LARGEST = 10 * 1024 * 1024;

export type Refusal = 'kind' | 'size' | 'empty';

/** What the file says it is and what its first bytes say must agree. */
const SIGNATURES: Record<string, readonly number[]> = {
  'application/pdf': [0x25, 0x50, 0x44, 0x46],
  'image/png': [0x89, 0x50, 0x4e, 0x47],
  'image/jpeg': [0xff, 0xd8, 0xff],
};

export function refusal(type: string, size: number, head: Uint8Array): Refusal | undefined {
  if (!(KINDS as readonly string[]).includes(type)) return 'kind';
  if (size === 0) return 'empty';
  if (size > LARGEST) return 'size';
  const signature = SIGNATURES[type];
  if (signature && !signature.every((byte, at) => head[at] === byte)) return 'kind';
  return undefined;
}

/** Kinds of documents by LOINC, as they arrive at a clinic. */
export const TYPES = [
  { code: '11488-4', display: 'Consult note' },
  { code: '18842-5', display: 'Discharge summary' },
  { code: '11502-2', display: 'Laboratory report' },
  { code: '18748-4', display: 'Diagnostic imaging study' },
  { code: '57133-1', display: 'Referral note' },
  { code: '64290-0', display: 'Health insurance card' },
  { code: '59284-0', display: 'Patient Consent' },
] as const;

/** Bytes as base64, in pieces that the stack can hold. */
export function base64(content: Uint8Array): string {
  let text = '';
  for (let at = 0; at < content.length; at += 0x8000) text += String.fromCharCode(...content.subarray(at, at + 0x8000));
  return btoa(text);
}

/** The content, readable by whoever may read the patient's chart. */
export function binary(patient: string, contentType: string, content: Uint8Array): Binary {
  return { resourceType: 'Binary', contentType, securityContext: { reference: `Patient/${patient}` }, data: base64(content) };
}

interface Filed {
  patient: string;
  title: string;
  type: string;
  /** Day of the document, as far as it is known. */
  date: string;
  at: string;
  author: Reference | undefined;
  contentType: string;
  size: number;
  binary: string;
}

export function documentReference({ patient, title, type, date, at, author, contentType, size, binary: id }: Filed): DocumentReference {
  const coding = TYPES.find((one) => one.code === type);
  return {
    resourceType: 'DocumentReference',
    status: 'current',
    docStatus: 'final',
    type: coding && { coding: [{ system: LOINC, code: coding.code, display: coding.display }] },
    subject: { reference: `Patient/${patient}` },
    date: at,
    author: author && [author],
    description: title.trim(),
    content: [{ attachment: { contentType, url: `Binary/${id}`, size: new Decimal(String(size)), title: title.trim(), creation: date || undefined } }],
  };
}
