import { expect, it } from 'vitest';
import { type Clash, type Room, clash } from './clash';

const room: Room = { booked: [{ start: 600, end: 630 }], open: [{ start: 540, end: 720 }], bufferBefore: 0, bufferAfter: 10, capacity: 1, now: 500 };

it.each<[string, [number, number], Partial<Room>, Clash | undefined]>([
  ['free', [640, 670], {}, undefined],
  ['over another', [620, 650], {}, 'taken'],
  ['right after another', [630, 660], {}, undefined],
  ['too near before another', [570, 595], {}, 'buffer'],
  ['too near after, when the buffer lies before', [635, 650], { bufferBefore: 10, bufferAfter: 0 }, 'buffer'],
  ['half closed', [700, 730], {}, 'closed'],
  ['no hours defined', [900, 930], { open: undefined }, undefined],
  ['no hours on this day', [640, 670], { open: [] }, 'closed'],
  ['gone by', [540, 555], { now: 541 }, 'past'],
  ['beside one other of two', [600, 630], { capacity: 2 }, undefined],
  ['beside two of two', [600, 630], { capacity: 2, booked: [{ start: 600, end: 630 }, { start: 610, end: 640 }] }, 'taken'],
  ['beside two that follow each other', [600, 660], { capacity: 2, bufferAfter: 0, booked: [{ start: 600, end: 630 }, { start: 630, end: 660 }] }, undefined],
])('%s', (_, [start, end], more, expected) => expect(clash({ start, end }, { ...room, ...more })).toBe(expected));
