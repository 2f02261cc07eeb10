/** A task is handed over to a colleague, or back to everybody. Nobody is chosen beforehand. */

import { Button, NativeSelect } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { update } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import type { Stored, Task } from '../../fhir/types';
import { now } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { useColleagues } from '../chart/signing';
import { owned } from './task';
import { colleagueOf } from './TaskDialog';

const NOBODY = 'nobody';

export function HandDialog({ task, onClose }: { task: Stored<Task>; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const colleagues = useColleagues();
  const [to, setTo] = useState('');
  const hand = useMutation({
    mutationFn: () => update(owned(task, colleagueOf(colleagues.data, to), now()), undefined),
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries({ queryKey: ['tasks'] }),
  });
  return (
    <Dialog onClose={onClose} title={t('tasks.handTitle')}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (to !== '') hand.mutate();
        }}
      >
        <p>{task.description}{task.for?.display && ` · ${task.for.display}`}</p>
        <Loaded query={colleagues} rows={1}>
          {(all) => <NativeSelect label={t('tasks.owner')} value={to} onChange={(event) => setTo(event.currentTarget.value)} data={[{ value: '', label: '' }, ...all, ...(task.owner ? [{ value: NOBODY, label: t('tasks.nobody') }] : [])]} required data-autofocus />}
        </Loaded>
        {hand.isError && <Failure error={hand.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={to === ''} loading={hand.isPending}>{t('tasks.handDo')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
