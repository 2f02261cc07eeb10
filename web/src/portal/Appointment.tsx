/**
 * An appointment by a link of the clinic, without signing in: called off or moved. The link's secret stands in the
 * fragment of the address, which no browser sends, and goes to the server in the body of a request.
 */

import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { RequestError, send } from '../fhir/http';
import { useTitle } from '../lib/hooks';
import { useI18n } from '../lib/i18n';
import { addDays, clockOf, clockText, dayText, zoneText } from '../lib/zone';
import { DAYS, type FreeTime, byDay } from './booking';
import { None, Shown, Trouble } from './parts';

const BASE = '/api/v1/public/appointments/link';

interface Linked {
  purpose: 'cancel' | 'reschedule';
  state: string;
  start: string | null;
  end: string | null;
  tz: string;
}

/** States in which there is still something to decide. */
const AHEAD = new Set(['proposed', 'scheduled', 'confirmed']);

const post = async <T,>(path: string, body: unknown, signal?: AbortSignal) => (await send<T>(BASE + path, { method: 'POST', body, signal })).body;

export default function Appointment() {
  const { t } = useI18n();
  const token = location.hash.slice(1);
  useTitle(t('portal.appointment'));
  const query = useQuery({ queryKey: ['link', token], queryFn: ({ signal }) => post<Linked>('', { token }, signal), retry: false });
  const missing = query.error instanceof RequestError && query.error.kind === 'missing';
  return (
    <>
      <header className="top"><span className="brand">MediTrack</span></header>
      <main id="main">
        <h1>{t('portal.appointment')}</h1>
        {missing ? <p className="trouble" role="alert">{t('link.over')}</p> : <Shown query={query}>{(linked) => <Decision token={token} linked={linked} />}</Shown>}
      </main>
    </>
  );
}

function Decision({ token, linked }: { token: string; linked: Linked }) {
  const { t } = useI18n();
  const [done, setDone] = useState<Linked>();
  const follow = useMutation({ mutationFn: (more: { start?: string }) => post<Linked>('/follow', { token, ...more }), onSuccess: setDone });
  const now = done ?? linked;
  const refused = follow.error instanceof RequestError && [403, 409, 422].includes(follow.error.status);
  return (
    <section className="card" aria-label={t('portal.appointment')}>
      <When linked={now} />
      {done && <p role="status">{t(done.purpose === 'cancel' ? 'portal.book.cancelled' : 'portal.book.moved')}</p>}
      {follow.isError && (refused ? <p className="trouble" role="alert">{t('portal.book.late')}</p> : <Trouble error={follow.error} />)}
      {!done && !AHEAD.has(linked.state) && <p>{t('link.settled')}</p>}
      {!done && AHEAD.has(linked.state) && linked.purpose === 'cancel' && (
        <>
          <p>{t('portal.book.sureOff')}</p>
          <div className="choices"><button type="button" className="primary" disabled={follow.isPending} onClick={() => follow.mutate({})}>{t('portal.book.off')}</button></div>
        </>
      )}
      {!done && AHEAD.has(linked.state) && linked.purpose === 'reschedule' && <Times token={token} zone={linked.tz} busy={follow.isPending} onChoose={(start) => follow.mutate({ start })} />}
    </section>
  );
}

function When({ linked: { start, tz } }: { linked: Linked }) {
  const { locale } = useI18n();
  if (!start) return null;
  const at = Date.parse(start);
  const clock = clockOf(at, tz);
  return <p><strong>{dayText(clock.day, locale, 'long')}, {clockText(clock.minutes)}</strong> <span className="quiet">{zoneText(tz, locale, at)}</span></p>;
}

function Times({ token, zone, busy, onChoose }: { token: string; zone: string; busy: boolean; onChoose: (start: string) => void }) {
  const { t, locale } = useI18n();
  const [today] = useState(() => clockOf(Date.now(), zone).day);
  const [from, setFrom] = useState(today);
  const [chosen, choose] = useState<FreeTime>();
  const query = useQuery({ queryKey: ['link', token, from], queryFn: ({ signal }) => post<{ slots: FreeTime[] }>('/times', { token, from, to: addDays(from, DAYS) }, signal) });
  if (chosen) {
    const clock = clockOf(Date.parse(chosen.start), zone);
    return (
      <div role="group" aria-label={t('portal.book.sure')}>
        <p>{t('portal.book.sure')} <strong>{dayText(clock.day, locale, 'long')}, {clockText(clock.minutes)}</strong></p>
        <div className="choices">
          <button type="button" className="primary" disabled={busy} onClick={() => onChoose(chosen.start)}>{t('portal.book.moveTo')}</button>
          <button type="button" onClick={() => choose(undefined)}>{t('portal.book.other')}</button>
        </div>
      </div>
    );
  }
  return (
    <>
      <Shown query={query}>
        {({ slots }) => {
          const days = byDay(slots.filter(({ start }) => Date.parse(start) > Date.now()), zone);
          if (days.length === 0) return <None>{t('booking.free.none', { days: DAYS })}</None>;
          return days.map(([day, list]) => (
            <section key={day} aria-label={dayText(day, locale, 'long')}>
              <h2>{dayText(day, locale, 'long')}</h2>
              <div className="choices">
                {list.map((time) => <button key={time.start} type="button" onClick={() => choose(time)}>{clockText(clockOf(Date.parse(time.start), zone).minutes)}</button>)}
              </div>
            </section>
          ));
        }}
      </Shown>
      <div className="choices">
        {from > today && <button type="button" onClick={() => setFrom(addDays(from, -DAYS))}>{t('portal.book.earlier')}</button>}
        <button type="button" onClick={() => setFrom(addDays(from, DAYS))}>{t('booking.free.later')}</button>
      </div>
    </>
  );
}
