/**
 * The grid of the calendar: one column a calendar and day, clock time downwards, visits as blocks.
 *
 * One place of the grid is the cursor, and the only stop of the Tab key: arrows move it, Enter opens or books what is
 * there. What it stands on is its label, so that it is read out as it moves.
 */

import { type CSSProperties, memo, type KeyboardEvent, useEffect, useMemo, useRef } from 'react';
import { useNow } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { singleKeysOff } from '../../lib/keys';
import { clockOf, clockText, dayText } from '../../lib/zone';
import { Icon } from '../../ui/icons';
import { type ColumnModel, neighbour, type Visit, visitsAt } from './calendar';
import { type Clash, clash, type Room } from './clash';
import { Event } from './Event';
import { type Bounds, type Cursor, moveCursor } from './grid';
import { closedSpans } from './hours';
import type { Span } from './layout';
import type { Calendar } from './people';
import { isMovable, LOOKS, takesTime } from './states';
import type { Appointment } from './types';
import { type Drag, useGridPointer } from './useGridPointer';

/** What a drag or a key asked for; nothing has changed yet. */
export type Wish =
  | { kind: 'book'; column: ColumnModel; start: number; minutes?: number }
  | { kind: 'open'; appointment: Appointment }
  | { kind: 'move'; appointment: Appointment; from: ColumnModel; to: ColumnModel; start: number }
  | { kind: 'resize'; appointment: Appointment; minutes: number }
  | { kind: 'choose-time'; appointment: Appointment };

interface GridProps {
  columns: readonly ColumnModel[];
  calendars: ReadonlyMap<string, Calendar>;
  bounds: Bounds;
  zone: string;
  services: ReadonlyMap<string, string>;
  cursor: Cursor;
  onCursor: (cursor: Cursor | 'before' | 'after') => void;
  chosen: string | undefined;
  dense: boolean;
  onWish: (wish: Wish) => void;
}

export function CalendarGrid(props: GridProps) {
  const { columns, bounds, cursor, onWish, onCursor, zone, dense } = props;
  const { t } = useI18n();
  const scroller = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const now = clockOf(useNow(30_000), zone);
  const visit = (id: string, column: number): Visit | undefined => columns[column]?.visits.find(({ item }) => item.appointment.id === id)?.item;
  const pointer = useGridPointer(body, scroller, bounds, {
    grab: (id, column) => {
      const found = visit(id, column);
      return found && isMovable(found.appointment) ? found : undefined;
    },
    onPress: (column, minute, id) => {
      const found = id ? visit(id, column) : undefined;
      onCursor({ column, minute });
      const to = columns[column];
      if (found) onWish({ kind: 'open', appointment: found.appointment });
      else if (to) onWish({ kind: 'book', column: to, start: minute });
    },
    onDrop: (drag) => dropped(drag, columns, visit, onWish),
  });
  const { drag } = pointer;
  const first = useRef(columns.some(({ day }) => day === now.day) ? cursor.minute : firstOf(columns));
  useEffect(() => {
    // What is going on now is in sight from the start; on other days, what comes first.
    const box = scroller.current;
    if (box) box.scrollTop = ((first.current - bounds.from) / (bounds.to - bounds.from)) * (body.current?.offsetHeight ?? 0) - box.clientHeight / 3;
    // oxlint-disable-next-line react/exhaustive-effect-dependencies react-hooks/exhaustive-deps -- once, when the grid appears
  }, []);
  const hours = useMemo(() => Array.from({ length: (bounds.to - bounds.from) / 60 }, (_, index) => bounds.from + index * 60), [bounds]);
  const dragged = drag?.visit && visit(drag.visit.id, drag.visit.column);
  const ghostRoom = drag && columns[drag.column];
  const hour: CSSProperties & Record<`--${string}`, string | number> = { '--hours': (bounds.to - bounds.from) / 60, '--columns': columns.length, '--hour': dense ? '64px' : '96px' };
  return (
    <div className={`calendar ${drag ? 'calendar-dragging' : ''}`} ref={scroller} style={hour}>
      <Heads columns={columns} calendars={props.calendars} today={now.day} />
      <div className="calendar-gutter" aria-hidden="true">
        {hours.map((minute) => <span key={minute}>{clockText(minute)}</span>)}
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions jsx-a11y/click-events-have-key-events -- the keys are the cursor's */}
      <div
        className="calendar-body"
        ref={body}
        onPointerDown={pointer.onPointerDown}
        onClick={(event) => {
          // Assistive technology clicks without a pointer.
          const id = (event.target as Element).closest<HTMLElement>('[data-visit]')?.dataset.visit;
          const found = event.detail === 0 && id && columns.flatMap((column) => column.visits).find(({ item }) => item.appointment.id === id);
          if (found) onWish({ kind: 'open', appointment: found.item.appointment });
        }}
      >
        {columns.map((column) => (
          <ColumnView key={column.key} column={column} name={props.calendars.get(column.actor)?.name ?? column.actor} bounds={bounds} services={props.services} chosen={props.chosen} moving={drag?.visit?.id} now={column.day === now.day ? now.minutes : undefined} />
        ))}
        {columns[cursor.column] && <CursorButton {...props} column={columns[cursor.column] as ColumnModel} />}
        {drag && ghostRoom && (
          <Ghost drag={drag} bounds={bounds} columns={columns.length} why={drag.kind === 'mark' ? undefined : clash(drag, roomOf(ghostRoom, props.calendars.get(ghostRoom.actor), now, dragged?.appointment.id))} label={dragged?.appointment.patient?.display ?? t('booking.new')} />
        )}
      </div>
    </div>
  );
}

