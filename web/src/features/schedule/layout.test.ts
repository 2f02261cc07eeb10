import { describe, expect, it } from 'vitest';
import { layout } from './layout';

const at = (...spans: [number, number][]) =>
  layout(spans.map(([start, end]) => ({ start, end }))).map(({ item, lane, lanes, width }) => `${item.start}-${item.end}: ${lane}+${width}/${lanes}`);

describe('visits side by side', () => {
  it.each<[string, [number, number][], string[]]>([
    ['nothing', [], []],
    ['one takes the whole column', [[540, 570]], ['540-570: 0+1/1']],
    ['touching is not overlapping', [[540, 570], [570, 600]], ['540-570: 0+1/1', '570-600: 0+1/1']],
    ['two share', [[540, 570], [550, 580]], ['540-570: 0+1/2', '550-580: 1+1/2']],
    ['the longer of two that begin together stands first', [[540, 560], [540, 600]], ['540-600: 0+1/2', '540-560: 1+1/2']],
    ['a lane that is free again is used', [[540, 600], [540, 560], [560, 600]], ['540-600: 0+1/2', '540-560: 1+1/2', '560-600: 1+1/2']],
    ['who has nobody beside is widened', [[0, 60], [0, 30], [0, 30], [40, 60]], ['0-60: 0+1/3', '0-30: 1+1/3', '0-30: 2+1/3', '40-60: 1+2/3']],
    ['a visit of no length still has its place', [[540, 540], [540, 570]], ['540-570: 0+1/2', '540-540: 1+1/2']],
  ])('%s', (_, spans, expected) => expect(at(...spans)).toEqual(expected));

  it('never draws two over each other', () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % below;
    };
    for (let round = 0; round < 200; round += 1) {
      const spans = Array.from({ length: random(14) }, () => {
        const start = random(40) * 15;
        return { start, end: start + 15 * (1 + random(6)) };
      });
      const placed = layout(spans);
      expect(placed).toHaveLength(spans.length);
      for (const [index, one] of placed.entries()) {
        expect(one.lane + one.width).toBeLessThanOrEqual(one.lanes);
        for (const other of placed.slice(index + 1)) {
          const together = one.item.start < other.item.end && other.item.start < one.item.end;
          const beside = one.lane + one.width <= other.lane || other.lane + other.width <= one.lane;
          if (together) expect(beside).toBe(true);
          if (together) expect(one.lanes).toBe(other.lanes);
        }
      }
    }
  });
});
