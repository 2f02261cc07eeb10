/** A chart that one does not reach: who grants it, and emergency access with a reason, which is recorded and reviewed. */

import { Button, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { read } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { RequestError, send } from '../../fhir/http';
import { useSession } from '../../fhir/session';
import { useI18n } from '../../lib/i18n';
import { Panel } from '../../ui/Panel';

/** Roles that the matrix lets break the glass. */
const CLINICIANS = new Set(['doctor', 'nurse', 'clinical_staff']);
const SHORTEST = 10;

/** Whether the refusal may be that of a chart outside of the own care. */
export function useMayBreakGlass(error: unknown): boolean {
  const { roles } = useSession();
  return error instanceof RequestError && (error.kind === 'missing' || error.kind === 'denied') && roles.some((role) => CLINICIANS.has(role));
}

const TRIES = 15;
const PAUSE = 2_000;

/** Every part of the server learns of the access within seconds; until then the chart is still closed. */
async function opened(patient: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await read('Patient', patient);
      return;
    } catch (error) {
      const closed = error instanceof RequestError && (error.kind === 'missing' || error.kind === 'denied');
      if (!closed || attempt === TRIES) throw error;
      await new Promise((resume) => setTimeout(resume, PAUSE));
    }
  }
}

export function BreakGlass({ patient, onOpened }: { patient: string; onOpened: () => void }) {
  const { t } = useI18n();
  const [reason, setReason] = useState('');
  const open = useMutation({
    mutationFn: async () => {
      await send('/api/v1/break-glass', { method: 'POST', body: { patient, reason: reason.trim() } });
      await opened(patient);
    },
    onSuccess: onOpened,
  });
  const ready = reason.trim().length >= SHORTEST;
  return (
    <Panel title={t('glass.title')} className="glass">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !open.isPending) open.mutate();
        }}
      >
        <p>{t('glass.help')}</p>
        <Textarea label={t('glass.reason')} autosize minRows={2} value={reason} onChange={(event) => setReason(event.currentTarget.value)} required />
        {open.isError && <Failure error={open.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" color="red" disabled={!ready} loading={open.isPending}>{t('glass.do')}</Button>
          <span className="quiet" role="status">{open.isPending ? t('glass.opening') : ''}</span>
        </div>
      </form>
    </Panel>
  );
}
