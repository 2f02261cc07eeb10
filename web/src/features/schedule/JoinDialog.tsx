/** What somebody on the waiting list would take. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Patient, Stored } from '../../fhir/types';
import { useI18n } from '../../lib/i18n';
import { weekdayNames } from '../../lib/zone';
import { Dialog } from '../../ui/Dialog';
import { join, useAttempt, useScheduleChanged } from './api';
import { PatientPicker } from './PatientPicker';
import { type Calendar, isPerson } from './people';
import { Refusal } from './Refusal';
import { type Preference, type Service, type Weekday, WEEKDAYS } from './types';

const NOTICES = [60, 120, 240, 720, 1440, 2880];
const PRIORITIES = [1, 3, 5, 7, 9] as const;

export function JoinDialog({ calendars, services, onClose }: { calendars: readonly Calendar[]; services: readonly Service[]; onClose: () => void }) {
  const { t, locale } = useI18n();
  const changed = useScheduleChanged();
  const [patient, setPatient] = useState<Stored<Patient>>();
  const [wish, setWish] = useState<Preference>({ service: null, actors: [], days: [], earliest: null, latest: null, from: null, until: null, noticeMinutes: 120, priority: 5 });
  const { keyFor, refused } = useAttempt();
  const set = (change: Partial<Preference>) => setWish({ ...wish, ...change });
  const toggle = (day: Weekday) => set({ days: WEEKDAYS.filter((one) => (one === day) !== wish.days.includes(one)) });
  const wrongTimes = wish.earliest !== null && wish.latest !== null && wish.latest <= wish.earliest;
  const wrongDates = wish.from !== null && wish.until !== null && wish.until < wish.from;
  const save = useMutation({
    mutationFn: () => {
      const wanted = { ...wish, patient: `Patient/${patient?.id ?? ''}` };
      return join(wanted, keyFor(wanted));
    },
    onError: refused,
    onSuccess: async () => {
      await changed();
      onClose();
    },
  });
  const names = weekdayNames(locale, 'short');
  return (
    <Dialog title={t('waitlist.join')} size="lg" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (patient && !wrongTimes && !wrongDates) save.mutate();
        }}
      >
        <PatientPicker patient={patient} onPick={setPatient} />
        <fieldset className="fields">
          <legend>{t('waitlist.wish')}</legend>
          <NativeSelect label={t('booking.service')} value={wish.service ?? ''} onChange={(event) => set({ service: event.currentTarget.value || null })} data={[{ value: '', label: t('waitlist.anyService') }, ...services.map(({ code, name }) => ({ value: code, label: name }))]} />
          <NativeSelect label={t('booking.with')} value={wish.actors[0] ?? ''} onChange={(event) => set({ actors: event.currentTarget.value ? [event.currentTarget.value] : [] })} data={[{ value: '', label: t('waitlist.anybody') }, ...calendars.filter(({ actor }) => isPerson(actor)).map(({ actor, name }) => ({ value: actor, label: name }))]} />
          <TextInput type="time" label={t('waitlist.earliest')} value={wish.earliest ?? ''} onChange={(event) => set({ earliest: event.currentTarget.value || null })} />
          <TextInput type="time" label={t('waitlist.latest')} value={wish.latest ?? ''} onChange={(event) => set({ latest: event.currentTarget.value || null })} error={wrongTimes ? t('waitlist.wrongTimes') : undefined} />
          <TextInput type="date" label={t('waitlist.from')} value={wish.from ?? ''} onChange={(event) => set({ from: event.currentTarget.value || null })} />
          <TextInput type="date" label={t('waitlist.until')} value={wish.until ?? ''} onChange={(event) => set({ until: event.currentTarget.value || null })} error={wrongDates ? t('waitlist.wrongDates') : undefined} />
          <NativeSelect label={t('waitlist.notice')} value={wish.noticeMinutes} onChange={(event) => set({ noticeMinutes: Number(event.currentTarget.value) })} data={NOTICES.map((minutes) => ({ value: String(minutes), label: t('hours', { count: minutes / 60 }) }))} />
          <NativeSelect label={t('waitlist.priority')} value={wish.priority} onChange={(event) => set({ priority: Number(event.currentTarget.value) })} data={PRIORITIES.map((one) => ({ value: String(one), label: t(`waitlist.priority.${one}`) }))} />
        </fieldset>
        <fieldset className="days">
          <legend>{t('waitlist.days')}</legend>
          {WEEKDAYS.map((day, index) => <label key={day} className="choice"><input type="checkbox" checked={wish.days.includes(day)} onChange={() => toggle(day)} /> {names[index]}</label>)}
        </fieldset>
        {save.isError && <Refusal error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!patient || wrongTimes || wrongDates} loading={save.isPending}>{t('waitlist.join')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
