import { describe, expect, it } from 'vitest';
import { age, formatDate, formatDateTime, instant, isFhirDate, now, today, typedDate } from './dates';

describe('age', () => {
  it.each([
    ['1945-07-14', '2026-07-13', 80, 11, 29],
    ['1945-07-14', '2026-07-14', 81, 0, 0],
    ['2024-02-29', '2025-02-28', 0, 11, 30],
    ['2024-02-29', '2025-03-01', 1, 0, 1],
    ['2026-01-31', '2026-03-01', 0, 1, 1],
    ['2025-12-31', '2026-01-01', 0, 0, 1],
    ['1980', '2026-06-15', 46, 5, 14],
    ['1980-05', '2026-06-15', 46, 1, 14],
  ])('born %s, on %s: %i years %i months %i days', (birth, on, years, months, days) => {
    expect(age(birth, on)).toEqual({ years, months, days });
  });

  it('is unknown before birth and without a date', () => {
    expect(age('2026-07-14', '2025-01-01')).toBeUndefined();
    expect(age('unknown', '2025-01-01')).toBeUndefined();
  });
});

describe('dates on screen', () => {
  it.each([
    ['1945-07-14', 'en', '14-Jul-1945'],
    ['1945-07', 'en', 'Jul-1945'],
    ['1945', 'en', '1945'],
    ['1945-01-04', 'es', '04-Ene-1945'],
  ])('%s in %s is %s', (date, locale, shown) => {
    expect(formatDate(date, locale)).toBe(shown);
  });

  it('shows a time only where there is one', () => {
    expect(formatDateTime('2026-03-01', 'en')).toBe('01-Mar-2026');
    expect(formatDateTime('2026-03-01T08:05:00', 'en')).toBe('01-Mar-2026 08:05');
    expect(formatDateTime('2026-13-01T99:00', 'en')).toBe('2026-13-01T99:00');
  });
});

describe('dates that people type', () => {
  it.each([
    ['1945-07-14', '1945-07-14'],
    ['14/7/1945', '1945-07-14'],
    ['14/7/45', '1945-07-14'],
    ['1.2.24', '2024-02-01'],
    ['14-Jul-1945', '1945-07-14'],
    ['30/2/2020', undefined],
    ['7/14/1945', undefined],
    ['smith', undefined],
  ])('%s is %s', (typed, date) => {
    expect(typedDate(typed, '2026-11-22')).toBe(date);
  });
});

it('knows real dates', () => {
  expect(['1980', '1980-12', '2024-02-29'].every(isFhirDate)).toBe(true);
  expect(['2023-02-29', '1980-13', '1980-1', '80', ''].some(isFhirDate)).toBe(false);
});

it('orders dates of any precision', () => {
  expect(instant('2020')).toBe(Date.UTC(2020, 0, 1));
  expect(instant('2020-05')).toBe(Date.UTC(2020, 4, 1));
  expect(instant('2020-05-06T00:00:00+02:00')).toBe(Date.UTC(2020, 4, 5, 22));
  expect(instant(undefined)).toBeNaN();
});

it('writes the present as an instant with offset', () => {
  const at = new Date('2026-11-22T10:20:30Z');
  expect(now(at)).toMatch(/^2026-11-2[123]T\d\d:\d\d:30[+-]\d\d:\d\d$/);
  expect(Date.parse(now(at))).toBe(at.getTime());
  expect(today(at, 'Pacific/Kiritimati')).toBe('2026-11-23');
});
