/** A task, for a patient or for nobody in particular, with an owner or for the pool. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { create } from '../../fhir/client';
import { patientName } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { useAuthor } from '../../fhir/session';
import type { Reference } from '../../fhir/types';
import { now, today } from '../../lib/dates';
import { useSettled } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Picker } from '../../ui/Picker';
import { useColleagues } from '../chart/signing';
import { useFound } from '../patients/find';
import { PatientLine } from '../patients/PatientFacts';
import { task } from './task';

interface TaskDialogProps {
  onClose: () => void;
  patient?: Reference;
  /** The record that it is about. */
  focus?: Reference;
  text?: string;
}

export function TaskDialog({ onClose, patient: known, focus, text = '' }: TaskDialogProps) {
  const { t } = useI18n();
  const author = useAuthor();
  const client = useQueryClient();
  const [typed, setTyped] = useState({ text, priority: 'routine', due: '', owner: author ? 'me' : '' });
  const colleagues = useColleagues();
  const set = (part: Partial<typeof typed>) => setTyped({ ...typed, ...part });
  const [patient, setPatient] = useState(known);
  const save = useMutation({
    mutationFn: () => create(task({ ...typed, patient, focus, owner: typed.owner === 'me' ? author : colleagueOf(colleagues.data, typed.owner) }, now(), author)),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['tasks'] });
      onClose();
    },
  });
  const ready = typed.text.trim().length >= 3 && (typed.due === '' || typed.due >= today());
  return (
    <Dialog onClose={onClose} title={t('tasks.add')}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) save.mutate();
        }}
      >
        <TextInput label={t('tasks.task')} value={typed.text} onChange={(event) => set({ text: event.currentTarget.value })} required autoComplete="off" data-autofocus />
        {known ? <p>{t('tasks.for', { patient: known.display ?? '' })}</p> : <PatientField chosen={patient} onChoose={setPatient} />}
        <NativeSelect label={t('orders.priority')} value={typed.priority} onChange={(event) => set({ priority: event.currentTarget.value })} data={(['routine', 'urgent', 'stat'] as const).map((value) => ({ value, label: t(`priority.${value}`) }))} />
        <TextInput type="date" label={t('tasks.due')} description={t('optional')} min={today()} value={typed.due} onChange={(event) => set({ due: event.currentTarget.value })} />
        <NativeSelect label={t('tasks.owner')} value={typed.owner} onChange={(event) => set({ owner: event.currentTarget.value })} data={[...(author ? [{ value: 'me', label: t('tasks.me') }] : []), { value: '', label: t('tasks.nobody') }, ...(colleagues.data ?? [])]} />
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={save.isPending}>{t('tasks.add')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The one of the colleagues whom a choice names; none for the pool. */
export function colleagueOf(all: { value: string; label: string }[] | undefined, reference: string): Reference | undefined {
  const found = all?.find(({ value }) => value === reference);
  return found && { reference: found.value, display: found.label };
}

/** A patient by a few letters; none is allowed. */
export function PatientField({ chosen, onChoose, focused }: { chosen: Reference | undefined; onChoose: (patient: Reference | undefined) => void; focused?: boolean }) {
  const { t } = useI18n();
  const [text, setText] = useState(chosen?.display ?? '');
  const asked = chosen ? '' : text;
  const found = useFound(useSettled(asked, 150));
  return (
    <Picker
      label={t('banner.label')}
      placeholder={t('palette.placeholder')}
      text={text}
      onText={(words) => {
        onChoose(undefined);
        setText(words);
      }}
      options={asked.trim().length >= 2 ? (found.data ?? []).slice(0, 8) : []}
      busy={found.isFetching}
      error={found.isError ? t('palette.failed') : undefined}
      empty={asked.trim().length >= 2 && found.isSuccess ? t('palette.none') : undefined}
      keyOf={(one) => one.patient.id}
      render={(one) => <PatientLine patient={one.patient} />}
      onPick={({ patient }) => {
        setText(patientName(patient));
        onChoose({ reference: `Patient/${patient.id}`, display: patientName(patient) });
      }}
      focused={focused}
    />
  );
}
