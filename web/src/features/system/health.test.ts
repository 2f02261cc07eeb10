import { describe, expect, it } from 'vitest';
import { en } from '../../lib/i18n/en';
import { translator } from '../../lib/i18n';
import { parse } from '../../lib/json';
import { type Health, duration, figures, size } from './health';

const t = translator('en', en);
const health = (part: object) => parse(JSON.stringify(part)) as Health;
const words = (part: Parameters<typeof figures>[1], text: object) => figures(health(text), part, { t, locale: 'en' });

describe('figures of the installation', () => {
  it('has units that people read', () => {
    expect([size(0, 'en'), size(999, 'en'), size(1_536_000_000, 'en'), size(1_536_000_000, 'es')]).toEqual(['0 B', '999 B', '1.54 GB', '1,54 GB']);
    expect([0.0123, 3.21, 240, 10_800, 432_000].map((one) => duration(one, 'en'))).toEqual(['12 ms', '3.2 s', '4 min', '3 h', '5 d']);
  });

  it('never says none where there was no answer', () => {
    expect(words('deadLetters', { deadLetters: { state: 'unknown', kinds: [], elsewhere: null } })).toEqual(['no answer']);
    expect(words('deadLetters', { deadLetters: { state: 'up', kinds: [], elsewhere: 0 } })).toEqual(['none lies there']);
    expect(words('deliveries', { deliveries: { state: 'unknown', queues: [] } })).toEqual(['no answer']);
    expect(words('disk', { disk: { state: 'unknown', free: null, total: null } })).toEqual(['no answer']);
  });

  it('counts what found its record in memory', () => {
    expect(words('cache', { cache: { state: 'up', hits: 3, misses: 1 } })).toEqual(['75% of records found in memory', '4 lookups since the start']);
    expect(words('cache', { cache: { state: 'unknown', hits: null, misses: null } })).toEqual(['nothing was looked up yet']);
  });

  it('tells a log that was never verified from one that is sound', () => {
    expect(words('audit', { audit: { state: 'unknown', entries: 7, head: 'q83=', verifiedAt: null, sound: null, journalBytes: 0 } })).toEqual(['7 entries', 'never verified; the audit page does it', 'head q83=']);
  });
});
