import { describe, expect, it } from 'vitest';
import { columnsOf, daysOf, moveCursor, shownHours, snap } from './grid';

const bounds = { columns: 3, from: 480, to: 1080, step: 15 };

describe('keys in the grid', () => {
  it.each([
    ['ArrowDown', { column: 1, minute: 615 }],
    ['ArrowUp', { column: 1, minute: 585 }],
    ['PageDown', { column: 1, minute: 660 }],
    ['PageUp', { column: 1, minute: 540 }],
    ['Home', { column: 1, minute: 480 }],
    ['End', { column: 1, minute: 1065 }],
    ['ArrowLeft', { column: 0, minute: 600 }],
    ['ArrowRight', { column: 2, minute: 600 }],
    ['x', undefined],
  ])('%s', (key, expected) => expect(moveCursor({ column: 1, minute: 600 }, key, bounds)).toEqual(expected));

  it('stops at the ends of the day and leaves at the sides', () => {
    expect(moveCursor({ column: 0, minute: 480 }, 'ArrowUp', bounds)).toEqual({ column: 0, minute: 480 });
    expect(moveCursor({ column: 0, minute: 1065 }, 'PageDown', bounds)).toEqual({ column: 0, minute: 1065 });
    expect(moveCursor({ column: 0, minute: 600 }, 'ArrowLeft', bounds)).toBe('before');
    expect(moveCursor({ column: 2, minute: 600 }, 'ArrowRight', bounds)).toBe('after');
  });

  it('goes the other way where script does', () => {
    expect(moveCursor({ column: 1, minute: 600 }, 'ArrowLeft', bounds, true)).toEqual({ column: 2, minute: 600 });
  });
});

it.each([
  [607, 600],
  [608, 615],
  [100, 480],
  [2000, 1065],
])('minute %d snaps to %d', (minute, expected) => expect(snap(minute, bounds)).toBe(expected));

it('a week is the days of one, and its columns go day by day', () => {
  expect(daysOf('week', '2026-11-25', false)).toEqual(['2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27']);
  expect(daysOf('week', '2026-11-29', true)).toHaveLength(7);
  expect(daysOf('day', '2026-11-29', false)).toEqual(['2026-11-29']);
  expect(columnsOf(['d1', 'd2'], ['a', 'b']).map(({ day, actor }) => day + actor)).toEqual(['d1a', 'd1b', 'd2a', 'd2b']);
});

it('shows a working day, and more when there is more', () => {
  expect(shownHours([])).toEqual({ from: 480, to: 1080 });
  expect(shownHours([{ start: 400, end: 1100 }])).toEqual({ from: 360, to: 1140 });
  expect(shownHours([{ start: 0, end: 1440 }])).toEqual({ from: 0, to: 1440 });
});
