import { describe, expect, it } from 'vitest';
import { addDays, clockMinutes, clockOf, clockText, dayBounds, dayText, instantOf, isDay, iso, isZone, monday, weekday, weekdayNames, zoneText } from './zone';

const ZONES = ['UTC', 'America/New_York', 'Europe/Madrid', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia', 'America/St_Johns', 'Africa/Casablanca'];

describe('a clock time and its instant', () => {
  it.each(ZONES)('agree every ninety minutes of a year in %s, except where clocks change', (zone) => {
    let odd = 0;
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 90 * 60_000) {
      const { day, minutes } = clockOf(at, zone);
      const back = instantOf(day, minutes, zone);
      // A time that comes twice leads to its first.
      if (back !== at) odd += 1;
      expect(clockOf(back, zone)).toEqual({ day, minutes });
    }
    expect(odd).toBeLessThanOrEqual(4);
  });

  it('takes the first of a time that comes twice', () => {
    expect(iso(instantOf('2026-11-01', 90, 'America/New_York'))).toBe('2026-11-01T05:30:00Z');
    expect(iso(instantOf('2026-10-25', 150, 'Europe/Madrid'))).toBe('2026-10-25T00:30:00Z');
  });

  it('takes of a missing time the one that the clock shows instead', () => {
    expect(clockOf(instantOf('2026-03-08', 150, 'America/New_York'), 'America/New_York')).toEqual({ day: '2026-03-08', minutes: 210 });
    // Lord Howe moves by half an hour.
    expect(clockOf(instantOf('2026-10-04', 135, 'Australia/Lord_Howe'), 'Australia/Lord_Howe')).toEqual({ day: '2026-10-04', minutes: 165 });
  });

  it('goes past the ends of a day', () => {
    expect(instantOf('2026-05-01', 1500, 'UTC')).toBe(instantOf('2026-05-02', 60, 'UTC'));
  });
});

describe('days', () => {
  it.each([
    ['2026-03-08', 'America/New_York', 23],
    ['2026-11-01', 'America/New_York', 25],
    ['2026-10-04', 'Australia/Lord_Howe', 23.5],
    ['2026-06-01', 'Asia/Kathmandu', 24],
  ])('%s in %s lasts %d hours', (day, zone, hours) => {
    const { start, end } = dayBounds(day, zone);
    expect((end - start) / 3_600_000).toBe(hours);
  });

  it('count over months, leap days and weeks', () => {
    expect([addDays('2028-02-28', 1), addDays('2026-01-01', -1), monday('2026-11-22'), monday('2026-11-23')]).toEqual(['2028-02-29', '2025-12-31', '2026-11-16', '2026-11-23']);
    expect([weekday('2026-11-22'), weekday('2026-11-23')]).toEqual([7, 1]);
  });

  it('are refused when they do not exist', () => {
    expect(['2026-02-29', '2026-13-01', '26-1-1', '2028-02-29'].map(isDay)).toEqual([false, false, false, true]);
  });
});

it.each([
  ['9:30', 570],
  ['09:30:00', 570],
  ['24:00', 1440],
  ['24:01', undefined],
  ['12:60', undefined],
  ['noon', undefined],
])('the clock time %s is %s minutes', (text, minutes) => expect(clockMinutes(text)).toBe(minutes));

it('writes clock times, zones and weekdays', () => {
  expect([clockText(0), clockText(565), clockText(1440)]).toEqual(['00:00', '09:25', '24:00']);
  expect(zoneText('America/Los_Angeles', 'en', Date.UTC(2026, 0, 1))).toBe('Los Angeles, GMT-8');
  expect([dayText('2026-11-23', 'en', 'short'), dayText('2026-11-22', 'es', 'long')]).toEqual(['Mon 23', 'Domingo 22-Nov-2026']);
  expect([weekdayNames('en')[0], weekdayNames('es')[6]]).toEqual(['Monday', 'domingo']);
  expect([isZone('Europe/Madrid'), isZone('Mars/Base')]).toEqual([true, false]);
});
