/** When and with whom: fields of their own, and a list of the times that are free. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { Loaded } from '../../fhir/Loaded';
import { useI18n } from '../../lib/i18n';
import { addDays, clockMinutes, clockOf, clockText, dayText, instantOf, isDay, iso } from '../../lib/zone';
import { Empty } from '../../ui/Notice';
import { useSlots } from './api';
import { type Calendar, isPerson, useToday } from './people';
import type { Slot } from './types';

export interface Time {
  day: string;
  /** Clock time as it was typed. */
  clock: string;
  minutes: number;
  actor: string;
  /** Empty: none. */
  room: string;
}

/** The visit's instants and everybody who has to be there; undefined while a field is wrong. */
export function spanOf(time: Time, zone: string): { start: string; end: string; actors: string[] } | undefined {
  const minutes = clockMinutes(time.clock);
  if (minutes === undefined || !isDay(time.day) || time.actor === '' || !(time.minutes >= 1 && time.minutes <= 480)) return undefined;
  const start = instantOf(time.day, minutes, zone);
  return { start: iso(start), end: iso(start + time.minutes * 60_000), actors: [time.actor, time.room].filter(Boolean) };
}

const LENGTHS = [5, 10, 15, 20, 30, 40, 45, 60, 90, 120];

interface TimeFieldsProps {
  time: Time;
  onTime: (time: Time) => void;
  zone: string;
  calendars: readonly Calendar[];
  /** A room can be chosen beside the person. */
  withRoom?: boolean;
}

export function TimeFields({ time, onTime, zone, calendars, withRoom = true }: TimeFieldsProps) {
  const { t } = useI18n();
  const rooms = calendars.filter((one) => !isPerson(one.actor) && one.actor !== time.actor);
  const lengths = [...new Set([...LENGTHS, time.minutes])].sort((a, b) => a - b);
  return (
    <fieldset className="fields">
      <legend>{t('booking.when')}</legend>
      <TextInput type="date" name="day" label={t('booking.day')} value={time.day} onChange={(event) => onTime({ ...time, day: event.currentTarget.value })} required />
      <TextInput type="time" name="time" label={t('booking.time')} description={t('booking.time.zone', { zone })} step={300} value={time.clock} onChange={(event) => onTime({ ...time, clock: event.currentTarget.value })} required />
      <NativeSelect name="minutes" label={t('booking.length')} value={time.minutes} onChange={(event) => onTime({ ...time, minutes: Number(event.currentTarget.value) })} data={lengths.map((minutes) => ({ value: String(minutes), label: t('minutes', { count: minutes }) }))} />
      <NativeSelect name="actor" label={t('booking.with')} value={time.actor} onChange={(event) => onTime({ ...time, actor: event.currentTarget.value })} data={calendars.map(({ actor, name }) => ({ value: actor, label: name }))} />
      {withRoom && rooms.length > 0 && (
        <NativeSelect name="room" label={t('booking.room')} value={time.room} onChange={(event) => onTime({ ...time, room: event.currentTarget.value })} data={[{ value: '', label: t('booking.room.none') }, ...rooms.map(({ actor, name }) => ({ value: actor, label: name }))]} />
      )}
    </fieldset>
  );
}

interface FreeTimesProps {
  time: Time;
  /** Of nobody in particular: any of the people. */
  anyone: boolean;
  service: string | undefined;
  zone: string;
  calendars: readonly Calendar[];
  onPick: (time: Time) => void;
}

/** Days that are searched at once, and times shown of each. */
const DAYS = 14;
const SHOWN_DAYS = 5;
const SHOWN = 12;

/** What is free from the day on; a press fills the fields in. */
export function FreeTimes({ time, anyone, service, zone, calendars, onPick }: FreeTimesProps) {
  const { t, locale } = useI18n();
  const today = useToday(zone);
  const from = isDay(time.day) ? time.day : today;
  const actors = anyone ? calendars.filter(({ actor }) => isPerson(actor)).map(({ actor }) => actor) : [time.actor];
  const query = useSlots({ actors, service, from, to: addDays(from, DAYS), tz: zone, minutes: time.minutes, with: time.room || undefined });
  const names = new Map(calendars.map(({ actor, name }) => [actor, name]));
  return (
    <div className="free-times">
      <Loaded query={query} rows={3}>
        {({ slots }) => {
          const days = byDay(slots, zone).slice(0, SHOWN_DAYS);
          if (days.length === 0) return <Empty action={<Button type="button" variant="default" onClick={() => onPick({ ...time, day: addDays(from, DAYS) })}>{t('booking.free.later')}</Button>}>{t('booking.free.none', { days: DAYS })}</Empty>;
          return days.map(([day, list]) => (
            <section key={day} aria-label={dayText(day, locale, 'long')}>
              <h3>{dayText(day, locale, 'long')}</h3>
              <ul className="plain slots">
                {nearest(list, day === time.day ? clockMinutes(time.clock) : undefined, zone, SHOWN).map((slot) => {
                  const clock = clockText(clockOf(Date.parse(slot.start), zone).minutes);
                  const chosen = time.day === day && time.clock === clock && time.actor === slot.actor;
                  return (
                    <li key={slot.start + slot.actor}>
                      <button type="button" className="slot" aria-pressed={chosen} onClick={() => onPick({ ...time, day, clock, actor: slot.actor })}>
                        {clock}{anyone && <span className="quiet"> {names.get(slot.actor) ?? slot.display}</span>}
                      </button>
                    </li>
                  );
                })}
                {list.length > SHOWN && <li className="quiet">{t('summary.more', { count: list.length - SHOWN })}</li>}
              </ul>
            </section>
          ));
        }}
      </Loaded>
    </div>
  );
}

/** As many of a day's free times as can be shown: from the hour before the wanted one on, else the first. */
export function nearest(list: readonly Slot[], wanted: number | undefined, zone: string, most: number): Slot[] {
  if (wanted === undefined) return list.slice(0, most);
  const first = list.findIndex((slot) => clockOf(Date.parse(slot.start), zone).minutes >= wanted - 60);
  const from = first < 0 ? list.length - most : Math.min(first, list.length - most);
  return list.slice(Math.max(0, from), Math.max(0, from) + most);
}

/** Free times by the clinic's day, each in order. */
export function byDay(slots: readonly Slot[], zone: string): [string, Slot[]][] {
  const days = new Map<string, Slot[]>();
  for (const slot of slots) {
    const { day } = clockOf(Date.parse(slot.start), zone);
    const list = days.get(day);
    if (list) list.push(slot);
    else days.set(day, [slot]);
  }
  for (const list of days.values()) list.sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
  return [...days].sort(([a], [b]) => a.localeCompare(b));
}
