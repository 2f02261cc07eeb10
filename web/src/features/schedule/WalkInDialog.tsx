/** Somebody who came without an appointment: whom to see and for what, from now on. */

import { Button, NativeSelect, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Patient, Stored } from '../../fhir/types';
import { useI18n } from '../../lib/i18n';
import { iso } from '../../lib/zone';
import { Dialog } from '../../ui/Dialog';
import { book, useAttempt, useScheduleChanged } from './api';
import { PatientPicker } from './PatientPicker';
import type { Calendar } from './people';
import { Refusal } from './Refusal';
import type { Service } from './types';

const MINUTE = 60_000;
const DEFAULT_MINUTES = 15;

export function WalkInDialog({ calendars, services, onClose }: { calendars: readonly Calendar[]; services: readonly Service[]; onClose: () => void }) {
  const { t } = useI18n();
  const changed = useScheduleChanged();
  const [patient, setPatient] = useState<Stored<Patient>>();
  const [actor, setActor] = useState('');
  const [service, setService] = useState('');
  const [reason, setReason] = useState('');
  const { keyFor, refused } = useAttempt();
  const minutes = services.find(({ code }) => code === service)?.minutes ?? DEFAULT_MINUTES;
  const save = useMutation({
    mutationFn: () => {
      const start = iso(Math.floor(Date.now() / MINUTE) * MINUTE);
      const booking = { patient: `Patient/${patient?.id ?? ''}`, actors: [actor], start, minutes, service: service || undefined, reason: reason.trim() || undefined, walkIn: true };
      return book(booking, keyFor(booking));
    },
    onError: refused,
    onSuccess: async () => {
      await changed();
      onClose();
    },
  });
  return (
    <Dialog title={t('walkIn.title')} size="lg" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (patient && actor && !save.isPending) save.mutate();
        }}
      >
        <PatientPicker patient={patient} onPick={setPatient} />
        <NativeSelect name="actor" label={t('booking.with')} required value={actor} onChange={(event) => setActor(event.currentTarget.value)} data={[{ value: '', label: t('walkIn.choose') }, ...calendars.map((one) => ({ value: one.actor, label: one.name }))]} />
        <NativeSelect name="service" label={t('booking.service')} value={service} onChange={(event) => setService(event.currentTarget.value)} data={[{ value: '', label: t('booking.service.none') }, ...services.map(({ code, name }) => ({ value: code, label: name }))]} />
        <Textarea name="reason" label={t('booking.reason')} description={t('optional')} rows={2} maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        {save.isError && <Refusal error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!patient || !actor} loading={save.isPending}>{t('walkIn.do')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
