/** The calendar (S21): days and weeks of people and rooms, in the clinic's time; what is looked at is in the address. */

import { Button, NativeSelect } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Loaded } from '../../fhir/Loaded';
import { useTitle } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { clockOf, clockText, dayBounds, dayText, iso, monthText, viewerZone, zoneText } from '../../lib/zone';
import { Icon } from '../../ui/icons';
import { LinkButton } from '../../ui/LinkButton';
import { Empty, Loading } from '../../ui/Notice';
import { correct, reschedule, useAppointments, useAttempt, useScheduleChanged, useSettings } from './api';
import { BookingDialog, type BookingStart } from './BookingDialog';
import { columnModels } from './calendar';
import { CalendarGrid, type Wish } from './CalendarGrid';
import { CalendarChooser } from './CalendarChooser';
import { columnsOf, type Cursor, daysOf, shownHours, turned, type View } from './grid';
import { MonthGrid } from './MonthGrid';
import { MoveDialog, type Target } from './MoveDialog';
import { type Calendar, isPerson, useCalendars, useClinicZone, useToday } from './people';
import { Refusal } from './Refusal';
import { ScheduleNav } from './ScheduleNav';
import type { Appointment, Hours, Service } from './types';
import { useWhen, VisitDialog } from './VisitDialog';
import './schedule.css';

export interface CalendarSearch {
  day?: string;
  view?: View;
  /** Calendars shown; all people when absent. */
  who?: string[];
  visit?: string;
  weekend?: boolean;
  gone?: boolean;
}

const route = getRouteApi('/schedule');
const DENSE = 'schedule-dense';
const STEP = 15;
const UNDO = 10_000;

export function CalendarPage() {
  const { t } = useI18n();
  useTitle(t('calendar.title'));
  const { query, calendars } = useCalendars();
  const settings = useSettings();
  const zone = useClinicZone();
  return (
    <div className="page page-wide">
      <ScheduleNav />
      <Loaded query={query} rows={12}>
        {() =>
          calendars.length === 0 ? (
            <Empty action={<LinkButton component="a" to="/schedule/hours" search={{}}>{t('calendar.noHours.set')}</LinkButton>}>{t('calendar.noHours')}</Empty>
          ) : settings.isPending ? (
            // In the zone of the device everything would be asked for and drawn twice.
            <Loading rows={12} />
          ) : (
            <Calendars key={zone} calendars={calendars} services={settings.data?.services ?? NONE} zone={zone} />
          )
        }
      </Loaded>
    </div>
  );
}

const NONE: Service[] = [];

type Layer = { kind: 'book'; start: BookingStart } | { kind: 'move'; appointment: Appointment; target?: Target } | undefined;