/** When the first visit begins, or the first calendar opens, or people usually do. */
function firstOf(columns: readonly ColumnModel[]): number {
  const visits = columns.flatMap((column) => column.visits.map(({ item }) => item.start));
  const open = columns.flatMap((column) => column.open?.map(({ start }) => start) ?? []);
  const starts = visits.length > 0 ? visits : open;
  return starts.length > 0 ? Math.min(...starts) : 480;
}

function dropped(drag: Drag, columns: readonly ColumnModel[], visit: (id: string, column: number) => Visit | undefined, onWish: (wish: Wish) => void): void {
  const to = columns[drag.column];
  if (!to) return;
  if (!drag.visit) {
    onWish({ kind: 'book', column: to, start: drag.start, minutes: drag.end - drag.start });
    return;
  }
  const from = columns[drag.visit.column];
  const found = visit(drag.visit.id, drag.visit.column);
  if (!from || !found) return;
  if (drag.kind === 'resize') {
    if (drag.end !== found.end) onWish({ kind: 'resize', appointment: found.appointment, minutes: drag.end - drag.start });
  } else if (from !== to || drag.start !== found.start) {
    onWish({ kind: 'move', appointment: found.appointment, from, to, start: drag.start });
  }
}

function roomOf(column: ColumnModel, calendar: Calendar | undefined, now: { day: string; minutes: number }, moving: string | undefined): Room {
  const others = column.visits.map(({ item }) => item).filter(({ appointment }) => appointment.id !== moving && takesTime(appointment));
  const { bufferBefore = 0, bufferAfter = 0, capacity = 1 } = calendar?.hours ?? {};
  const minute = column.day === now.day ? now.minutes : column.day < now.day ? Number.POSITIVE_INFINITY : -1;
  return { booked: others, open: column.open, bufferBefore, bufferAfter, capacity, now: minute };
}

/** Where a span lies along a column. */
function share(span: Span, { from, to }: Bounds) {
  const part = (minutes: number) => `${(minutes / (to - from)) * 100}%`;
  return { insetBlockStart: part(span.start - from), blockSize: part(span.end - span.start) };
}

function across(column: number, columns: number) {
  return { insetInlineStart: `${(column / columns) * 100}%`, inlineSize: `${100 / columns}%` };
}

const Heads = memo(function Heads({ columns, calendars, today }: { columns: readonly ColumnModel[]; calendars: ReadonlyMap<string, Calendar>; today: string }) {
  const { locale } = useI18n();
  const days = [...new Set(columns.map((column) => column.day))];
  const each = columns.length / days.length;
  return (
    <div className="calendar-heads" aria-hidden="true">
      {days.map((day) => (
        <div key={day} className={`calendar-day ${day === today ? 'calendar-today' : ''}`} style={{ gridColumn: `span ${each}` }}><span>{dayText(day, locale, 'short')}</span></div>
      ))}
      {columns.map((column) => (
        <div key={column.key} className="calendar-who" title={calendars.get(column.actor)?.name}>{calendars.get(column.actor)?.name ?? column.actor}</div>
      ))}
    </div>
  );
});

