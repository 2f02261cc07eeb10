import { expect, it } from 'vitest';
import { type Draft, draftOf, fieldsOf, placeOf, targetOf, textOf } from './kept';

it('keeps a draft as the fields of its form and finds it again', () => {
  const draft: Draft = { kind: 'nursing', title: 'Round', note: { subjective: 'Tired\n', plan: 'Rest' }, reason: '' };
  expect(draftOf(fieldsOf(draft))).toEqual(draft);
  expect(Object.keys(fieldsOf({ ...draft, note: { plan: '' } }))).not.toContain('plan');
});

it('leaves out what this form does not know', () => {
  expect(draftOf({ plan: 'Rest', rhyme: 'x', 'form.kind': 'sonnet' })).toEqual({ note: { plan: 'Rest' } });
});

it('names what a draft is of', () => {
  expect([placeOf(undefined), placeOf('n1')]).toEqual(['new', 'note.n1']);
  expect(targetOf('note.n1')).toEqual({ kind: 'note', id: 'n1' });
  expect(targetOf('addendum.n-2')).toEqual({ kind: 'addendum', id: 'n-2' });
  expect([targetOf('new'), targetOf('other.x')]).toEqual([{ kind: 'new' }, { kind: 'new' }]);
});

it('knows the same draft whatever order its fields come in', () => {
  expect(textOf({ visit: 'v', fields: { a: '1', b: '2' } })).toBe(textOf({ fields: { b: '2', a: '1' }, visit: 'v' }));
  expect(textOf({ visit: 'v', fields: { a: '1' } })).not.toBe(textOf({ fields: { a: '1' } }));
});
