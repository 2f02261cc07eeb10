/** The month at a glance: how full each day is, and the way to it. */

import { Button } from '@mantine/core';
import { useI18n } from '../../lib/i18n';
import { dayText, weekdayNames } from '../../lib/zone';
import type { ColumnModel } from './calendar';
import { monthOf, tally } from './month';

interface MonthProps {
  day: string;
  today: string;
  days: readonly string[];
  columns: readonly ColumnModel[];
  onDay: (day: string) => void;
}

export function MonthGrid({ day, today, days, columns, onDay }: MonthProps) {
  const { t, locale } = useI18n();
  const full = tally(columns);
  const weeks = Array.from({ length: days.length / 7 }, (_, week) => days.slice(week * 7, week * 7 + 7));
  const said = (one: string) => {
    const { visits = 0, open = false } = full.get(one) ?? {};
    return visits > 0 ? t('calendar.month.visits', { count: visits }) : t(open ? 'calendar.month.free' : 'calendar.month.closed');
  };
  return (
    <table className="month">
      <thead>
        <tr>{weekdayNames(locale).map((name) => <th key={name} scope="col">{name}</th>)}</tr>
      </thead>
      <tbody>
        {weeks.map((week) => (
          <tr key={week[0]}>
            {week.map((one) => (
              <td key={one} className={monthOf(one) === monthOf(day) ? undefined : 'month-other'}>
                <Button variant={one === today ? 'filled' : 'default'} fullWidth onClick={() => onDay(one)} aria-current={one === today ? 'date' : undefined}>
                  {Number(one.slice(8))}<span className="visually-hidden">, {dayText(one, locale, 'long')}, {said(one)}</span>
                </Button>
                <span className="quiet" aria-hidden="true">{said(one)}</span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
