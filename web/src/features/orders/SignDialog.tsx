/** Signing: the whole basket once more under the patient's name, and a reason where an allergy is on record. */

import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { transaction } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { useChartChanged } from '../../fhir/queries';
import { useAuthor, useSession } from '../../fhir/session';
import type { Stored } from '../../fhir/types';
import { now } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Notice } from '../../ui/Notice';
import { useChartPatient } from '../chart/ChartLayout';
import { Stamp } from '../chart/Stamp';
import type { Checks } from './checks';
import { Concerns } from './Concerns';
import { type Order, signed } from './order';
import { OrderLine } from './OrderLine';

export function SignDialog({ drafts, checks, onClose }: { drafts: Stored<Order>[]; checks: Checks; onClose: () => void }) {
  const { t } = useI18n();
  const session = useSession();
  const author = useAuthor();
  const changed = useChartChanged(useChartPatient());
  const [reason, setReason] = useState('');
  const interrupting = drafts.filter((draft) => checks.of(draft).some((one) => one.kind === 'allergy'));
  const sign = useMutation({
    mutationFn: () => {
      const at = now();
      const note = { text: t('orders.despite', { reason: reason.trim() }), time: at };
      return transaction(drafts.map((draft) => {
        const order = signed(draft, at, author);
        return interrupting.includes(draft) ? { ...order, note: [...(order.note ?? []), note] } : order;
      }));
    },
    onSuccess: async () => {
      await Promise.all([changed('MedicationRequest'), changed('ServiceRequest')]);
      onClose();
    },
  });
  const blocked = interrupting.length > 0 && reason.trim().length < 3;
  return (
    <Dialog onClose={onClose} size="lg" title={t('orders.sign.title', { count: drafts.length })}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!blocked && author) sign.mutate();
        }}
      >
        <Stamp />
        <ul className="basket">
          {drafts.map((draft) => (
            <li key={draft.id}>
              <div><OrderLine order={draft} /><Concerns list={checks.of(draft)} /></div>
            </li>
          ))}
        </ul>
        {interrupting.length > 0 && (
          <TextInput label={t('orders.why')} description={t('orders.why.help')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} required autoComplete="off" />
        )}
        {author ? <p>{t('orders.sign.help', { name: session.name })}</p> : <Notice tone="warning" icon="shield" title={t('orders.noAuthor')} />}
        {sign.isError && <Failure error={sign.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={blocked || !author} loading={sign.isPending} data-autofocus={interrupting.length === 0 || undefined}>{t('orders.sign.do', { count: drafts.length })}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
