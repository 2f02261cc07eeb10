import { expect, it } from 'vitest';
import { BLANK, composition, narrative } from './note';

const written = { patient: 'p1', title: 'Visit', at: '2026-11-22T10:00:00Z', author: { reference: 'Practitioner/1' }, status: 'final' as const };

it('writes what was typed as text, whatever it looks like', () => {
  expect(narrative('a <b> & "c"')).toBe('<div xmlns="http://www.w3.org/1999/xhtml"><p>a &lt;b&gt; &amp; &quot;c&quot;</p></div>');
});

it('keeps lines and paragraphs', () => {
  expect(narrative('one\ntwo\n\n\nthree')).toBe('<div xmlns="http://www.w3.org/1999/xhtml"><p>one<br/>two</p><p>three</p></div>');
});

it('leaves empty sections out and names the others by code', () => {
  const note = composition({ ...BLANK, plan: 'Rest', subjective: '  ' }, written);
  expect(note.section?.map((section) => section.code?.coding?.[0]?.code)).toEqual(['18776-5']);
  expect([note.status, note.subject?.reference, note.author[0]?.reference]).toEqual(['final', 'Patient/p1', 'Practitioner/1']);
});