interface ColumnProps {
  column: ColumnModel;
  name: string;
  bounds: Bounds;
  services: ReadonlyMap<string, string>;
  chosen: string | undefined;
  moving: string | undefined;
  now: number | undefined;
}

const ColumnView = memo(function ColumnView({ column, name, bounds, services, chosen, moving, now }: ColumnProps) {
  const { t, locale } = useI18n();
  const { from, to } = bounds;
  return (
    <div role="group" className="calendar-column" aria-label={t('calendar.column', { who: name, day: dayText(column.day, locale, 'long'), count: column.visits.length })}>
      {closedSpans(column.open ?? [], from, to).map((span) => (
        <div key={span.start} className="calendar-closed" style={share(span, bounds)} />
      ))}
      {column.visits.map((placed) => (
        <Event key={placed.item.appointment.id} placed={placed} from={from} to={to} service={services.get(placed.item.appointment.service ?? '') ?? ''} chosen={chosen === placed.item.appointment.id} moving={moving === placed.item.appointment.id} />
      ))}
      {now !== undefined && now >= from && now < to && <div className="calendar-now" style={{ insetBlockStart: share({ start: now, end: now }, bounds).insetBlockStart }}><span>{clockText(now)}</span></div>}
    </div>
  );
});

function CursorButton({ column, columns, calendars, bounds, cursor, onCursor, onWish, services }: GridProps & { column: ColumnModel }) {
  const { t, locale } = useI18n();
  const button = useRef<HTMLButtonElement>(null);
  const here = visitsAt(column, cursor.minute, bounds.step);
  const first = here[0];
  const name = calendars.get(column.actor)?.name ?? column.actor;
  const open = column.open?.some((span) => span.start <= cursor.minute && cursor.minute < span.end) ?? false;
  const what = first
    ? t('calendar.cursor.visit', { who: first.appointment.patient?.display || t('visit.noName'), service: services.get(first.appointment.service ?? '') ?? t('visit.noService'), state: t(LOOKS[first.appointment.state].label), more: here.length - 1 })
    : t(open ? 'calendar.cursor.free' : 'calendar.cursor.closed');
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moved = moveCursor(cursor, event.key, bounds, document.dir === 'rtl');
    const letter = singleKeysOff() ? '' : event.key;
    const next = letter === 'j' || letter === 'k' ? neighbour(column, cursor.minute, letter === 'j') : undefined;
    const target = next ? { column: cursor.column, minute: Math.max(bounds.from, next.start - (next.start % bounds.step)) } : moved;
    if (target) {
      onCursor(target);
      requestAnimationFrame(() => button.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' }));
    } else if (letter === 'm' && first && isMovable(first.appointment)) onWish({ kind: 'choose-time', appointment: first.appointment });
    else if (letter === 'n') onWish({ kind: 'book', column, start: cursor.minute });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <button
      ref={button}
      type="button"
      className="calendar-cursor"
      style={{ ...share({ start: cursor.minute, end: cursor.minute + bounds.step }, bounds), ...across(cursor.column, columns.length) }}
      aria-label={t('calendar.cursor', { time: clockText(cursor.minute), day: dayText(column.day, locale, 'long'), who: name, what })}
      aria-describedby="calendar-keys"
      onKeyDown={onKeyDown}
      onPointerDown={(event) => event.stopPropagation()}
      onClick={() => (first ? onWish({ kind: 'open', appointment: first.appointment }) : onWish({ kind: 'book', column, start: cursor.minute }))}
    />
  );
}

function Ghost({ drag, bounds, columns, why, label }: { drag: Drag; bounds: Bounds; columns: number; why: Clash | undefined; label: string }) {
  const { t } = useI18n();
  return (
    <div className={`ghost ${why ? 'ghost-clash' : ''}`} style={{ ...share(drag, bounds), ...across(drag.column, columns) }}>
      <strong>{clockText(drag.start)}–{clockText(drag.end)}</strong> {label}
      {why && <span className="ghost-why"><Icon name="alert" size={13} /> {t(`clash.${why}`)}</span>}
    </div>
  );
}
