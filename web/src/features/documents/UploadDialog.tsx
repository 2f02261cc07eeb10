/** Filing a document: the file is looked at before it travels, and is stored once even when the second step is repeated. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ChangeEvent, useId, useRef, useState } from 'react';
import { create } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { useChartChanged } from '../../fhir/queries';
import { useAuthor } from '../../fhir/session';
import { now, today } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { useChartPatient } from '../chart/ChartLayout';
import { Stamp } from '../chart/Stamp';
import { KINDS, LARGEST, type Refusal, TYPES, binary, documentReference, refusal } from './file';

interface Chosen {
  name: string;
  type: string;
  content: Uint8Array;
}

export function UploadDialog({ onClose, onFiled }: { onClose: () => void; onFiled: (id: string) => void }) {
  const { t } = useI18n();
  const id = useChartPatient();
  const author = useAuthor();
  const changed = useChartChanged(id);
  const input = useId();
  const [file, setFile] = useState<Chosen>();
  const [refused, setRefused] = useState<Refusal>();
  const [fields, setFields] = useState({ title: '', type: '', date: '' });
  // What was typed while a file was being read stays.
  const set = (part: Partial<typeof fields>) => setFields((before) => ({ ...before, ...part }));
  // The content that is stored already: filing it again after a failure must not store it twice.
  const stored = useRef<{ file: Chosen; id: string }>(undefined);
  const choose = async (event: ChangeEvent<HTMLInputElement>) => {
    const chosen = event.currentTarget.files?.[0];
    if (!chosen) return;
    const head = new Uint8Array(await chosen.slice(0, 8).arrayBuffer());
    const no = refusal(chosen.type, chosen.size, head);
    setRefused(no);
    setFile(no ? undefined : { name: chosen.name, type: chosen.type, content: new Uint8Array(await chosen.arrayBuffer()) });
    const title = chosen.name.replace(/\.[^.]+$/, '');
    if (!no) setFields((before) => ({ ...before, title: before.title || title }));
  };
  const save = useMutation({
    mutationFn: async (chosen: Chosen) => {
      if (stored.current?.file !== chosen) stored.current = { file: chosen, id: (await create(binary(id, chosen.type, chosen.content))).body.id };
      return create(documentReference({ ...fields, patient: id, at: now(), author, contentType: chosen.type, size: chosen.content.length, binary: stored.current.id }));
    },
    onSuccess: async (answer) => {
      await changed('DocumentReference');
      onFiled(answer.body.id);
      onClose();
    },
  });
  const ready = file !== undefined && fields.title.trim() !== '' && fields.type !== '' && fields.date <= today();
  return (
    <Dialog onClose={onClose} title={t('documents.add')}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) save.mutate(file);
        }}
      >
        <Stamp />
        <div className="file-field">
          <label htmlFor={input}>{t('documents.file')}</label>
          <input id={input} type="file" accept={KINDS.join(',')} onChange={(event) => void choose(event)} aria-describedby={`${input}-help`} aria-invalid={refused !== undefined} />
          <p id={`${input}-help`} className={refused ? 'field-error' : 'quiet'} role={refused ? 'alert' : undefined}>
            {t(refused ? (`documents.refused.${refused}` as Key) : 'documents.file.help', { mega: LARGEST / 1024 / 1024 })}
          </p>
        </div>
        <TextInput label={t('note.title')} value={fields.title} onChange={(event) => set({ title: event.currentTarget.value })} autoComplete="off" required />
        <NativeSelect label={t('documents.type')} value={fields.type} onChange={(event) => set({ type: event.currentTarget.value })} required data={[{ value: '', label: '' }, ...TYPES.map(({ code }) => ({ value: code, label: t(`documentType.${code}` as Key) }))]} />
        <TextInput type="date" label={t('documents.date')} description={t('optional')} max={today()} value={fields.date} onChange={(event) => set({ date: event.currentTarget.value })} error={fields.date > today() ? t('form.dateWrong') : undefined} />
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={save.isPending}>{t('documents.do')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
