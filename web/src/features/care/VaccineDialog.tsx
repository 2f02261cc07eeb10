/** An immunisation: given, or not given with the reason. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { create } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { useChartChanged } from '../../fhir/queries';
import { useAuthor } from '../../fhir/session';
import type { Coding } from '../../fhir/types';
import { today } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { useChartPatient } from '../chart/ChartLayout';
import { Stamp } from '../chart/Stamp';
import { CodeField } from '../orders/CodeField';
import { CVX, immunisation } from './immunisation';

export function VaccineDialog({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const id = useChartPatient();
  const author = useAuthor();
  const changed = useChartChanged(id);
  const [text, setText] = useState('');
  const [coding, setCoding] = useState<Coding>();
  const [typed, setTyped] = useState({ status: 'completed', date: today(), lot: '', expires: '', reason: '' });
  const set = (part: Partial<typeof typed>) => setTyped({ ...typed, ...part });
  const given = typed.status === 'completed';
  const save = useMutation({
    mutationFn: () => create(immunisation({ ...typed, coding, name: text.trim() }, id, author)),
    onSuccess: async () => {
      await changed('Immunization');
      onClose();
    },
  });
  const wrong = typed.date === '' || typed.date > today();
  // A lot that had expired when it was given is an error of the vial or of the typing; both must be looked at.
  const expired = given && typed.expires !== '' && typed.expires < typed.date;
  const ready = text.trim().length >= 2 && !wrong && !expired && (given || typed.reason.trim() !== '');
  return (
    <Dialog onClose={onClose} title={t('immunisations.add')} size="lg">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) save.mutate();
        }}
      >
        <Stamp />
        <CodeField
          label={t('immunisations.vaccine')}
          placeholder={t('immunisations.hint')}
          system={CVX}
          text={text}
          onText={(words) => {
            setCoding(undefined);
            setText(words);
          }}
          onPick={(picked) => {
            setCoding(picked);
            setText(picked.display ?? picked.code ?? '');
          }}
          focused
        />
        <NativeSelect label={t('immunisations.status')} value={typed.status} onChange={(event) => set({ status: event.currentTarget.value })} data={[{ value: 'completed', label: t('immunisation.completed') }, { value: 'not-done', label: t('immunisation.not-done') }]} />
        <TextInput type="date" label={t('immunisations.day')} value={typed.date} max={today()} onChange={(event) => set({ date: event.currentTarget.value })} error={wrong ? t('form.dateWrong') : undefined} />
        {given ? (
          <>
            <TextInput label={t('immunisations.lot')} description={t('optional')} value={typed.lot} onChange={(event) => set({ lot: event.currentTarget.value })} autoComplete="off" />
            <TextInput type="date" label={t('immunisations.expires')} description={t('optional')} value={typed.expires} onChange={(event) => set({ expires: event.currentTarget.value })} error={expired ? t('immunisations.expired') : undefined} />
          </>
        ) : (
          <TextInput label={t('immunisations.reason')} value={typed.reason} onChange={(event) => set({ reason: event.currentTarget.value })} required autoComplete="off" />
        )}
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={save.isPending}>{t('immunisations.do')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