function Calendars({ calendars, services, zone }: { calendars: Calendar[]; services: readonly Service[]; zone: string }) {
  const { t } = useI18n();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const today = useToday(zone);
  const { day = today, view = 'day', weekend = false, gone = false } = search;
  const go = (change: Partial<CalendarSearch>) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const shown = useMemo(() => {
    const wanted = search.who && calendars.filter(({ actor }) => search.who?.includes(actor));
    const people = calendars.filter(({ actor }) => isPerson(actor));
    return wanted && wanted.length > 0 ? wanted : people.length > 0 ? people : calendars;
  }, [calendars, search.who]);
  const days = useMemo(() => daysOf(view, day, weekend), [view, day, weekend]);
  const actors = useMemo(() => shown.map(({ actor }) => actor), [shown]);
  const range = useMemo(() => ({ from: iso(dayBounds(days[0] ?? day, zone).start), to: iso(dayBounds(days.at(-1) ?? day, zone).end), actors }), [days, day, zone, actors]);
  const query = useAppointments(range);
  const columns = useMemo(() => {
    const hours = new Map<string, Hours>(shown.map((one) => [one.actor, one.hours]));
    return columnModels(columnsOf(days, actors), query.data ?? [], hours, zone, gone);
  }, [days, actors, shown, query.data, zone, gone]);
  const bounds = useMemo(() => ({ ...shownHours(columns.flatMap((column) => [...(column.open ?? []), ...column.visits.map(({ item }) => item)])), columns: columns.length, step: STEP }), [columns]);
  const [cursor, setCursor] = useState<Cursor>(() => ({ column: 0, minute: Math.floor(Math.max(480, Math.min(1065, clockOf(Date.now(), zone).minutes)) / STEP) * STEP }));
  const [layer, setLayer] = useState<Layer>();
  const [moved, setMoved] = useState<{ from: Appointment; to: Appointment }>();
  const forget = useCallback(() => setMoved(undefined), []);
  const resize = useResize();
  const [dense, setDense] = useState(() => localStorage.getItem(DENSE) === '1');
  const names = useMemo(() => new Map(services.map((service) => [service.code, service.name])), [services]);
  const byActor = useMemo(() => new Map(calendars.map((one) => [one.actor, one])), [calendars]);
  const focused = useRef(false);
  const toCursor = () => document.querySelector<HTMLElement>('.calendar-cursor')?.focus();
  useEffect(() => {
    if (focused.current) toCursor();
    focused.current = false;
  });
  const onCursor = (next: Cursor | 'before' | 'after') => {
    if (typeof next === 'object') {
      setCursor(next);
      return;
    }
    go({ day: turned(view, day, next === 'after' ? 1 : -1) });
    setCursor({ ...cursor, column: next === 'after' ? 0 : columns.length - 1 });
  };
  const book = (start: BookingStart) => setLayer({ kind: 'book', start });
  const onWish = (wish: Wish) => {
    if (wish.kind === 'open') go({ visit: wish.appointment.id });
    else if (wish.kind === 'book') book({ day: wish.column.day, minute: wish.start, actor: wish.column.actor, minutes: wish.minutes });
    else if (wish.kind === 'choose-time') setLayer({ kind: 'move', appointment: wish.appointment });
    else if (wish.kind === 'resize') resize.mutate(wish);
    else setLayer({ kind: 'move', appointment: wish.appointment, target: { day: wish.to.day, minute: wish.start, from: wish.from.actor, to: wish.to.actor } });
  };
  const at = { column: Math.min(cursor.column, columns.length - 1), minute: Math.min(Math.max(cursor.minute, bounds.from), bounds.to - STEP) };
  const bookHere = () => {
    const column = columns[at.column];
    if (column) book({ day: column.day, minute: at.minute, actor: column.actor });
  };
  useShortcuts({
    t: () => go({ day: undefined }),
    d: () => go({ view: 'day' }),
    w: () => go({ view: 'week' }),
    o: () => go({ view: 'month' }),
    '[': () => go({ day: turned(view, day, -1) }),
    ']': () => go({ day: turned(view, day, 1) }),
    n: bookHere,
    c: toCursor,
  });
  return (
    <>
      <Toolbar {...{ day, today, view, weekend, gone, dense, zone, go }} onDense={(on) => {
        localStorage.setItem(DENSE, on ? '1' : '0');
        setDense(on);
      }} onBook={bookHere}>
        <CalendarChooser calendars={calendars} shown={actors} onShown={(who) => go({ who })} />
      </Toolbar>
      {resize.isError && <Refusal error={resize.error} />}
      {moved && <Undo {...moved} zone={zone} onDone={forget} />}
      <p id="calendar-keys" className="visually-hidden">{t('calendar.keys')}</p>
      <Loaded query={query} rows={12}>
        {() => view === 'month' ? <MonthGrid {...{ day, today, days, columns }} onDay={(one) => go({ view: 'day', day: one })} /> : <CalendarGrid columns={columns} calendars={byActor} bounds={bounds} zone={zone} services={names} cursor={at} onCursor={onCursor} chosen={search.visit} dense={dense} onWish={onWish} />}
      </Loaded>
      {layer?.kind === 'book' && (
        <BookingDialog start={layer.start} calendars={calendars} services={services} zone={zone} onClose={() => setLayer(undefined)} onBooked={() => {
          focused.current = true;
          setLayer(undefined);
        }} />
      )}
      {layer?.kind === 'move' && (
        <MoveDialog appointment={layer.appointment} target={layer.target} zone={zone} calendars={calendars} onClose={() => setLayer(undefined)} onMoved={(to) => {
          setMoved({ from: layer.appointment, to });
          setLayer(undefined);
        }} />
      )}
      {search.visit && !layer && (
        <VisitDialog id={search.visit} zone={zone} calendars={calendars} services={names} onClose={() => go({ visit: undefined })} onMove={(appointment) => {
          go({ visit: undefined });
          setLayer({ kind: 'move', appointment });
        }} />
      )}
    </>
  );
}

