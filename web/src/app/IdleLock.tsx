/** After a quiet while the session ends and the screen is covered; what was typed waits in this tab. */

import { useQueryClient } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useEffect, useMemo } from 'react';
import { endSession } from '../fhir/session';
import { hasDrafts } from '../lib/drafts';
import { useIdle } from '../lib/idle';

const LockScreen = lazy(() => import('./LockScreen'));

const AFTER = 10 * 60_000;

/** What it covers is taken away with the lock: nothing of it may ask the server again and find itself signed out. */
export function IdleLock({ children }: { children: ReactNode }) {
  const idle = useIdle(AFTER);
  const client = useQueryClient();
  // Asked before the session ends: its end empties the storage for a moment.
  const drafts = useMemo(() => idle && hasDrafts(), [idle]);
  useEffect(() => {
    if (!idle) return;
    // The lock is the server's: the cookie is worth nothing from here on, and the page forgets what it has read.
    void endSession('drafts');
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
  }, [idle, client]);
  return idle ? <Suspense fallback={<div className="lock-cover" />}><LockScreen drafts={drafts} /></Suspense> : children;
}
