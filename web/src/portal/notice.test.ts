import { expect, it } from 'vitest';
import type { Message } from '../features/notices/api';
import { pageAbout } from './notice';
import { pageOf, pathOf } from './route';

const message = (type?: string): Message => ({ id: '1', intent: 'test', category: 'system', urgent: false, title: '', body: '', language: 'en', createdAt: '', subject: type ? { type, id: '7' } : undefined });

it.each([
  ['Appointment', 'visits'],
  ['DiagnosticReport', 'results'],
  ['MedicationRequest', 'medicines'],
  ['Communication', 'messages'],
  ['DocumentReference', 'papers'],
  ['Claim', undefined],
  [undefined, undefined],
])('what is about %s is shown under %s', (type, page) => expect(pageAbout(message(type))).toBe(page));

it('has an address of its own, which the navigation does not name', () => {
  expect([pathOf('notices'), pageOf('/app/portal/notices')]).toEqual(['/app/portal/notices', 'notices']);
});