/** A longer or shorter visit stays the same visit. */
function useResize() {
  const changed = useScheduleChanged();
  return useMutation({
    mutationFn: ({ appointment, minutes }: { appointment: Appointment; minutes: number }) => correct(appointment, { minutes }),
    onSettled: () => changed(),
  });
}

interface ToolbarProps {
  day: string;
  today: string;
  view: View;
  weekend: boolean;
  gone: boolean;
  dense: boolean;
  zone: string;
  go: (change: Partial<CalendarSearch>) => void;
  onDense: (on: boolean) => void;
  onBook: () => void;
  children: ReactNode;
}

function Toolbar({ day, today, view, weekend, gone, dense, zone, go, onDense, onBook, children }: ToolbarProps) {
  const { t, locale } = useI18n();
  const own = viewerZone();
  return (
    <div className="calendar-bar">
      <h1>{view === 'day' ? dayText(day, locale, 'long') : view === 'month' ? monthText(day, locale) : t('calendar.weekOf', { day: dayText(daysOf('week', day, true)[0] ?? day, locale, 'long') })}</h1>
      <div className="calendar-tools" role="toolbar" aria-label={t('calendar.tools')}>
        <Button variant="default" aria-label={t('calendar.previous')} onClick={() => go({ day: turned(view, day, -1) })}><Icon name="back" /></Button>
        <Button variant="default" disabled={day === today} onClick={() => go({ day: undefined })}>{t('calendar.today')}</Button>
        <Button variant="default" aria-label={t('calendar.next')} onClick={() => go({ day: turned(view, day, 1) })}><Icon name="forward" /></Button>
        <input type="date" className="date-input" aria-label={t('booking.day')} value={day} onChange={(event) => event.currentTarget.value && go({ day: event.currentTarget.value })} />
        <NativeSelect aria-label={t('calendar.view')} size="xs" value={view} onChange={(event) => go({ view: event.currentTarget.value as View })} data={[{ value: 'day', label: t('calendar.view.day') }, { value: 'week', label: t('calendar.view.week') }, { value: 'month', label: t('calendar.view.month') }]} />
        {children}
        <details className="menu">
          <summary>{t('calendar.options')}</summary>
          <div className="menu-body">
            <label className="choice"><input type="checkbox" checked={dense} onChange={(event) => onDense(event.currentTarget.checked)} /> {t('calendar.dense')}</label>
            <label className="choice"><input type="checkbox" checked={weekend} onChange={(event) => go({ weekend: event.currentTarget.checked || undefined })} /> {t('calendar.weekend')}</label>
            <label className="choice"><input type="checkbox" checked={gone} onChange={(event) => go({ gone: event.currentTarget.checked || undefined })} /> {t('calendar.gone')}</label>
          </div>
        </details>
        <Button leftSection={<Icon name="plus" />} onClick={onBook}>{t('booking.new')}</Button>
      </div>
      <p className="quiet">
        {t('calendar.zone', { zone: zoneText(zone, locale, dayBounds(day, zone).start) })}
        {own !== zone && ` ${t('calendar.zone.own', { zone: zoneText(own, locale, dayBounds(day, own).start) })}`}
      </p>
    </div>
  );
}

/** A move can be taken back for ten seconds: as another move. */
function Undo({ from, to, zone, onDone }: { from: Appointment; to: Appointment; zone: string; onDone: () => void }) {
  const { t } = useI18n();
  const when = useWhen(zone);
  const changed = useScheduleChanged();
  const { keyFor, refused } = useAttempt();
  const undo = useMutation({
    mutationFn: () => {
      const back = { start: from.start, minutes: from.minutes, actors: from.actors.map(({ reference }) => reference) };
      return reschedule(to.id, back, keyFor(back));
    },
    onError: refused,
    onSuccess: async () => {
      await changed();
      onDone();
    },
  });
  useEffect(() => {
    if (undo.isPending || undo.isError) return undefined;
    const timer = window.setTimeout(onDone, UNDO);
    return () => window.clearTimeout(timer);
  }, [undo.isPending, undo.isError, onDone]);
  return (
    <div className="undo" role="status">
      <Icon name="check" />
      <span>{t('move.done', { who: to.patient?.display || t('visit.noName'), when: when(to.start, to.end), was: clockText(clockOf(Date.parse(from.start), zone).minutes) })}</span>
      <Button variant="default" loading={undo.isPending} onClick={() => undo.mutate()}>{t('move.undo')}</Button>
      {undo.isError && <Refusal error={undo.error} />}
    </div>
  );
}
