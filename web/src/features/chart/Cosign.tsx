/** The second signature of a note that waits: given after a look at who it is about, or sent back with a reason. */

import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { useChartChanged } from '../../fhir/queries';
import { useAuthor, useSession } from '../../fhir/session';
import type { Composition, Stored } from '../../fhir/types';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { useChartPatient } from './ChartLayout';
import { Stamp } from './Stamp';
import { cosign, sendBack, takeBack } from './signing';

/** What whoever is signed in can do with a note that waits. */
export function CosignActions({ note }: { note: Stored<Composition> }) {
  const { t } = useI18n();
  const me = useAuthor()?.reference;
  const { roles } = useSession();
  const [open, setOpen] = useState<'sign' | 'back'>();
  const done = useDone();
  const retract = useMutation({ mutationFn: () => takeBack(note.id), onSuccess: done });
  if (me !== undefined && note.author.some((one) => one.reference === me)) {
    return (
      <>
        <Button variant="default" loading={retract.isPending} onClick={() => retract.mutate()}>{t('cosign.takeBack')}</Button>
        {retract.isError && <Failure error={retract.error} />}
      </>
    );
  }
  if (me === undefined || !roles.includes('doctor')) return null;
  return (
    <>
      <Button onClick={() => setOpen('sign')}>{t('cosign.do')}</Button>
      <Button variant="default" onClick={() => setOpen('back')}>{t('cosign.back')}</Button>
      {open === 'sign' && <CosignDialog note={note} onClose={() => setOpen(undefined)} />}
      {open === 'back' && <BackDialog note={note} onClose={() => setOpen(undefined)} />}
    </>
  );
}

function useDone() {
  const changed = useChartChanged(useChartPatient());
  const client = useQueryClient();
  return () => Promise.all([changed('Composition'), client.invalidateQueries({ queryKey: ['tasks'] })]);
}

function CosignDialog({ note, onClose }: { note: Stored<Composition>; onClose: () => void }) {
  const { t } = useI18n();
  const { name } = useSession();
  const done = useDone();
  const give = useMutation({
    mutationFn: () => cosign(note.id),
    onSuccess: async () => {
      await done();
      onClose();
    },
  });
  return (
    <Dialog onClose={onClose} title={t('cosign.title', { title: note.title })}>
      <div className="stack">
        <Stamp />
        <p>{t('cosign.help', { name, author: note.author[0]?.display ?? t('notKnown') })}</p>
        {give.isError && <Failure error={give.error} />}
        <div className="form-actions">
          <Button size="sm" loading={give.isPending} onClick={() => give.mutate()} data-autofocus>{t('cosign.do')}</Button>
          <Button size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </div>
    </Dialog>
  );
}

function BackDialog({ note, onClose }: { note: Stored<Composition>; onClose: () => void }) {
  const { t } = useI18n();
  const [reason, setReason] = useState('');
  const done = useDone();
  const give = useMutation({
    mutationFn: () => sendBack(note.id, reason.trim()),
    onSuccess: async () => {
      await done();
      onClose();
    },
  });
  const ready = reason.trim().length >= 3;
  return (
    <Dialog onClose={onClose} title={t('cosign.back.title', { title: note.title })}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) give.mutate();
        }}
      >
        <Stamp />
        <TextInput label={t('cosign.back.reason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} required autoComplete="off" data-autofocus />
        {give.isError && <Failure error={give.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={give.isPending}>{t('cosign.back')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
