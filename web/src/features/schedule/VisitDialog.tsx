/** One visit: who, when, how far it has come, and every step that may follow. */

import { Button, NativeSelect } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Loaded } from '../../fhir/Loaded';
import { useI18n } from '../../lib/i18n';
import { clockOf, clockText, dayText, viewerZone, zoneText } from '../../lib/zone';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { LinkButton } from '../../ui/LinkButton';
import { transition, useAppointment, useScheduleChanged } from './api';
import { CancelForm } from './CancelForm';
import { type Calendar, isPerson } from './people';
import { Refusal } from './Refusal';
import { isMovable, isOver, LOOKS, nextStep, reasonText, steps } from './states';
import type { Appointment, State } from './types';

interface VisitDialogProps {
  id: string;
  zone: string;
  calendars: readonly Calendar[];
  services: ReadonlyMap<string, string>;
  onClose: () => void;
  onMove: (appointment: Appointment) => void;
}

export function VisitDialog(props: VisitDialogProps) {
  const { t } = useI18n();
  const query = useAppointment(props.id);
  return (
    <Dialog onClose={props.onClose} title={t('visit.title')} size="lg">
      <Loaded query={query} rows={6}>
        {(appointment) => <Visit {...props} appointment={appointment} />}
      </Loaded>
    </Dialog>
  );
}

/** `Monday 23 November 2026, 09:00–09:30`. */
export function useWhen(zone: string): (start: string, end: string) => string {
  const { locale } = useI18n();
  return (start, end) => {
    const from = clockOf(Date.parse(start), zone);
    return `${dayText(from.day, locale, 'long')}, ${clockText(from.minutes)}–${clockText(clockOf(Date.parse(end), zone).minutes)}`;
  };
}

function Visit({ appointment, zone, calendars, services, onClose, onMove }: VisitDialogProps & { appointment: Appointment }) {
  const { t, locale } = useI18n();
  const when = useWhen(zone);
  const [cancelling, setCancelling] = useState(false);
  const look = LOOKS[appointment.state];
  const patient = appointment.patient?.reference.split('/')[1];
  const own = viewerZone();
  const names = new Map(calendars.map(({ actor, name }) => [actor, name]));
  return (
    <div className="stack">
      <p className="visit-who">
        <strong>{appointment.patient?.display || t('visit.noName')}</strong>
        {patient && <Link to="/patients/$id" params={{ id: patient }}>{t('visit.chart')}</Link>}
      </p>
      <dl className="pairs">
        <div><dt>{t('visit.state')}</dt><dd className="state"><Icon name={look.icon} /> <strong>{t(look.label)}</strong>{appointment.overbooked && <span className="chip chip-warning">{t('visit.overbooked')}</span>}</dd></div>
        <div>
          <dt>{t('booking.when')}</dt>
          <dd>
            {when(appointment.start, appointment.end)} <span className="quiet">{zoneText(zone, locale, Date.parse(appointment.start))}</span>
            {own !== zone && <><br /><span className="quiet">{t('visit.here', { time: clockText(clockOf(Date.parse(appointment.start), own).minutes), zone: zoneText(own, locale, Date.parse(appointment.start)) })}</span></>}
          </dd>
        </div>
        <div><dt>{t('booking.service')}</dt><dd>{services.get(appointment.service ?? '') ?? appointment.service ?? t('visit.noService')}</dd></div>
        <div><dt>{t('booking.with')}</dt><dd>{appointment.actors.map((one) => one.display || names.get(one.reference) || one.reference).join(', ')}</dd></div>
        {appointment.stage?.room && <div><dt>{t('booking.room')}</dt><dd>{names.get(appointment.stage.room) ?? appointment.stage.room}</dd></div>}
        {appointment.reason && <div><dt>{t('booking.reason')}</dt><dd>{appointment.reason}</dd></div>}
        {appointment.comment && <div><dt>{t('visit.comment')}</dt><dd>{appointment.comment}</dd></div>}
        {appointment.cancelReason && <div><dt>{t('visit.cancelReason')}</dt><dd>{reasonText(t, appointment.cancelReason)}</dd></div>}
        {appointment.previous && <div><dt>{t('visit.previous')}</dt><dd><Link to="/schedule" search={{ visit: appointment.previous.split('/')[1] }}>{t('visit.previous.open')}</Link></dd></div>}
      </dl>
      {cancelling ? (
        <CancelForm appointment={appointment} onDone={() => setCancelling(false)} onBack={() => setCancelling(false)} />
      ) : (
        <Steps appointment={appointment} calendars={calendars} onCancel={() => setCancelling(true)} onMove={onMove} onClose={onClose} />
      )}
    </div>
  );
}

function Steps({ appointment, calendars, onCancel, onMove, onClose }: { appointment: Appointment; calendars: readonly Calendar[]; onCancel: () => void; onMove: (appointment: Appointment) => void; onClose: () => void }) {
  const { t } = useI18n();
  const { step, mutation } = useStep(appointment);
  const [room, setRoom] = useState('');
  const rooms = calendars.filter(({ actor }) => !isPerson(actor));
  const next = nextStep(appointment);
  const others = steps(appointment).filter((state) => state !== next);
  const take = (state: State) => (state === 'cancelled' ? onCancel() : step(state, room || undefined));
  const word = (state: State) => t(`visit.do.${state}`);
  return (
    <>
      {appointment.allowed.includes('roomed') && rooms.length > 0 && (
        <NativeSelect label={t('visit.room')} value={room} onChange={(event) => setRoom(event.currentTarget.value)} data={[{ value: '', label: t('booking.room.none') }, ...rooms.map(({ actor, name }) => ({ value: actor, label: name }))]} />
      )}
      {mutation.isError && <Refusal error={mutation.error} />}
      <div className="form-actions">
        {next && <Button size="sm" data-autofocus loading={mutation.isPending} onClick={() => take(next)}>{word(next)}</Button>}
        {isMovable(appointment) && <Button size="sm" variant="default" leftSection={<Icon name="move" />} onClick={() => onMove(appointment)}>{t('visit.move')}</Button>}
        {others.map((state) => <Button key={state} size="sm" variant="default" disabled={mutation.isPending} onClick={() => take(state)}>{word(state)}</Button>)}
        {appointment.type === 'Telehealth' && !isOver(appointment) && <LinkButton size="sm" variant="default" to="/video/$appointment" params={{ appointment: appointment.id }}>{t('visit.video')}</LinkButton>}
        <Button size="sm" variant="default" component="a" href={`/api/v1/appointments/${appointment.id}/invitation.ics`} download>{t('visit.invitation')}</Button>
        <Button size="sm" variant="default" onClick={onClose}>{t('close')}</Button>
      </div>
    </>
  );
}

/** Takes a visit one step on, and has everything on screen follow. */
export function useStep(appointment: Appointment) {
  const changed = useScheduleChanged();
  const mutation = useMutation({
    mutationFn: ({ to, room }: { to: State; room?: string }) => transition(appointment.id, to, { room }),
    onSettled: () => changed(),
  });
  return { mutation, step: (to: State, room?: string) => mutation.mutate({ to, room }) };
}
