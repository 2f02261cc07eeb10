/** Whose columns are shown. */

import { Button } from '@mantine/core';
import { useI18n } from '../../lib/i18n';
import { type Calendar, isPerson } from './people';

interface CalendarChooserProps {
  calendars: readonly Calendar[];
  shown: readonly string[];
  onShown: (actors: string[] | undefined) => void;
}

export function CalendarChooser({ calendars, shown, onShown }: CalendarChooserProps) {
  const { t } = useI18n();
  const people = calendars.filter(({ actor }) => isPerson(actor));
  const rooms = calendars.filter(({ actor }) => !isPerson(actor));
  const toggle = (actor: string) => {
    const next = shown.includes(actor) ? shown.filter((one) => one !== actor) : [...shown, actor];
    onShown(next.length > 0 ? next : undefined);
  };
  const boxes = (list: readonly Calendar[]) =>
    list.map(({ actor, name }) => (
      <label key={actor} className="choice"><input type="checkbox" checked={shown.includes(actor)} onChange={() => toggle(actor)} /> {name}</label>
    ));
  return (
    <details className="menu">
      <summary>{t('calendar.who', { count: shown.length })}</summary>
      <div className="menu-body">
        <div className="form-actions">
          <Button variant="default" onClick={() => onShown(undefined)}>{t('calendar.who.people')}</Button>
          {rooms.length > 0 && <Button variant="default" onClick={() => onShown(rooms.map(({ actor }) => actor))}>{t('calendar.who.rooms')}</Button>}
        </div>
        {people.length > 0 && <fieldset><legend>{t('calendar.people')}</legend>{boxes(people)}</fieldset>}
        {rooms.length > 0 && <fieldset><legend>{t('calendar.rooms')}</legend>{boxes(rooms)}</fieldset>}
      </div>
    </details>
  );
}
