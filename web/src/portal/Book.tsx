/** Booking and moving an appointment (S55): what about, with whom, a free time by the clinic's clock, and a last look. */

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useI18n } from '../lib/i18n';
import { addDays, clockOf, clockText, dayText, zoneText } from '../lib/zone';
import { DAYS, type FreeTime, type Offered, type Wish, byDay, hold, make, refusal, release, useFreeTimes } from './booking';
import { None, Shown, Trouble } from './parts';
import { useNames, useOwn } from './record';

interface BookProps {
  offered: Offered;
  /** The appointment that gets another time; a new one without it. */
  moves?: Extract<Wish, { moves: unknown }>['moves'];
  onDone: () => void;
  onLeave: () => void;
}

export default function Book({ offered, moves, onDone, onLeave }: BookProps) {
  const { t } = useI18n();
  const [service, setService] = useState(offered.services.length === 1 ? (offered.services[0]?.code ?? '') : '');
  const [actor, setActor] = useState('');
  const wish: Wish | undefined = moves ? { moves } : service ? { service, actor: actor || undefined } : undefined;
  const title = t(moves ? 'portal.book.move' : 'portal.book');
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  return (
    <section className="card" aria-label={title}>
      <header>
        <h2 ref={head} tabIndex={-1}>{title}</h2>
        <button type="button" onClick={onLeave}>{t('cancel')}</button>
      </header>
      {!moves && (
        <label className="field">
          {t('booking.service')}
          <select value={service} onChange={(event) => setService(event.currentTarget.value)}>
            <option value="">{t('portal.book.choose')}</option>
            {offered.services.map((one) => <option key={one.code} value={one.code}>{one.name}</option>)}
          </select>
        </label>
      )}
      {wish && <Times wish={wish} zone={offered.timeZone} actor={actor} onActor={moves ? undefined : setActor} onDone={onDone} />}
    </section>
  );
}

interface TimesProps {
  wish: Wish;
  zone: string;
  actor: string;
  /** Where there is a choice of people. */
  onActor?: (actor: string) => void;
  onDone: () => void;
}

function Times({ wish, zone, actor, onActor, onDone }: TimesProps) {
  const { t, locale } = useI18n();
  const own = useOwn() ?? '';
  const client = useQueryClient();
  const [today] = useState(() => clockOf(Date.now(), zone).day);
  const [from, setFrom] = useState(today);
  const [known, setKnown] = useState<readonly string[]>([]);
  const query = useFreeTimes(wish, from, zone);
  const seen = query.data?.times.map((one) => one.actor) ?? [];
  const people = [...new Set([...known, ...seen])].sort();
  const names = useNames(people);
  // One's next hold has the name of the last: it must be given back before, not after.
  const given = useRef<Promise<unknown>>(undefined);
  const take = useMutation({
    mutationFn: async (time: FreeTime) => {
      await given.current;
      return { time, held: (await hold(time)).id };
    },
    onError: () => void query.refetch(),
  });
  const chosen = take.data;
  const finish = useMutation({
    mutationFn: ({ time, held }: { time: FreeTime; held: string }) => make(own, wish, time, held),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['coming', own] });
      onDone();
    },
    onError: () => void query.refetch(),
  });
  const leave = () => {
    if (chosen) given.current = release(chosen.held);
    take.reset();
    finish.reset();
  };
  if (chosen) {
    const at = Date.parse(chosen.time.start);
    const clock = clockOf(at, zone);
    return (
      <div role="group" aria-label={t('portal.book.sure')}>
        <p><strong>{dayText(clock.day, locale, 'long')}, {clockText(clock.minutes)}</strong> ({zoneText(zone, locale, at)})<br />{names.get(chosen.time.actor)}</p>
        {finish.isError && <Refused error={finish.error} />}
        <div className="choices">
          <button type="button" className="primary" disabled={finish.isPending || finish.isError} onClick={() => finish.mutate(chosen)}>{t('moves' in wish ? 'portal.book.moveTo' : 'portal.book.this')}</button>
          <button type="button" onClick={leave}>{t('portal.book.other')}</button>
        </div>
      </div>
    );
  }
  return (
    <>
      {onActor && people.length > 1 && (
        <label className="field">
          {t('booking.with')}
          <select
            value={actor}
            onChange={(event) => {
              setKnown(people);
              onActor(event.currentTarget.value);
            }}
          >
            <option value="">{t('portal.book.anybody')}</option>
            {people.map((one) => <option key={one} value={one}>{names.get(one) ?? t('portal.clinic')}</option>)}
          </select>
        </label>
      )}
      <p className="quiet">{t('calendar.zone', { zone: zoneText(zone, locale, Date.parse(`${from}T12:00:00Z`)) })}</p>
      {take.isError && <Refused error={take.error} />}
      <Shown query={query}>
        {({ times }) => {
          const days = byDay(times, zone);
          if (days.length === 0) return <None>{t('booking.free.none', { days: DAYS })}</None>;
          return days.map(([day, list]) => (
            <section key={day} aria-label={dayText(day, locale, 'long')}>
              <h3>{dayText(day, locale, 'long')}</h3>
              <div className="choices">
                {list.map((time) => <button key={time.start} type="button" disabled={take.isPending} onClick={() => take.mutate(time)}>{clockText(clockOf(Date.parse(time.start), zone).minutes)}</button>)}
              </div>
            </section>
          ));
        }}
      </Shown>
      <div className="choices">
        {from > today && <button type="button" onClick={() => setFrom(addDays(from, -DAYS) > today ? addDays(from, -DAYS) : today)}>{t('portal.book.earlier')}</button>}
        <button type="button" onClick={() => setFrom(query.data?.next ?? addDays(from, DAYS))}>{t('booking.free.later')}</button>
      </div>
    </>
  );
}

/** A refusal in words that say what to do. */
export function Refused({ error }: { error: unknown }) {
  const { t } = useI18n();
  const why = refusal(error);
  return why ? <p className="trouble" role="alert">{t(`portal.book.${why}`)}</p> : <Trouble error={error} />;
}
