import { expect, it } from 'vitest';
import { BLANK, KINDS, LONGEST, SECTIONS, type NoteKind, addendum, appendsTo, charactersLeft, composition, isSigned, isWaiting, kindOf, narrative, noteOf, partsOf, revised } from './note';

const written = { patient: 'p1', title: 'Visit', at: '2026-11-22T10:00:00Z', author: { reference: 'Practitioner/1' } };

it('writes what was typed as text, whatever it looks like', () => {
  expect(narrative('a <b> & "c"')).toBe('<div xmlns="http://www.w3.org/1999/xhtml"><p>a &lt;b&gt; &amp; &quot;c&quot;</p></div>');
});

it('keeps lines and paragraphs', () => {
  expect(narrative('one\ntwo\n\n\nthree')).toBe('<div xmlns="http://www.w3.org/1999/xhtml"><p>one<br/>two</p><p>three</p></div>');
});

it('leaves empty sections out and names the others by code', () => {
  const note = composition({ ...BLANK, plan: 'Rest', subjective: '  ' }, written);
  expect(note.section?.map((section) => section.code?.coding?.[0]?.code)).toEqual(['18776-5']);
  expect([note.status, note.subject?.reference, note.author[0]?.reference]).toEqual(['preliminary', 'Patient/p1', 'Practitioner/1']);
});

/** As much of a browser's parser as the notes need: no markup but paragraphs. */
const parser = { parseFromString: (html: string) => ({ body: { textContent: html.replaceAll(/<[^>]+>/g, '') } }) } as unknown as DOMParser;

const stored = {
  ...composition({ ...BLANK, plan: 'Rest', objective: 'BP 120/80' }, written),
  id: 'n',
  status: 'final',
  attester: [{ mode: 'legal' }],
};

it('reads a note back for going on with it', () => {
  expect(noteOf(stored, parser)).toEqual({ ...BLANK, plan: 'Rest', objective: 'BP 120/80' });
});

it('amends the words, keeps what it does not know, and says why', () => {
  const foreign = { title: 'Medications', text: { status: 'generated', div: '<div>x</div>' } };
  const from = { ...stored, section: [...(stored.section ?? []), foreign] };
  const next = revised(from, { ...BLANK, plan: 'Rest and fluids' }, { title: 'Visit', at: '2026-11-23T10:00:00Z', reason: { heading: 'Amended', text: 'Plan was incomplete' } });
  expect([next.status, next.id, isSigned(next)]).toEqual(['final', 'n', true]);
  expect(next.section?.map((one) => one.title)).toEqual(['Plan', 'Medications', 'Amended']);
  expect(next.attester?.length).toBe(1);
});

it('adds to a note without touching it', () => {
  const added = addendum(stored, 'Potassium came back normal', { patient: 'p1', title: 'Addendum', at: '2026-11-23T10:00:00Z', author: { reference: 'Practitioner/2' } });
  expect([appendsTo(added), added.status, added.author[0]?.reference]).toEqual(['n', 'preliminary', 'Practitioner/2']);
  expect(appendsTo(stored)).toBeUndefined();
});

it('waits from the first signature to the second', () => {
  const note = composition({ ...BLANK, plan: 'Rest' }, written);
  expect(isWaiting(note)).toBe(false);
  expect(isWaiting({ ...note, attester: [{ mode: 'professional' }] })).toBe(true);
  expect(isWaiting(stored)).toBe(false);
});

it('is of the kind that was chosen, by LOINC type and by our own word', () => {
  for (const kind of Object.keys(KINDS) as NoteKind[]) {
    const note = composition({ ...BLANK, plan: 'Rest' }, { ...written, kind });
    expect([note.type.coding?.[0]?.code, kindOf(note)]).toEqual([KINDS[kind].code, kind]);
    // Without our word it is what its type says; both kinds of progress notes are read as SOAP.
    expect(KINDS[kindOf({ type: note.type })].code).toBe(KINDS[kind].code);
  }
  expect(kindOf({ type: { coding: [{ system: 'http://loinc.org', code: '11488-4' }] } })).toBe('consult');
  expect(kindOf({ type: { text: 'Letter' } })).toBe('soap');
});

it('loses no words when the kind changes', () => {
  const note = { subjective: 'Tired', plan: 'Rest' };
  expect(partsOf('discharge', note).map(({ key }) => key)).toEqual([...KINDS.discharge.sections, 'subjective']);
  const saved = { ...composition(note, written), id: 'n' };
  const next = revised(saved, note, { title: 'Discharge summary', at: '2026-11-23T10:00:00Z', kind: 'discharge' });
  expect([kindOf(next), next.section?.map((one) => one.title)]).toEqual(['discharge', ['Plan', 'Subjective']]);
  expect(revised(saved, note, { title: 'x', at: '2026-11-23T10:00:00Z' }).type).toBe(saved.type);
});

it('has one code for one part', () => {
  expect(new Set(SECTIONS.map(({ code }) => code)).size).toBe(SECTIONS.length);
});

it('counts characters as people do, once few are left', () => {
  expect([charactersLeft(''), charactersLeft('x'.repeat(9_000)), charactersLeft('😀'.repeat(9_000))]).toEqual([undefined, undefined, undefined]);
  expect([charactersLeft('x'.repeat(9_001)), charactersLeft('😀'.repeat(LONGEST)), charactersLeft('x'.repeat(LONGEST + 3))]).toEqual([999, 0, -3]);
});
