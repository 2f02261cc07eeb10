/** An act with consequences: the verb on the button, the consequence in a sentence, and a reason where one is asked. */

import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { type Act, useAct } from './api';

/** Characters that the server asks of a reason. */
const REASON = 10;

interface ConfirmDialogProps {
  title: string;
  help: string;
  act: Act;
  /** The act carries why it is done. */
  reasoned?: boolean;
  onClose: () => void;
}

export function ConfirmDialog({ title, help, act, reasoned = false, onClose }: ConfirmDialogProps) {
  const { t } = useI18n();
  const [reason, setReason] = useState('');
  const run = useAct(onClose);
  const ready = !reasoned || reason.trim().length >= REASON;
  return (
    <Dialog onClose={onClose} title={title}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) run.mutate(reasoned ? { ...act, body: { ...(act.body as object), reason: reason.trim() } } : act);
        }}
      >
        <p>{help}</p>
        {reasoned && <TextInput label={t('admin.reason')} description={t('admin.reason.help', { count: REASON })} value={reason} onChange={(event) => setReason(event.currentTarget.value)} required autoComplete="off" data-autofocus />}
        {run.isError && <Failure error={run.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={run.isPending}>{t('admin.confirm')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
