/** Notices that nobody is at the screen. */

import { useEffect, useState } from 'react';

/** Said by a page at which somebody is who touches nothing: who talks by video does not type. */
const PRESENT = 'somebody-present';
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', PRESENT] as const;
const CHECK = 5_000;

/** True once nothing was touched for `milliseconds`; stays true. Time asleep counts. */
export function useIdle(milliseconds: number): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    let last = Date.now();
    const touch = () => {
      // A laptop that was closed must lock before the first touch counts.
      if (Date.now() - last < milliseconds) last = Date.now();
    };
    const check = () => {
      if (Date.now() - last >= milliseconds) setIdle(true);
    };
    for (const sign of SIGNS) window.addEventListener(sign, touch, { passive: true });
    document.addEventListener('visibilitychange', check);
    const timer = window.setInterval(check, Math.min(CHECK, milliseconds));
    return () => {
      for (const sign of SIGNS) window.removeEventListener(sign, touch);
      document.removeEventListener('visibilitychange', check);
      window.clearInterval(timer);
    };
  }, [milliseconds]);
  return idle;
}

const SAID = 30_000;

/** Somebody is here for as long as `present` holds, touched or not. */
export function usePresence(present: boolean): void {
  useEffect(() => {
    if (!present) return;
    const timer = window.setInterval(() => window.dispatchEvent(new Event(PRESENT)), SAID);
    return () => window.clearInterval(timer);
  }, [present]);
}
