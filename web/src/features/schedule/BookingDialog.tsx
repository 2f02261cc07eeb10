/** A new visit: who, what, when; the time is held while the form is open, and a clash shows what else is free. */

import { Button, Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Patient, Stored } from '../../fhir/types';
import { useI18n } from '../../lib/i18n';
import { clockText } from '../../lib/zone';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Notice } from '../../ui/Notice';
import { book, bookSeries, useAttempt, useScheduleChanged } from './api';
import { PatientPicker } from './PatientPicker';
import type { Calendar } from './people';
import { isTaken, Refusal, wantsOtherTime } from './Refusal';
import { FreeTimes, spanOf, type Time, TimeFields } from './TimeFields';
import type { Appointment, Service } from './types';
import { countdownText, type Held, useHold, useSecondsTo } from './useHold';

export interface BookingStart {
  day: string;
  minute: number;
  actor: string;
  /** A span that was marked; else the service says how long. */
  minutes?: number;
}

interface BookingDialogProps {
  start: BookingStart;
  calendars: readonly Calendar[];
  services: readonly Service[];
  zone: string;
  onClose: () => void;
  onBooked: (appointment: Appointment) => void;
}

/** Rhythms of RFC 5545 that people ask for at the desk. */
const REPEATS = { no: '', week: 'FREQ=WEEKLY', fortnight: 'FREQ=WEEKLY;INTERVAL=2', four: 'FREQ=WEEKLY;INTERVAL=4' } as const;
type Repeat = keyof typeof REPEATS;

const DEFAULT_MINUTES = 30;

