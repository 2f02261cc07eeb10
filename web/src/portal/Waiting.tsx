/** The waiting list (S55): what one waits for, how many are ahead, an offer and its answer, joining and leaving. */

import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNow } from '../lib/hooks';
import { useI18n } from '../lib/i18n';
import { clockOf, clockText, dayText, viewerZone, weekdayNames, zoneText } from '../lib/zone';
import { type Offered, useOffered } from './booking';
import { Card, None, Shown, Trouble } from './parts';
import { useNames, useOwn } from './record';
import { type Entry, PARTS, type Part, WEEKDAYS, type Weekday, accept, decline, join, leave, partOf, refusal, useKnownPeople, useWaiting, useWaitingChanged } from './waiting';

export default function Waiting({ offered }: { offered: Offered }) {
  const { t } = useI18n();
  const query = useWaiting();
  const [joining, setJoining] = useState(false);
  const [said, setSaid] = useState('');
  return (
    <Card title={t('waiting.title')}>
      <p role="status">{said}</p>
      <Shown query={query}>
        {(entries) => {
          const free = offered.services.filter(({ code }) => !entries.some(({ service }) => service === code));
          return (
            <>
              {entries.length === 0 && !joining && <None>{t('waiting.none')}</None>}
              {entries.length > 0 && (
                <ul className="rows">
                  {entries.map((entry) => <li key={entry.id}><Row entry={entry} offered={offered} onSaid={setSaid} /></li>)}
                </ul>
              )}
              {joining ? (
                <Join
                  services={free}
                  onDone={() => {
                    setJoining(false);
                    setSaid(t('waiting.joined'));
                  }}
                  onLeave={() => setJoining(false)}
                />
              ) : (
                free.length > 0 && (
                  <button
                    type="button"
                    onClick={() => {
                      setSaid('');
                      setJoining(true);
                    }}
                  >
                    {t('waiting.join')}
                  </button>
                )
              )}
            </>
          );
        }}
      </Shown>
    </Card>
  );
}

/** On the first page: an offer runs out in minutes. */
export function Offers() {
  const { t } = useI18n();
  const offered = useOffered().data;
  const open = useWaiting().data?.filter(({ offer }) => offer) ?? [];
  const [said, setSaid] = useState('');
  if (!offered || (open.length === 0 && !said)) return null;
  return (
    <Card title={t('waiting.offer')}>
      <p role="status">{said}</p>
      {open.map((entry) => <Offer key={entry.id} entry={entry} zone={offered.timeZone} onSaid={setSaid} />)}
    </Card>
  );
}

function Row({ entry, offered, onSaid }: { entry: Entry; offered: Offered; onSaid: (text: string) => void }) {
  const { t, locale } = useI18n();
  const changed = useWaitingChanged();
  const names = useNames(entry.actors);
  const [asked, setAsked] = useState(false);
  const off = useMutation({
    mutationFn: () => leave(entry.id),
    onSuccess: async () => {
      onSaid(t('waiting.left'));
      await changed();
    },
  });
  const days = weekdayNames(locale, 'short');
  const part = partOf(entry);
  const since = clockOf(Date.parse(entry.since), offered.timeZone);
  const wish = [
    entry.actors.map((one) => names.get(one) ?? t('portal.clinic')).join(', ') || t('portal.book.anybody'),
    entry.days.length > 0 && entry.days.map((day) => days[WEEKDAYS.indexOf(day)]).join(', '),
    part === undefined ? `${entry.earliest ?? '00:00'}–${entry.latest ?? '24:00'}` : part !== 'any' && t(`waiting.part.${part}`),
    entry.until && t('waiting.until.day', { day: dayText(entry.until, locale, 'long') }),
  ];
  return (
    <>
      <strong>{offered.services.find(({ code }) => code === entry.service)?.name ?? entry.service}</strong>
      <br />
      <span className="quiet">{wish.filter(Boolean).join(' · ')}</span>
      <br />
      {t('waiting.ahead', { count: entry.ahead })} <span className="quiet">{t('waiting.since', { day: dayText(since.day, locale, 'long') })}</span>
      {entry.offer && <Offer entry={entry} zone={offered.timeZone} onSaid={onSaid} />}
      {off.isError && <Trouble error={off.error} />}
      {asked ? (
        <div className="choices" role="group" aria-label={t('waiting.leave.sure')}>
          <span>{t('waiting.leave.sure')}</span>
          <button type="button" disabled={off.isPending} onClick={() => off.mutate()}>{t('waiting.leave')}</button>
          <button type="button" onClick={() => setAsked(false)}>{t('waiting.stay')}</button>
        </div>
      ) : (
        <div className="choices"><button type="button" onClick={() => setAsked(true)}>{t('waiting.leave')}</button></div>
      )}
    </>
  );
}

