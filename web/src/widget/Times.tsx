/** Free times, a week at a time, by the clinic's days. */

import { useEffect, useState } from 'react';
import { addDays, clockOf, clockText, dayText, zoneText } from '../lib/zone';
import { BookingError, type FreeTime, type Offer, readTimes, type Trouble } from './api';
import { useWords } from './language';
import { TroubleNote } from './Stage';

const DAYS = 7;

interface TimesProps {
  organisation: string;
  offer: Offer;
  service: string;
  clinician: string | undefined;
  busy: boolean;
  onChoose: (time: FreeTime) => void;
}

export function Times({ organisation, offer, service, clinician, busy, onChoose }: TimesProps) {
  const { say, locale } = useWords();
  const zone = offer.timeZone;
  const [today] = useState(() => clockOf(Date.now(), zone).day);
  const [from, setFrom] = useState(today);
  const [attempt, setAttempt] = useState(0);
  const [answer, setAnswer] = useState<{ key: string; times?: FreeTime[]; trouble?: Trouble }>();
  const key = [from, service, clinician ?? '', attempt].join(' ');
  useEffect(() => {
    let current = true;
    const [start = ''] = key.split(' ');
    readTimes(organisation, { service, actor: clinician, from: start, to: addDays(start, DAYS), tz: zone }).then(
      (times) => current && setAnswer({ key, times }),
      (error: unknown) => current && setAnswer({ key, trouble: error instanceof BookingError ? error.trouble : 'failed' }),
    );
    return () => {
      current = false;
    };
  }, [organisation, service, clinician, zone, key]);
  const { times, trouble } = answer?.key === key ? answer : {};
  const days = times && byDay(times, zone);
  return (
    <div aria-busy={!answer || answer.key !== key}>
      <p className="quiet">{say('time.zone', { zone: zoneText(zone, locale, Date.parse(`${from}T12:00:00Z`)) })}</p>
      {trouble && <TroubleNote trouble={trouble} onAgain={() => setAttempt(attempt + 1)} />}
      {!times && !trouble && <p role="status">{say('loading')}</p>}
      {days?.length === 0 && <p role="status">{say('time.none', { from: dayText(from, locale, 'short'), until: dayText(addDays(from, DAYS - 1), locale, 'short') })}</p>}
      {days?.map(([day, list]) => (
        <section key={day} aria-label={dayText(day, locale, 'long')}>
          <h3>{dayText(day, locale, 'long')}</h3>
          <ul className="times">
            {list.map((time) => (
              <li key={time.start}>
                <button type="button" disabled={busy} onClick={() => onChoose(time)}>{clockText(clockOf(Date.parse(time.start), zone).minutes)}</button>
              </li>
            ))}
          </ul>
        </section>
      ))}
      <p className="row">
        {from > today && <button type="button" className="plain-button" onClick={() => setFrom(addDays(from, -DAYS))}>{say('time.earlier')}</button>}
        <button type="button" className="plain-button" onClick={() => setFrom(addDays(from, DAYS))}>{say('time.later')}</button>
      </p>
    </div>
  );
}

/** By the clinic's day; where several people are free at one time, it is shown once. */
export function byDay(times: readonly FreeTime[], zone: string): [string, FreeTime[]][] {
  const days = new Map<string, Map<number, FreeTime>>();
  for (const time of times) {
    const at = Date.parse(time.start);
    const { day } = clockOf(at, zone);
    const list = days.get(day) ?? new Map<number, FreeTime>();
    if (!list.has(at)) list.set(at, time);
    days.set(day, list);
  }
  const sorted = [...days].map(([day, list]): [string, FreeTime[]] => [day, [...list].sort(([a], [b]) => a - b).map(([, time]) => time)]);
  return sorted.sort(([a], [b]) => a.localeCompare(b));
}
