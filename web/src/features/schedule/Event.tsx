/** A visit in the grid: its state is a shape and words, never colour alone. */

import { memo } from 'react';
import { useI18n } from '../../lib/i18n';
import { clockText } from '../../lib/zone';
import { Icon } from '../../ui/icons';
import type { Visit } from './calendar';
import type { Placed } from './layout';
import { isMovable, LOOKS } from './states';

interface EventProps {
  placed: Placed<Visit>;
  from: number;
  to: number;
  service: string;
  chosen: boolean;
  moving: boolean;
}

export const Event = memo(function Event({ placed, from, to, service, chosen, moving }: EventProps) {
  const { t } = useI18n();
  const { item, lane, lanes, width } = placed;
  const { appointment } = item;
  const look = LOOKS[appointment.state];
  const state = t(look.label);
  const who = appointment.patient?.display || t('visit.noName');
  const movable = isMovable(appointment);
  const share = (part: number) => `${(part / (to - from)) * 100}%`;
  return (
    <button
      type="button"
      tabIndex={-1}
      data-visit={appointment.id}
      className={`visit visit-${look.tone}${chosen ? ' visit-chosen' : ''}${moving ? ' visit-moving' : ''}`}
      style={{
        insetBlockStart: share(Math.max(item.start, from) - from),
        blockSize: share(Math.min(item.end, to) - Math.max(item.start, from)),
        insetInlineStart: `${(lane / lanes) * 100}%`,
        inlineSize: `${(width / lanes) * 100}%`,
      }}
      title={`${clockText(item.start)} ${who}${service ? ` · ${service}` : ''} · ${state}`}
    >
      <span className="visit-line">
        <Icon name={look.icon} size={12} />
        <span className="visit-time">{clockText(item.start)}</span> <strong>{who}</strong>
        {appointment.overbooked && <abbr title={t('visit.overbooked')}>+</abbr>}
      </span>
      <span className={item.end - item.start >= 30 ? 'visit-more' : 'visually-hidden'}> {service ? `${service} · ${state}` : state}</span>
      {movable && <span className="visit-handle" data-resize="" aria-hidden="true" />}
    </button>
  );
});
