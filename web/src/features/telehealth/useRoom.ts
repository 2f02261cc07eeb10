/** A seat in a video visit, for as long as the page shows it. */

import { useCallback, useEffect, useRef, useState } from 'react';
import { useRing } from '../../fhir/live';
import { usePresence } from '../../lib/idle';
import type { Way } from './api';
import { Attendance, type Moment } from './attendance';

export interface Seat extends Moment {
  /** Asks at once what is new. */
  ask: () => void;
  /** Shows a screen in place of the camera, or the camera again. */
  share: (track: MediaStreamTrack | undefined) => Promise<void>;
}

/** Takes the seat while `local` is there. */
export function useRoom(way: Way, local: MediaStream | undefined): Seat {
  const [moment, setMoment] = useState<Moment>({ foreign: false });
  const attendance = useRef<Attendance>(undefined);
  useEffect(() => {
    if (!local) return;
    const taken = new Attendance(way.join, local, setMoment);
    attendance.current = taken;
    return () => {
      taken.leave();
      attendance.current = undefined;
      setMoment({ foreign: false });
    };
  }, [local, way]);
  const ask = useCallback(() => attendance.current?.ask(), []);
  const share = useCallback(async (track: MediaStreamTrack | undefined) => attendance.current?.share(track), []);
  const encounter = way.rings ? moment.room?.encounter?.split('/')[1] : undefined;
  useRing(encounter && `consultation/${encounter}`, ask);
  // A patient who waits looks at the page; the clinician's is not left open for a patient who does not come.
  usePresence(moment.link === 'connected' || (moment.room?.side === 'patient' && moment.room.state === 'waiting'));
  return { ...moment, ask, share };
}
