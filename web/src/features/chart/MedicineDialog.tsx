/** Stopping a medicine with a reason, and renewing one as a draft in the basket. */

import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { create, transaction } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { useChartChanged } from '../../fhir/queries';
import { useAuthor } from '../../fhir/session';
import { now } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { useChartPatient } from './ChartLayout';
import type { Medicine } from './facts';
import { medicineName, renewed, sigText, stopped } from './medicine';
import { Stamp } from './Stamp';

export interface Act {
  kind: 'renew' | 'stop';
  medicine: Medicine;
}

export function MedicineDialog({ act: { kind, medicine }, onClose }: { act: Act; onClose: () => void }) {
  const { t } = useI18n();
  const id = useChartPatient();
  const navigate = useNavigate();
  const author = useAuthor();
  const changed = useChartChanged(id);
  const [reason, setReason] = useState('');
  const { request, running } = medicine;
  const stops = kind === 'stop';
  const save = useMutation({
    mutationFn: async () => {
      await (stops ? transaction(running.map((one) => stopped(one, reason.trim()))) : create(renewed(request, now(), author)));
    },
    onSuccess: async () => {
      await changed('MedicationRequest');
      onClose();
      if (!stops) void navigate({ to: '/patients/$id/orders', params: { id }, search: {} });
    },
  });
  const ready = !stops || reason.trim().length >= 3;
  return (
    <Dialog onClose={onClose} title={t(stops ? 'medicines.stop.title' : 'medicines.renew.title', { medicine: medicineName(request) })}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) save.mutate();
        }}
      >
        <Stamp />
        <p>{[medicineName(request), sigText(t, request)].filter(Boolean).join(' – ')}</p>
        <p>{t(stops ? 'medicines.stop.help' : 'medicines.renew.help')}</p>
        {stops && <TextInput label={t('medicines.stop.reason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} required autoComplete="off" data-autofocus />}
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={save.isPending}>{t(stops ? 'medicines.stop.do' : 'medicines.renew.do')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
