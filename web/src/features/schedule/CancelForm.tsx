/** A cancellation names its reason, because reports and the waiting list depend on it; nothing is preselected. */

import { Button, NativeSelect } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { useI18n } from '../../lib/i18n';
import { transition, useCancelReasons, useScheduleChanged } from './api';
import { Refusal } from './Refusal';
import { reasonText } from './states';
import type { Appointment } from './types';

export function CancelForm({ appointment, onDone, onBack }: { appointment: Appointment; onDone: () => void; onBack: () => void }) {
  const { t } = useI18n();
  const changed = useScheduleChanged();
  const reasons = useCancelReasons(true);
  const [reason, setReason] = useState('');
  const cancel = useMutation({
    mutationFn: () => transition(appointment.id, 'cancelled', { reason }),
    onSuccess: async () => {
      await changed();
      onDone();
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (reason) cancel.mutate();
      }}
    >
      <p>{t('visit.cancel.help')}</p>
      {reasons.isError && <Failure error={reasons.error} onRetry={() => void reasons.refetch()} />}
      <NativeSelect name="reason" label={t('visit.cancelReason')} value={reason} required data-autofocus onChange={(event) => setReason(event.currentTarget.value)} data={[{ value: '', label: t('visit.cancel.choose') }, ...(reasons.data ?? []).map(({ code, text }) => ({ value: code, label: reasonText(t, code, text) }))]} />
      {cancel.isError && <Refusal error={cancel.error} />}
      <div className="form-actions">
        <Button type="submit" size="sm" color="red" disabled={!reason} loading={cancel.isPending}>{t('visit.do.cancelled')}</Button>
        <Button type="button" size="sm" variant="default" onClick={onBack}>{t('visit.cancel.back')}</Button>
      </div>
    </form>
  );
}
