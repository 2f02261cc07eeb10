import { expect, it } from 'vitest';
import { LARGEST, base64, binary, documentReference, refusal } from './file';

const bytes = (text: string) => new TextEncoder().encode(text);
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d]);

it.each([
  ['application/pdf', 100, bytes('%PDF-1.7'), undefined],
  ['image/png', 100, PNG, undefined],
  ['text/plain', 100, bytes('hello'), undefined],
  ['application/pdf', 100, bytes('<html>'), 'kind'],
  ['text/html', 100, bytes('<html>'), 'kind'],
  ['image/svg+xml', 100, bytes('<svg>'), 'kind'],
  ['', 100, bytes(''), 'kind'],
  ['image/png', 0, new Uint8Array(), 'empty'],
  ['image/png', LARGEST + 1, PNG, 'size'],
])('a file of %s with %i bytes', (type, size, head, expected) => expect(refusal(type, size, head)).toBe(expected));

it('encodes more than one piece', () => {
  const content = new Uint8Array(70_000).map((_, at) => at % 251);
  expect(Uint8Array.from(atob(base64(content)), (character) => character.charCodeAt(0))).toEqual(content);
});

it('files a document under its patient, its kind and the binary that holds it', () => {
  const filed = { patient: 'p', title: ' Letter ', type: '11488-4', date: '2026-05-12', at: '2026-11-23T10:00:00Z', author: { reference: 'Practitioner/1' }, contentType: 'image/png', size: 5, binary: 'b' };
  const document = documentReference(filed);
  expect([document.description, document.type?.coding?.[0]?.display, document.content[0]?.attachment.url]).toEqual(['Letter', 'Consult note', 'Binary/b']);
  expect(documentReference({ ...filed, type: '', date: '' }).type).toBeUndefined();
  expect(binary('p', 'image/png', PNG).securityContext?.reference).toBe('Patient/p');
});
