import { expect, test } from 'vitest';
import { badge, type Message, type Preferences, target, wants, wish } from './api';

const PREFERENCES: Preferences = { quietHours: null, email: true, sms: false, push: true, muted: [], digest: 'off' };

test('a wish mutes one category on one way and takes it back', () => {
  const muted = wish(PREFERENCES, 'results', 'email', false);
  expect(wants(muted, 'results', 'email')).toBe(false);
  expect(wants(muted, 'results', 'push')).toBe(true);
  expect(wants(muted, 'claims', 'email')).toBe(true);
  expect(wish(muted, 'results', 'email', false).muted).toHaveLength(1);
  expect(wish(muted, 'results', 'email', true).muted).toEqual([]);
});

test('a way that is switched off tells nothing', () => {
  expect(wants(PREFERENCES, 'results', 'sms')).toBe(false);
});

test('the count stays small', () => {
  expect([1, 99, 100, 1000].map(badge)).toEqual(['1', '99', '99+', '99+']);
});

test('a message leads to where its record is shown', () => {
  const message: Message = { id: '1', intent: 'test', category: 'system', urgent: false, title: '', body: '', language: 'en', createdAt: '' };
  const about = (type: string, patient?: string) => target({ ...message, subject: { type, id: '7' }, patient });
  expect(about('Appointment', 'p')).toEqual({ to: '/schedule' });
  expect(about('Task')).toEqual({ to: '/tasks' });
  expect(about('Observation', 'p')).toEqual({ to: '/patients/$id/results', params: { id: 'p' } });
  expect(about('ClaimResponse', 'p')).toEqual({ to: '/patients/$id', params: { id: 'p' } });
  expect(about('Observation')).toBeUndefined();
  expect(target(message)).toBeUndefined();
});