function Offer({ entry: { id, offer }, zone, onSaid }: { entry: Entry; zone: string; onSaid: (text: string) => void }) {
  const { t, locale } = useI18n();
  const changed = useWaitingChanged();
  const names = useNames(offer ? [offer.actor] : []);
  const now = useNow(5_000);
  const answer = useMutation({
    mutationFn: (how: 'accept' | 'decline') => (how === 'accept' ? accept(id) : decline(id)),
    onSuccess: async (_, how) => {
      onSaid(t(how === 'accept' ? 'portal.book.done' : 'waiting.declined'));
      await changed();
    },
    onError: () => void changed(),
  });
  if (!offer || Date.parse(offer.expires) <= now) return null;
  const at = Date.parse(offer.start);
  const [there, own, end] = [clockOf(at, zone), clockOf(at, viewerZone()), clockOf(Date.parse(offer.expires), viewerZone())];
  const why = refusal(answer.error);
  return (
    <div className="offer" role="group" aria-label={t('waiting.offer')}>
      <p>
        <strong>{dayText(there.day, locale, 'long')}, {clockText(there.minutes)}</strong> <span className="quiet">{names.get(offer.actor)}</span>
        {(own.minutes !== there.minutes || own.day !== there.day) && <span className="quiet"> {t('visit.here', { time: clockText(own.minutes), zone: zoneText(viewerZone(), locale, at) })}</span>}
        <br />
        {t('waiting.expires', { time: clockText(end.minutes) })}
      </p>
      {answer.isError && (why ? <p className="trouble" role="alert">{t('waiting.gone')}</p> : <Trouble error={answer.error} />)}
      <div className="choices">
        <button type="button" className="primary" disabled={answer.isPending} onClick={() => answer.mutate('accept')}>{t('waiting.accept')}</button>
        <button type="button" disabled={answer.isPending} onClick={() => answer.mutate('decline')}>{t('waiting.decline')}</button>
      </div>
    </div>
  );
}

function Join({ services, onDone, onLeave }: { services: Offered['services']; onDone: () => void; onLeave: () => void }) {
  const { t, locale } = useI18n();
  const own = useOwn() ?? '';
  const changed = useWaitingChanged();
  const people = useKnownPeople().data ?? [];
  const [service, setService] = useState(services.length === 1 ? (services[0]?.code ?? '') : '');
  const [actor, setActor] = useState('');
  const [days, setDays] = useState<readonly Weekday[]>([]);
  const [part, setPart] = useState<Part>('any');
  const [until, setUntil] = useState('');
  const [tried, setTried] = useState(false);
  const save = useMutation({
    mutationFn: () => join(own, { service, actors: actor ? [actor] : [], days: WEEKDAYS.filter((day) => days.includes(day)), earliest: PARTS[part][0], latest: PARTS[part][1], until: until || null }),
    onSuccess: async () => {
      await changed();
      onDone();
    },
  });
  const names = weekdayNames(locale, 'long');
  const missing = tried && service === '';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (service && !save.isPending) save.mutate();
      }}
      noValidate
    >
      <p className="quiet">{t('waiting.help')}</p>
      <label className="field">
        {t('booking.service')}
        <select value={service} aria-invalid={missing || undefined} aria-describedby={missing ? 'waiting-service' : undefined} onChange={(event) => setService(event.currentTarget.value)}>
          <option value="">{t('portal.book.choose')}</option>
          {services.map((one) => <option key={one.code} value={one.code}>{one.name}</option>)}
        </select>
      </label>
      {missing && <p id="waiting-service" className="wrong" role="alert">{t('waiting.service.missing')}</p>}
      {people.length > 0 && (
        <label className="field">
          {t('booking.with')}
          <select value={actor} onChange={(event) => setActor(event.currentTarget.value)}>
            <option value="">{t('portal.book.anybody')}</option>
            {people.map(({ reference, name }) => <option key={reference} value={reference}>{name}</option>)}
          </select>
        </label>
      )}
      <fieldset>
        <legend>{t('waiting.days')}</legend>
        <div className="choices">
          {WEEKDAYS.map((day, index) => (
            <label key={day} className="check">
              <input type="checkbox" checked={days.includes(day)} onChange={() => setDays(days.includes(day) ? days.filter((one) => one !== day) : [...days, day])} /> {names[index]}
            </label>
          ))}
        </div>
      </fieldset>
      <label className="field">
        {t('waiting.part')}
        <select value={part} onChange={(event) => setPart(event.currentTarget.value as Part)}>
          {(Object.keys(PARTS) as Part[]).map((one) => <option key={one} value={one}>{t(`waiting.part.${one}`)}</option>)}
        </select>
      </label>
      <label className="field">
        {t('waiting.until')}
        <input type="date" value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
      </label>
      {save.isError && (refusal(save.error) ? <p className="trouble" role="alert">{t('waiting.already')}</p> : <Trouble error={save.error} />)}
      <div className="choices">
        <button type="submit" className="primary" disabled={save.isPending}>{t('waiting.join.do')}</button>
        <button type="button" onClick={onLeave}>{t('cancel')}</button>
      </div>
    </form>
  );
}
