/**
 * Keeps a time for whoever is filling in a booking, so that nobody else takes it meanwhile.
 *
 * Holds of one form are taken and given back one after another: a new time must not meet the hold of the one before.
 */

import { useCallback, useEffect, useRef, useState } from 'react';
import { RequestError } from '../../fhir/http';
import { useNow } from '../../lib/hooks';
import { hold, release } from './api';
import type { Hold } from './types';

export type Held =
  | { status: 'none' }
  | { status: 'asking' }
  | { status: 'held'; hold: Hold }
  | { status: 'expired' }
  | { status: 'refused'; error: RequestError };

export interface Wanted {
  start: string;
  end: string;
  actors: readonly string[];
}

export function useHold(wanted: Wanted | undefined): { held: Held; again: () => void; spent: () => void } {
  const [answer, setAnswer] = useState<{ key: string; held: Held }>();
  const [attempt, setAttempt] = useState(0);
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const used = useRef(false);
  // As a text, because a form makes a new object of the same time with every letter that is typed.
  const key = wanted ? JSON.stringify([attempt, wanted]) : '';
  useEffect(() => {
    if (key === '') return undefined;
    const [, target] = JSON.parse(key) as [number, Wanted];
    let current = true;
    let mine: Hold | undefined;
    used.current = false;
    const setHeld = (held: Held) => setAnswer({ key, held });
    const take = async () => {
      if (!current) return;
      try {
        mine = await hold(target.start, target.end, target.actors);
        if (current) setHeld({ status: 'held', hold: mine });
      } catch (error) {
        if (current) setHeld({ status: 'refused', error: error instanceof RequestError ? error : new RequestError('failed', 0, [], undefined) });
      }
    };
    queue.current = queue.current.then(take);
    return () => {
      current = false;
      queue.current = queue.current.then(() => (mine && !used.current ? release(mine.id).catch(() => undefined) : undefined));
    };
  }, [key]);
  const held: Held = key === '' ? { status: 'none' } : answer?.key === key ? answer.held : { status: 'asking' };
  const expires = held.status === 'held' ? held.hold.expires : undefined;
  useEffect(() => {
    if (!expires) return undefined;
    const timer = window.setTimeout(() => setAnswer({ key, held: { status: 'expired' } }), Math.max(0, Date.parse(expires) - Date.now()));
    return () => window.clearTimeout(timer);
  }, [expires, key]);
  return {
    held,
    again: useCallback(() => setAttempt((count) => count + 1), []),
    // A booking has used it up: there is nothing to give back.
    spent: useCallback(() => {
      used.current = true;
    }, []),
  };
}

/** Whole seconds until the moment, counted down. */
export function useSecondsTo(moment: string | undefined): number {
  const now = useNow(1000);
  return moment ? Math.max(0, Math.ceil((Date.parse(moment) - now) / 1000)) : 0;
}

/** `4:05`. */
export function countdownText(seconds: number): string {
  return `${Math.trunc(seconds / 60)}:${(seconds % 60).toString().padStart(2, '0')}`;
}
