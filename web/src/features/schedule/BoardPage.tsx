/** The check-in board (S24): who is expected, who waits and for how long, and one obvious next step each. */

import { Button, NativeSelect } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type KeyboardEvent, useMemo, useState } from 'react';
import { Loaded } from '../../fhir/Loaded';
import { useNow, useTitle } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { clockOf, clockText, dayText } from '../../lib/zone';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { LinkButton } from '../../ui/LinkButton';
import { Empty } from '../../ui/Notice';
import { useBoard, useSettings } from './api';
import { inOrder, serverNow, stepCard, waited, waitOf } from './board';
import { CancelForm } from './CancelForm';
import { type Calendar, isPerson, useCalendars, useClinicZone, useToday } from './people';
import { Refusal } from './Refusal';
import { ScheduleNav } from './ScheduleNav';
import { COLUMNS, nextStep, steps, isOver } from './states';
import type { Appointment, Card, Service, State } from './types';
import { useStep } from './VisitDialog';
import { WalkInDialog } from './WalkInDialog';
import './schedule.css';

export interface BoardSearch {
  day?: string;
  who?: string;
}

const route = getRouteApi('/schedule/board');
const NO_SERVICES: readonly Service[] = [];

export function BoardPage() {
  const { t, locale } = useI18n();
  useTitle(t('board.title'));
  const zone = useClinicZone();
  const today = useToday(zone);
  const { day = today, who } = route.useSearch();
  const navigate = route.useNavigate();
  const board = useBoard(day, zone);
  const { calendars } = useCalendars();
  const services = useSettings().data?.services ?? NO_SERVICES;
  const [walkIn, setWalkIn] = useState(false);
  const people = calendars.filter(({ actor }) => isPerson(actor));
  const names = useMemo(() => new Map(services.map(({ code, name }) => [code, name])), [services]);
  useShortcuts({ n: () => setWalkIn(true), j: () => focusCard(1), k: () => focusCard(-1) });
  return (
    <div className="page page-wide">
      <ScheduleNav />
      <header className="page-head">
        <h1>{t('board.title')} <span className="quiet">{dayText(day, locale, 'long')}</span></h1>
        <div className="calendar-tools">
          <NativeSelect aria-label={t('booking.with')} size="xs" value={who ?? ''} onChange={(event) => void navigate({ search: (before) => ({ ...before, who: event.currentTarget.value || undefined }), replace: true })} data={[{ value: '', label: t('board.everybody') }, ...people.map(({ actor, name }) => ({ value: actor, label: name }))]} />
          <Button leftSection={<Icon name="plus" />} onClick={() => setWalkIn(true)}>{t('board.walkIn')}</Button>
        </div>
      </header>
      <Loaded query={board} rows={10}>
        {({ columns, now }) => {
          const mine = columns.map((column) => ({ ...column, items: inOrder(column.items.filter(({ appointment }) => !who || appointment.actors.some(({ reference }) => reference === who))) }));
          const hidden = columns.flatMap(({ items }) => items).length - mine.flatMap(({ items }) => items).length;
          return (
            <>
              {mine.every(({ items }) => items.length === 0) && <Empty>{hidden > 0 ? t('board.hidden', { count: hidden }) : t('board.none')}</Empty>}
              <div className="board">
                {mine.map(({ state, items }) => (
                  <section key={state} className="board-column" aria-label={t('board.column', { state: t(COLUMNS[state].label), count: items.length })}>
                    <h2><Icon name={COLUMNS[state].icon} /> {t(COLUMNS[state].label)} <span className="quiet">{items.length}</span></h2>
                    <ul className="plain">
                      {items.map((card) => <li key={card.appointment.id}><CardView card={card} told={now} seenAt={board.dataUpdatedAt} zone={zone} names={names} calendars={calendars} /></li>)}
                    </ul>
                  </section>
                ))}
              </div>
            </>
          );
        }}
      </Loaded>
      {walkIn && <WalkInDialog calendars={people} services={services} onClose={() => setWalkIn(false)} />}
    </div>
  );
}

/** Moves the focus from card to card, in the order they stand. */
function focusCard(by: number): void {
  const cards = [...document.querySelectorAll<HTMLElement>('.board-card')];
  const id = stepCard(cards.map((card) => card.id), document.activeElement?.closest('.board-card')?.id, by);
  if (id) document.getElementById(id)?.focus();
}

interface CardProps {
  card: Card;
  told: string;
  seenAt: number;
  zone: string;
  names: ReadonlyMap<string, string>;
  calendars: readonly Calendar[];
}

