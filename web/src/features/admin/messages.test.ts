import { expect, test } from 'vitest';
import { unknownValues } from './messages';

test('what leaves the application cannot name a person, what stays can', () => {
  expect(unknownValues('short', '{organisation}: see {link}')).toEqual([]);
  expect(unknownValues('short', 'Dear {patient}, {patient} at {when}')).toEqual(['patient', 'when']);
  expect(unknownValues('subject', 'No values')).toEqual([]);
  expect(unknownValues('body', '{who} for {patient} {when}')).toEqual([]);
  expect(unknownValues('body', '{ssn} {}')).toEqual(['ssn', '']);
});