export function BookingDialog({ start, calendars, services, zone, onClose, onBooked }: BookingDialogProps) {
  const { t } = useI18n();
  const changed = useScheduleChanged();
  const [patient, setPatient] = useState<Stored<Patient>>();
  const [service, setService] = useState('');
  const [time, setTime] = useState<Time>({ day: start.day, clock: clockText(start.minute), minutes: start.minutes ?? DEFAULT_MINUTES, actor: start.actor, room: '' });
  const [search, setSearch] = useState<'closed' | 'person' | 'anyone'>('closed');
  const [reason, setReason] = useState('');
  const [repeat, setRepeat] = useState<Repeat>('no');
  const [times, setTimes] = useState('6');
  const [overbook, setOverbook] = useState(false);
  const { keyFor, refused: forget } = useAttempt();
  const span = spanOf(time, zone);
  const { held, again, spent } = useHold(overbook ? undefined : span);
  const [series, setSeries] = useState<{ booked: Appointment[]; skipped: { start: string; why: string }[] }>();
  const calendar = calendars.find(({ actor }) => actor === time.actor);
  const save = useMutation({
    mutationFn: async () => {
      if (!span || !patient) throw new TypeError('the form is not complete');
      const booking = {
        patient: `Patient/${patient.id}`,
        actors: span.actors,
        start: span.start,
        minutes: time.minutes,
        service: service || undefined,
        reason: reason.trim() || undefined,
        hold: held.status === 'held' ? held.hold.id : undefined,
        overbook: overbook || undefined,
      };
      if (repeat === 'no') return { booked: [await book(booking, keyFor(booking))], skipped: [] };
      const repeated = { ...booking, recurrence: `${REPEATS[repeat]};COUNT=${Number(times)}`, tz: zone };
      return bookSeries(repeated, keyFor(repeated));
    },
    onError: forget,
    onSuccess: async (result) => {
      spent();
      await changed();
      const [first] = result.booked;
      if (result.skipped.length > 0 || !first) setSeries(result);
      else onBooked(first);
    },
  });
  const refused = save.error ?? (held.status === 'refused' ? held.error : undefined);
  const mayOverbook = isTaken(refused) && (calendar?.hours.overbook ?? 0) > 0;
  const pick = (code: string) => {
    setService(code);
    const found = services.find((one) => one.code === code);
    if (found && start.minutes === undefined) setTime({ ...time, minutes: found.minutes });
  };
  const choose = (next: Time) => {
    save.reset();
    setOverbook(false);
    setTime(next);
  };
  if (series) return <SeriesResult {...series} zone={zone} onClose={onClose} />;
  const shown = wantsOtherTime(refused) && search === 'closed' ? 'person' : search;
  return (
    <Dialog onClose={onClose} title={t('booking.title')} size="xl">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (patient && span && !save.isPending) save.mutate();
        }}
      >
        <PatientPicker patient={patient} onPick={setPatient} />
        <NativeSelect name="service" label={t('booking.service')} value={service} onChange={(event) => pick(event.currentTarget.value)} data={[{ value: '', label: t('booking.service.none') }, ...services.map(({ code, name, minutes }) => ({ value: code, label: `${name} · ${t('minutes', { count: minutes })}` }))]} />
        <TimeFields time={time} onTime={choose} zone={zone} calendars={calendars} />
        <HoldLine held={held} onAgain={again} />
        {refused !== undefined && <Refusal error={refused} />}
        {(mayOverbook || overbook) && <Checkbox label={t('booking.overbook')} checked={overbook} onChange={(event) => {
          save.reset();
          setOverbook(event.currentTarget.checked);
        }} />}
        <div className="form-actions" role="group" aria-label={t('booking.free')}>
          <Button type="button" variant="default" aria-expanded={shown === 'person'} onClick={() => setSearch(shown === 'person' ? 'closed' : 'person')}>{t('booking.free.person', { who: calendar?.name ?? '' })}</Button>
          <Button type="button" variant="default" aria-expanded={shown === 'anyone'} onClick={() => setSearch(shown === 'anyone' ? 'closed' : 'anyone')}>{t('booking.free.anyone')}</Button>
        </div>
        {shown !== 'closed' && <FreeTimes time={time} anyone={shown === 'anyone'} service={service || undefined} zone={zone} calendars={calendars} onPick={choose} />}
        <Textarea name="reason" label={t('booking.reason')} description={t('optional')} maxLength={500} autosize={false} rows={2} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <div className="fields-row">
          <NativeSelect name="repeat" label={t('booking.repeat')} value={repeat} onChange={(event) => setRepeat(event.currentTarget.value as Repeat)} data={(Object.keys(REPEATS) as Repeat[]).map((one) => ({ value: one, label: t(`booking.repeat.${one}`) }))} />
          {repeat !== 'no' && <TextInput type="number" name="times" label={t('booking.repeat.times')} min={2} max={52} value={times} onChange={(event) => setTimes(event.currentTarget.value)} required />}
        </div>
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!patient || !span || held.status === 'asking'} loading={save.isPending}>{t('booking.book')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function HoldLine({ held, onAgain }: { held: Held; onAgain: () => void }) {
  const { t } = useI18n();
  const seconds = useSecondsTo(held.status === 'held' ? held.hold.expires : undefined);
  if (held.status === 'expired') return <Notice tone="warning" icon="clock" title={t('hold.expired')} onRetry={onAgain} />;
  if (held.status !== 'held') return <p className="quiet hold" role="status">{held.status === 'asking' ? t('hold.asking') : ''}</p>;
  return (
    <p className="hold"><Icon name="lock" /> <span role="status">{t('hold.held')}</span> <span role="timer" aria-live="off" className="nowrap">{countdownText(seconds)}</span></p>
  );
}

function SeriesResult({ booked, skipped, zone, onClose }: { booked: Appointment[]; skipped: { start: string; why: string }[]; zone: string; onClose: () => void }) {
  const { t, locale } = useI18n();
  const text = (start: string) => new Intl.DateTimeFormat(locale, { timeZone: zone, dateStyle: 'full', timeStyle: 'short', hourCycle: 'h23' }).format(Date.parse(start));
  return (
    <Dialog onClose={onClose} title={t('series.title')}>
      <div className="stack">
        <p>{t('series.booked', { count: booked.length })}</p>
        <Notice tone="warning" icon="alert" title={t('series.skipped', { count: skipped.length })}>
          <ul>{skipped.map(({ start, why }) => <li key={start}>{text(start)}: {why}</li>)}</ul>
        </Notice>
        <Button size="sm" onClick={onClose} data-autofocus>{t('close')}</Button>
      </div>
    </Dialog>
  );
}
