import { expect, it } from 'vitest';
import { merge } from './merge';

const base = { family: 'Ray', given: 'Ana', phone: '1', city: 'Lima' };

it('takes what only one side changed', () => {
  const merged = merge(base, { ...base, phone: '2' }, { ...base, city: 'Cusco' });
  expect(merged).toEqual({ values: { ...base, phone: '2', city: 'Cusco' }, conflicts: [], taken: ['city'] });
});

it('names a field that both changed and keeps theirs until somebody decides', () => {
  const merged = merge(base, { ...base, phone: '2' }, { ...base, phone: '3' });
  expect(merged.conflicts).toEqual([{ field: 'phone', base: '1', mine: '2', theirs: '3' }]);
  expect(merged.values.phone).toBe('3');
});

it('sees no conflict where both made the same change', () => {
  const both = { ...base, phone: '2' };
  expect(merge(base, both, both)).toEqual({ values: both, conflicts: [], taken: [] });
});

it('sees fields that one side lacks', () => {
  expect(merge({}, { email: 'a@b.c' }, {}).values.email).toBe('a@b.c');
  expect(merge({ email: 'a@b.c' }, { email: 'a@b.c' }, {}).taken).toEqual(['email']);
});
