import { expect, it } from 'vitest';
import { fromText, square } from './photo';

it('keeps the middle of a picture, whatever its shape', () => {
  expect(square(640, 480, 1)).toEqual({ x: 80, y: 0, side: 480 });
  expect(square(480, 640, 2)).toEqual({ x: 120, y: 200, side: 240 });
  expect(square(100, 100, 0.5)).toEqual({ x: 0, y: 0, side: 100 });
});

it('reads back no draft but a picture of its own making', () => {
  expect(fromText('data:image/jpeg;base64,/9j/')?.size).toBe(3);
  expect(fromText('data:text/html;base64,PGI+')).toBeUndefined();
  expect(fromText('')).toBeUndefined();
});