function CardView({ card, told, seenAt, zone, names, calendars }: CardProps) {
  const { t } = useI18n();
  const { appointment } = card;
  const { mutation, step } = useStep(appointment);
  const [asks, setAsks] = useState<'room' | 'cancel'>();
  const rooms = calendars.filter(({ actor }) => !isPerson(actor));
  const people = new Map(calendars.map(({ actor, name }) => [actor, name]));
  const who = appointment.patient?.display || t('visit.noName');
  const patient = appointment.patient?.reference.split('/')[1];
  const next = nextStep(appointment);
  // Arriving is what happens at the desk; to confirm is for the telephone.
  const first = next === 'confirmed' && appointment.allowed.includes('arrived') ? 'arrived' : next;
  const take = (state: State) => {
    if (state === 'cancelled') setAsks('cancel');
    else if (state === 'roomed' && rooms.length > 0) setAsks('room');
    else step(state);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const wanted: Record<string, State | undefined> = { '.': first, Enter: first, a: 'arrived', r: 'roomed' };
    const to = wanted[event.key];
    if (!to || !appointment.allowed.includes(to)) return;
    event.preventDefault();
    event.stopPropagation();
    take(to);
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex jsx-a11y/no-noninteractive-element-interactions -- one stop for the keys of a card, whose buttons do the same
    <article id={`card-${appointment.id}`} className="board-card" tabIndex={0} aria-label={`${who}, ${clockText(clockOf(Date.parse(appointment.start), zone).minutes)}`} onKeyDown={onKeyDown}>
      <p>
        <span className="visit-time">{clockText(clockOf(Date.parse(appointment.start), zone).minutes)}</span>{' '}
        {patient ? <Link to="/patients/$id" params={{ id: patient }}><strong>{who}</strong></Link> : <strong>{who}</strong>}
      </p>
      <p className="quiet">{[names.get(appointment.service ?? ''), ...appointment.actors.map((one) => one.display || people.get(one.reference)), appointment.stage?.room && people.get(appointment.stage.room)].filter(Boolean).join(' · ')}</p>
      {appointment.reason && <p className="quiet">{appointment.reason}</p>}
      <p className="board-facts">
        {card.waitingSince && <Wait since={card.waitingSince} told={told} seenAt={seenAt} />}
        {card.late && <span className="chip chip-warning"><Icon name="clock" size={13} /> {t('board.late')}</span>}
        {appointment.overbooked && <span className="chip">{t('visit.overbooked')}</span>}
      </p>
      {mutation.isError && <Refusal error={mutation.error} />}
      <div className="form-actions">
        {first && <Button loading={mutation.isPending} onClick={() => take(first)}>{t(`visit.do.${first}`)}<span className="visually-hidden"> {who}</span></Button>}
        {appointment.type === 'Telehealth' && !isOver(appointment) && <LinkButton variant="default" to="/video/$appointment" params={{ appointment: appointment.id }}>{t('visit.video')}<span className="visually-hidden"> {who}</span></LinkButton>}
        <More appointment={appointment} without={first} onTake={take} who={who} />
      </div>
      {asks === 'room' && <RoomDialog who={who} rooms={rooms} onClose={() => setAsks(undefined)} onRoom={(room) => {
        setAsks(undefined);
        step('roomed', room);
      }} />}
      {asks === 'cancel' && (
        <Dialog title={t('visit.cancel.title', { who })} onClose={() => setAsks(undefined)}>
          <CancelForm appointment={appointment} onDone={() => setAsks(undefined)} onBack={() => setAsks(undefined)} />
        </Dialog>
      )}
    </article>
  );
}

function More({ appointment, without, onTake, who }: { appointment: Appointment; without: State | undefined; onTake: (state: State) => void; who: string }) {
  const { t } = useI18n();
  const others = steps(appointment).filter((state) => state !== without && state !== 'entered-in-error');
  if (others.length === 0) return null;
  return (
    <details className="menu">
      <summary>{t('board.more')}<span className="visually-hidden"> {who}</span></summary>
      <div className="menu-body">{others.map((state) => <Button key={state} variant="default" onClick={() => onTake(state)}>{t(`visit.do.${state}`)}</Button>)}</div>
    </details>
  );
}

const TICK = 15_000;

/** The wait in minutes and in words; the colour only repeats them. */
function Wait({ since, told, seenAt }: { since: string; told: string; seenAt: number }) {
  const { t } = useI18n();
  const at = useNow(TICK);
  const minutes = waited(since, serverNow(told, seenAt, Math.max(at, seenAt)));
  const wait = waitOf(minutes);
  const tone = { short: '', long: 'chip-warning', 'too-long': 'chip-danger' }[wait];
  return (
    <span className={`chip ${tone}`}>
      {wait === 'too-long' ? <Icon name="alert" size={13} /> : <Icon name="clock" size={13} />} {t(`board.wait.${wait}`, { minutes })}
    </span>
  );
}

function RoomDialog({ who, rooms, onRoom, onClose }: { who: string; rooms: readonly Calendar[]; onRoom: (room: string) => void; onClose: () => void }) {
  const { t } = useI18n();
  return (
    <Dialog title={t('board.room.title', { who })} onClose={onClose}>
      <ul className="plain slots">
        {rooms.map(({ actor, name }, index) => <li key={actor}><button type="button" className="slot" data-autofocus={index === 0 || undefined} onClick={() => onRoom(actor)}>{name}</button></li>)}
      </ul>
    </Dialog>
  );
}
