/** The fields of opening hours: weekly patterns, exceptions, holidays, and the rules of booking. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { formatDate } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { isDay, weekdayNames } from '../../lib/zone';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { isWrongException, isWrongNumber, NEW_WEEKLY, NUMBERS, type NumberField, replaced, weeklyProblem } from './hoursForm';
import { type Exception, type Hours, type Service, type Weekday, type Weekly, WEEKDAYS } from './types';

interface FieldsProps {
  hours: Hours;
  onHours: (hours: Hours) => void;
  services: readonly Service[];
}

const ZONES = Intl.supportedValuesOf('timeZone');

export function HoursFields({ hours, onHours, services }: FieldsProps) {
  const { t } = useI18n();
  const zones = [...new Set([hours.timeZone, ...ZONES])];
  return (
    <>
      <fieldset className="fields fields-list">
        <legend>{t('hours.weekly')}</legend>
        {hours.weekly.length === 0 && <Empty>{t('hours.weekly.none')}</Empty>}
        {hours.weekly.map((weekly, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- patterns have no id; they are only appended and removed
          <WeeklyFields key={index} number={index + 1} weekly={weekly} services={services} onChange={(next) => onHours({ ...hours, weekly: replaced(hours.weekly, index, next) })} />
        ))}
        <Button type="button" variant="default" leftSection={<Icon name="plus" />} onClick={() => onHours({ ...hours, weekly: [...hours.weekly, NEW_WEEKLY] })}>{t('hours.weekly.add')}</Button>
      </fieldset>
      <fieldset className="fields fields-list">
        <legend>{t('hours.exceptions')}</legend>
        {hours.exceptions.length === 0 && <Empty>{t('hours.exceptions.none')}</Empty>}
        {hours.exceptions.map((exception, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- new exceptions have no id yet
          <ExceptionFields key={index} number={index + 1} exception={exception} onChange={(next) => onHours({ ...hours, exceptions: replaced(hours.exceptions, index, next) })} />
        ))}
        <Button type="button" variant="default" leftSection={<Icon name="plus" />} onClick={() => onHours({ ...hours, exceptions: [...hours.exceptions, { kind: 'closed', start: '', end: '', services: [], location: null, note: null }] })}>{t('hours.exceptions.add')}</Button>
      </fieldset>
      <Holidays days={hours.holidays} onDays={(holidays) => onHours({ ...hours, holidays })} />
      <fieldset className="fields">
        <legend>{t('hours.rules')}</legend>
        <NativeSelect label={t('hours.zone')} value={hours.timeZone} onChange={(event) => onHours({ ...hours, timeZone: event.currentTarget.value })} data={zones} />
        {(Object.keys(NUMBERS) as NumberField[]).map((field) => (
          <NumberInput key={field} field={field} value={hours[field]} onValue={(value) => onHours({ ...hours, [field]: value })} />
        ))}
      </fieldset>
    </>
  );
}

function NumberInput({ field, value, onValue }: { field: NumberField; value: number; onValue: (value: number) => void }) {
  const { t } = useI18n();
  const [least, most] = NUMBERS[field];
  return (
    <TextInput
      type="number"
      name={field}
      label={t(`hours.${field}`)}
      min={least}
      max={most}
      value={Number.isNaN(value) ? '' : value}
      onChange={(event) => onValue(event.currentTarget.valueAsNumber)}
      error={isWrongNumber(field, value) ? t('hours.number', { least, most }) : undefined}
    />
  );
}

function WeeklyFields({ number, weekly, services, onChange }: { number: number; weekly: Weekly; services: readonly Service[]; onChange: (weekly: Weekly | undefined) => void }) {
  const { t, locale } = useI18n();
  const names = weekdayNames(locale, 'short');
  const problem = weeklyProblem(weekly);
  const set = (change: Partial<Weekly>) => onChange({ ...weekly, ...change });
  const toggle = (day: Weekday) => set({ days: WEEKDAYS.filter((one) => (one === day) !== weekly.days.includes(one)) });
  const toggleService = (code: string) => set({ services: weekly.services.includes(code) ? weekly.services.filter((one) => one !== code) : [...weekly.services, code] });
  return (
    <div role="group" aria-label={t('hours.weekly.number', { number })} className="pattern">
      <fieldset className="days">
        <legend className="visually-hidden">{t('waitlist.days')}</legend>
        {WEEKDAYS.map((day, index) => <label key={day} className="choice"><input type="checkbox" checked={weekly.days.includes(day)} onChange={() => toggle(day)} /> {names[index]}</label>)}
      </fieldset>
      <div className="fields-row">
        <TextInput type="time" label={t('hours.start')} value={weekly.start} onChange={(event) => set({ start: event.currentTarget.value })} error={problem === 'times' ? t('hours.wrongTimes') : undefined} />
        <TextInput type="time" label={t('hours.end')} value={weekly.end === '24:00' ? '00:00' : weekly.end} onChange={(event) => set({ end: event.currentTarget.value === '00:00' ? '24:00' : event.currentTarget.value })} description={weekly.end < weekly.start ? t('hours.night') : undefined} />
        <TextInput type="date" label={t('waitlist.from')} value={weekly.from ?? ''} onChange={(event) => set({ from: event.currentTarget.value || null })} error={problem === 'dates' ? t('hours.wrongDates') : undefined} />
        <TextInput type="date" label={t('waitlist.until')} value={weekly.until ?? ''} onChange={(event) => set({ until: event.currentTarget.value || null })} />
        <NativeSelect label={t('hours.rhythm')} value={weekly.everyWeeks} onChange={(event) => set({ everyWeeks: Number(event.currentTarget.value) })} data={[1, 2, 3, 4].map((weeks) => ({ value: String(weeks), label: t('hours.rhythm.every', { weeks }) }))} />
      </div>
      {services.length > 0 && (
        <fieldset className="days">
          <legend>{t('hours.services')}</legend>
          {services.map(({ code, name }) => <label key={code} className="choice"><input type="checkbox" checked={weekly.services.includes(code)} onChange={() => toggleService(code)} /> {name}</label>)}
          {weekly.services.length === 0 && <span className="quiet">{t('hours.services.all')}</span>}
        </fieldset>
      )}
      {problem === 'days' && <p className="field-error">{t('hours.wrongDays')}</p>}
      <Button type="button" variant="default" onClick={() => onChange(undefined)}>{t('hours.remove')}<span className="visually-hidden"> {t('hours.weekly.number', { number })}</span></Button>
    </div>
  );
}

function ExceptionFields({ number, exception, onChange }: { number: number; exception: Exception; onChange: (exception: Exception | undefined) => void }) {
  const { t } = useI18n();
  const set = (change: Partial<Exception>) => onChange({ ...exception, ...change });
  const wrong = (exception.start !== '' || exception.end !== '') && isWrongException(exception);
  return (
    <div role="group" aria-label={t('hours.exceptions.number', { number })} className="pattern">
      <div className="fields-row">
        <NativeSelect label={t('hours.kind')} value={exception.kind} onChange={(event) => set({ kind: event.currentTarget.value as Exception['kind'] })} data={[{ value: 'closed', label: t('hours.closed') }, { value: 'open', label: t('hours.open') }]} />
        <TextInput type="datetime-local" label={t('hours.start')} value={exception.start.slice(0, 16)} onChange={(event) => set({ start: event.currentTarget.value })} />
        <TextInput type="datetime-local" label={t('hours.end')} value={exception.end.slice(0, 16)} onChange={(event) => set({ end: event.currentTarget.value })} error={wrong ? t('hours.wrongException') : undefined} />
        <TextInput label={t('hours.note')} maxLength={200} value={exception.note ?? ''} onChange={(event) => set({ note: event.currentTarget.value || null })} />
      </div>
      <Button type="button" variant="default" onClick={() => onChange(undefined)}>{t('hours.remove')}<span className="visually-hidden"> {t('hours.exceptions.number', { number })}</span></Button>
    </div>
  );
}

function Holidays({ days, onDays }: { days: readonly string[]; onDays: (days: string[]) => void }) {
  const { t, locale } = useI18n();
  const [day, setDay] = useState('');
  return (
    <fieldset className="fields fields-list">
      <legend>{t('hours.holidays')}</legend>
      <ul className="plain slots">
        {days.map((one) => (
          <li key={one}><button type="button" className="slot" onClick={() => onDays(days.filter((other) => other !== one))} aria-label={t('hours.holidays.remove', { day: formatDate(one, locale) })}>{formatDate(one, locale)} <Icon name="close" size={12} /></button></li>
        ))}
      </ul>
      <div className="fields-row">
        <TextInput type="date" label={t('hours.holidays.day')} value={day} onChange={(event) => setDay(event.currentTarget.value)} />
        <Button type="button" variant="default" disabled={!isDay(day)} onClick={() => {
          onDays([...new Set([...days, day])].sort());
          setDay('');
        }}>{t('hours.holidays.add')}</Button>
      </div>
    </fieldset>
  );
}
