/** The confirmation of a move, however it was asked for: by drag, by keys or from the menu. */

import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useI18n } from '../../lib/i18n';
import { clockOf, clockText } from '../../lib/zone';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { reschedule, useAttempt, useScheduleChanged } from './api';
import { movedActors } from './calendar';
import { type Calendar, isPerson } from './people';
import { Refusal, wantsOtherTime } from './Refusal';
import { FreeTimes, spanOf, type Time, TimeFields } from './TimeFields';
import type { Appointment } from './types';
import { useWhen } from './VisitDialog';

/** Where a drag let go; without it the form begins at the present time. */
export interface Target {
  day: string;
  minute: number;
  from: string;
  to: string;
}

interface MoveDialogProps {
  appointment: Appointment;
  target?: Target;
  zone: string;
  calendars: readonly Calendar[];
  onClose: () => void;
  onMoved: (moved: Appointment) => void;
}

export function MoveDialog({ appointment, target, zone, calendars, onClose, onMoved }: MoveDialogProps) {
  const { t } = useI18n();
  const when = useWhen(zone);
  const changed = useScheduleChanged();
  const before = clockOf(Date.parse(appointment.start), zone);
  const actors = appointment.actors.map(({ reference }) => reference).filter((reference) => calendars.some(({ actor }) => actor === reference));
  const [from] = useState(target?.from ?? actors.find(isPerson) ?? actors[0] ?? '');
  const [time, setTime] = useState<Time>({ day: target?.day ?? before.day, clock: clockText(target?.minute ?? before.minutes), minutes: appointment.minutes, actor: target?.to ?? from, room: '' });
  const [search, setSearch] = useState(!target);
  const { keyFor, refused } = useAttempt();
  const span = spanOf(time, zone);
  const moved = movedActors(appointment, from, time.actor);
  const same = span !== undefined && Date.parse(span.start) === Date.parse(appointment.start) && time.minutes === appointment.minutes && from === time.actor;
  const save = useMutation({
    mutationFn: () => {
      if (!span) throw new TypeError('the form is not complete');
      const move = { start: span.start, minutes: time.minutes, actors: moved };
      return reschedule(appointment.id, move, keyFor(move));
    },
    onError: refused,
    onSuccess: async (to) => {
      await changed();
      onMoved(to);
    },
  });
  const choose = (next: Time) => {
    save.reset();
    setTime(next);
  };
  return (
    <Dialog onClose={onClose} title={t('move.title', { who: appointment.patient?.display || t('visit.noName') })} size="xl">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (span && !same && !save.isPending) save.mutate();
        }}
      >
        <p className="move-line">
          <s>{when(appointment.start, appointment.end)}</s> <Icon name="steady" /> <strong>{span ? when(span.start, span.end) : '…'}</strong>
        </p>
        <TimeFields time={time} onTime={choose} zone={zone} calendars={calendars} withRoom={false} />
        {save.isError && <Refusal error={save.error} />}
        <div className="form-actions">
          <Button type="button" variant="default" aria-expanded={search} onClick={() => setSearch(!search)}>{t('booking.free')}</Button>
        </div>
        {(search || wantsOtherTime(save.error)) && <FreeTimes time={time} anyone={false} service={appointment.service ?? undefined} zone={zone} calendars={calendars} onPick={choose} />}
        <p className="quiet">{t('move.help')}</p>
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!span || same} loading={save.isPending} data-autofocus={target ? true : undefined}>{t('move.do')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
