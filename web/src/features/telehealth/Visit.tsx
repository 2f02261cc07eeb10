/** A video visit from the check of the devices to its end; staff and patients see it with other words around it. */

import './telehealth.css';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../lib/i18n';
import type { Room, Way } from './api';
import { DeviceCheck } from './DeviceCheck';
import { type Choice, useDevices } from './devices';
import { Stage } from './Stage';
import { type Seat, useRoom } from './useRoom';
import { Video } from './Video';

export function useRoomQuery(way: Way) {
  return useQuery({ queryKey: ['telehealth', way.key], queryFn: ({ signal }) => way.room(signal), refetchInterval: 10_000 });
}

interface VisitProps {
  way: Way;
  /** As it was read when the page came. */
  room: Room;
  /** Name of the other side. */
  other: string;
  /** What is shown until the patient is admitted. */
  renderWaiting: (room: Room, seat: Seat) => ReactNode;
  /** What is shown when it is over. */
  renderOver: (room: Room) => ReactNode;
  /** How the call is left or ended. */
  renderLeave: (room: Room, again: () => void) => ReactNode;
  renderFailure: (error: unknown, retry: () => void) => ReactNode;
}

export function Visit({ way, room: first, other, renderWaiting, renderOver, renderLeave, renderFailure }: VisitProps) {
  const { t } = useI18n();
  const [choice, choose] = useState<Choice>({});
  const [ready, setReady] = useState(false);
  const devices = useDevices(choice);
  const seat = useRoom(way, ready ? devices.stream : undefined);
  const room = seat.room ?? first;
  if (room.state === 'ended') return <>{renderOver(room)}</>;
  if (!ready || !devices.stream) return <DeviceCheck room={first} devices={devices} choice={choice} choose={choose} onReady={() => setReady(true)} />;
  if (seat.error && !seat.room) return <>{renderFailure(seat.error, () => setReady(false))}</>;
  return (
    <>
      {seat.error !== undefined && <p className="call-trouble" role="status">{t('call.serverLost')}</p>}
      {room.state === 'in-call' && seat.room ? (
        <Stage room={room} seat={seat} local={devices.stream} other={other} leave={renderLeave(room, () => setReady(false))} />
      ) : (
        <section className="call-waiting" aria-label={t('call.waitingRoom')}>
          <Video stream={devices.stream} label={t('call.you')} muted className="call-mirror" />
          <div className="call-set">{renderWaiting(room, seat)}</div>
        </section>
      )}
    </>
  );
}
