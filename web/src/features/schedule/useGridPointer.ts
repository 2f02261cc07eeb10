/**
 * The pointer over the grid: a press on a visit moves it, on its lower edge resizes it, on free time marks a span.
 *
 * Fingers scroll, so only a mouse or a pen drags; whatever a drag does, a menu and keys do as well (WCAG 2.5.7).
 */

import { type PointerEvent as ReactPointerEvent, type RefObject, useEffect, useEffectEvent, useRef, useState } from 'react';
import { type Bounds, snap } from './grid';
import type { Span } from './layout';

export interface Drag extends Span {
  kind: 'move' | 'resize' | 'mark';
  column: number;
  /** Of a visit that moves or grows. */
  visit?: { id: string; column: number; start: number; end: number };
}

interface Handlers {
  onDrop: (drag: Drag) => void;
  /** A press without a drag: on a visit, or on a time. */
  onPress: (column: number, minute: number, visit: string | undefined) => void;
  /** Where a visit lies that is grabbed; undefined when it may not move. */
  grab: (id: string, column: number) => Span | undefined;
}

/** Pixels after which a press is a drag. */
const THRESHOLD = 5;
/** Distance from an edge within which the grid scrolls along, and by how much. */
const EDGE = 40;
const SCROLL = 14;

interface Start {
  x: number;
  y: number;
  at: { column: number; minute: number };
  visit: Drag['visit'];
  id: string | undefined;
  resize: boolean;
  /** Fingers press and scroll, and do not drag. */
  drags: boolean;
  grip: number;
}

export function useGridPointer(body: RefObject<HTMLDivElement | null>, scroller: RefObject<HTMLDivElement | null>, bounds: Bounds, handlers: Handlers) {
  const [drag, setDrag] = useState<Drag>();
  const start = useRef<Start>(undefined);
  const current = useRef<Drag>(undefined);

  const place = (event: { clientX: number; clientY: number }) => {
    const { columns, from, to } = bounds;
    const box = body.current?.getBoundingClientRect();
    if (!box || box.width === 0) return { column: 0, minute: from };
    const across = (event.clientX - box.left) / box.width;
    const along = getComputedStyle(body.current as Element).direction === 'rtl' ? 1 - across : across;
    const column = Math.min(columns - 1, Math.max(0, Math.floor(along * columns)));
    return { column, minute: from + ((event.clientY - box.top) / box.height) * (to - from) };
  };

  const show = (next: Drag | undefined) => {
    current.current = next;
    setDrag(next);
  };

  const follow = useEffectEvent((event: PointerEvent) => {
    const began = start.current;
    if (!began?.drags) return;
    if (!current.current && Math.hypot(event.clientX - began.x, event.clientY - began.y) < THRESHOLD) return;
    const at = place(event);
    const { from, to, step } = bounds;
    scrollAlong(scroller.current, event);
    const up = (minute: number) => Math.min(to, Math.max(from, Math.round(minute / step) * step));
    if (began.visit && began.resize) {
      show({ kind: 'resize', column: began.visit.column, start: began.visit.start, end: Math.max(began.visit.start + step, up(at.minute)), visit: began.visit });
    } else if (began.visit) {
      const first = snap(at.minute - began.grip, bounds);
      show({ kind: 'move', column: at.column, start: first, end: first + began.visit.end - began.visit.start, visit: began.visit });
    } else if (!began.id) {
      const first = Math.floor(began.at.minute / step) * step;
      show({ kind: 'mark', column: began.at.column, start: Math.min(first, up(at.minute)), end: Math.max(first + step, up(at.minute)) });
    }
  });

  const end = useEffectEvent((event?: PointerEvent) => {
    const began = start.current;
    const dropped = current.current;
    start.current = undefined;
    show(undefined);
    if (!began || !event) return;
    const { from, to, step } = bounds;
    if (dropped) handlers.onDrop(dropped);
    else handlers.onPress(began.at.column, Math.min(Math.max(Math.floor(began.at.minute / step) * step, from), to - step), began.id);
  });

  useEffect(() => {
    const move = (event: PointerEvent) => follow(event);
    const up = (event: PointerEvent) => end(event);
    const cancel = () => end();
    const key = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && current.current) {
        event.preventDefault();
        end();
      }
    };
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', up);
    window.addEventListener('pointercancel', cancel);
    window.addEventListener('keydown', key);
    return () => {
      window.removeEventListener('pointermove', move);
      window.removeEventListener('pointerup', up);
      window.removeEventListener('pointercancel', cancel);
      window.removeEventListener('keydown', key);
    };
  }, []);

  const onPointerDown = (event: ReactPointerEvent) => {
    if (event.button !== 0 || !event.isPrimary) return;
    const target = event.target as Element;
    const id = target.closest<HTMLElement>('[data-visit]')?.dataset.visit;
    const at = place(event);
    const mouse = event.pointerType !== 'touch';
    const lies = id && mouse ? handlers.grab(id, at.column) : undefined;
    const visit = id && lies ? { id, column: at.column, ...lies } : undefined;
    if (mouse) event.preventDefault();
    start.current = { x: event.clientX, y: event.clientY, at, visit, id, resize: target.closest('[data-resize]') !== null, drags: mouse, grip: lies ? at.minute - lies.start : 0 };
  };

  return { drag, onPointerDown };
}

function scrollAlong(scroller: HTMLElement | null, event: PointerEvent): void {
  if (!scroller) return;
  const box = scroller.getBoundingClientRect();
  const by = (at: number, low: number, high: number) => (at < low + EDGE ? -SCROLL : at > high - EDGE ? SCROLL : 0);
  scroller.scrollBy(by(event.clientX, box.left, box.right), by(event.clientY, box.top, box.bottom));
}
