/** The waiting list (S23): who would come sooner, ranked for a time that is free, and the offers that are out. */

import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { Loaded } from '../../fhir/Loaded';
import { formatDate } from '../../lib/dates';
import { useTitle } from '../../lib/hooks';
import { type Key, useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { weekdayNames } from '../../lib/zone';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { accept, decline, leave, useScheduleChanged, useSettings, useWaitlist } from './api';
import { JoinDialog } from './JoinDialog';
import { OfferDialog } from './OfferDialog';
import { type Calendar, useCalendars, useClinicZone } from './people';
import { Refusal } from './Refusal';
import { ScheduleNav } from './ScheduleNav';
import { type Service, type Waiting, WEEKDAYS } from './types';
import { countdownText, useSecondsTo } from './useHold';
import { useWhen } from './VisitDialog';
import './schedule.css';

/** Priorities that have words. */
const PRIORITIES = new Set([3, 5, 7, 9]);

export function WaitlistPage() {
  const { t } = useI18n();
  useTitle(t('waitlist.title'));
  const { calendars } = useCalendars();
  const services = useSettings().data?.services ?? [];
  const query = useWaitlist();
  const [joins, setJoins] = useState(false);
  const [offers, setOffers] = useState(false);
  useShortcuts({ n: () => setJoins(true), o: () => setOffers(true) });
  return (
    <div className="page">
      <ScheduleNav />
      <header className="page-head">
        <h1>{t('waitlist.title')}</h1>
        <div className="calendar-tools">
          <Button variant="default" leftSection={<Icon name="calendar" />} onClick={() => setOffers(true)}>{t('offer.open')}</Button>
          <Button leftSection={<Icon name="plus" />} onClick={() => setJoins(true)}>{t('waitlist.join')}</Button>
        </div>
      </header>
      <Loaded query={query} rows={6}>
        {(items) => {
          const out = items.filter(({ offer }) => offer);
          const waiting = items.filter(({ offer }) => !offer).sort((a, b) => urgency(a) - urgency(b) || a.since.localeCompare(b.since));
          return (
            <>
              {out.length > 0 && (
                <Panel title={t('waitlist.offered')} aside={out.length}>
                  <ul className="plain stack">{out.map((one) => <li key={one.id}><Offered waiting={one} calendars={calendars} /></li>)}</ul>
                </Panel>
              )}
              <Panel title={t('waitlist.waiting')} aside={waiting.length}>
                {waiting.length === 0 ? <Empty>{t('waitlist.none')}</Empty> : <Rows items={waiting} calendars={calendars} services={services} />}
              </Panel>
            </>
          );
        }}
      </Loaded>
      {joins && <JoinDialog calendars={calendars} services={services} onClose={() => setJoins(false)} />}
      {offers && <OfferDialog calendars={calendars} services={services} onClose={() => setOffers(false)} />}
    </div>
  );
}

/** 1 is most urgent; what nobody has rated is usual. */
const urgency = ({ priority }: Waiting) => priority || 5;

/** The wish in words: what, with whom, when. */
export function useWish(calendars: readonly Calendar[], services: readonly Service[]): (waiting: Waiting) => string {
  const { t, locale } = useI18n();
  return useMemo(() => {
    const days = weekdayNames(locale, 'short');
    return ({ service, actors, days: wanted, earliest, latest, from, until, noticeMinutes }) =>
      [
        services.find(({ code }) => code === service)?.name ?? service ?? t('waitlist.anyService'),
        actors.map((actor) => calendars.find((one) => one.actor === actor)?.name ?? actor).join(', ') || t('waitlist.anybody'),
        wanted.length > 0 && wanted.length < 7 ? wanted.map((day) => days[WEEKDAYS.indexOf(day)]).join(', ') : '',
        (earliest || latest) && `${earliest ?? '00:00'}–${latest ?? '24:00'}`,
        (from || until) && `${from ? formatDate(from, locale) : ''} – ${until ? formatDate(until, locale) : ''}`,
        noticeMinutes > 0 && (noticeMinutes < 60 ? t('waitlist.toldMinutes', { count: noticeMinutes }) : t('waitlist.toldHours', { count: Math.round(noticeMinutes / 60) })),
      ]
        .filter(Boolean)
        .join(' · ');
  }, [calendars, services, locale, t]);
}

function Rows({ items, calendars, services }: { items: Waiting[]; calendars: readonly Calendar[]; services: readonly Service[] }) {
  const { t, locale } = useI18n();
  const wish = useWish(calendars, services);
  const changed = useScheduleChanged();
  const remove = useMutation({ mutationFn: (id: string) => leave(id), onSettled: () => changed() });
  return (
    <div className="table-scroll">
      {remove.isError && <Refusal error={remove.error} />}
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('booking.patient')}</th>
            <th scope="col">{t('waitlist.wish')}</th>
            <th scope="col">{t('waitlist.priority')}</th>
            <th scope="col">{t('waitlist.since')}</th>
            <th scope="col" className="number">{t('waitlist.offers')}</th>
            <th scope="col"><span className="visually-hidden">{t('actions')}</span></th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.id}>
              <th scope="row">{one.patient ? <Link to="/patients/$id/person" params={{ id: one.patient.reference.split('/')[1] ?? '' }}>{one.patient.display || t('visit.noName')}</Link> : t('visit.noName')}</th>
              <td>{wish(one)}</td>
              <td className="nowrap">{one.priority > 0 && one.priority < 3 ? <span className="chip chip-warning"><Icon name="alert" size={12} />{t('waitlist.priority.1')}</span> : (PRIORITIES.has(one.priority) ? t(`waitlist.priority.${one.priority}` as Key) : one.priority || '')}</td>
              <td className="nowrap">{formatDate(one.since, locale)}</td>
              <td className="number">{one.offers}</td>
              <td><Button variant="default" disabled={remove.isPending} onClick={() => remove.mutate(one.id)}>{t('waitlist.remove')}<span className="visually-hidden"> {one.patient?.display}</span></Button></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** An offer that is out: the answer may come by telephone. */
function Offered({ waiting, calendars }: { waiting: Waiting; calendars: readonly Calendar[] }) {
  const { t } = useI18n();
  const when = useWhen(useClinicZone());
  const changed = useScheduleChanged();
  const offer = waiting.offer;
  const seconds = useSecondsTo(offer?.expires);
  const answer = useMutation({ mutationFn: async (taken: boolean) => void (taken ? await accept(waiting.id) : await decline(waiting.id)), onSettled: () => changed() });
  if (!offer) return null;
  const who = waiting.patient?.display || t('visit.noName');
  return (
    <div className="offered">
      <p>
        <strong>{who}</strong> {when(offer.start, offer.end)}, {calendars.find(({ actor }) => actor === offer.actor)?.name ?? offer.actor}
        <span className="chip" role="timer" aria-live="off"><Icon name="clock" size={13} /> {seconds > 0 ? t('offer.left', { time: countdownText(seconds) }) : t('offer.expired')}</span>
      </p>
      {answer.isError && <Refusal error={answer.error} />}
      <div className="form-actions">
        <Button loading={answer.isPending} disabled={seconds === 0} onClick={() => answer.mutate(true)}>{t('offer.accepted')}<span className="visually-hidden"> {who}</span></Button>
        <Button variant="default" disabled={answer.isPending} onClick={() => answer.mutate(false)}>{t('offer.declined')}<span className="visually-hidden"> {who}</span></Button>
      </div>
    </div>
  );
}
