/** A laboratory test for the basket: a LOINC order code by its words, or words alone. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { LOINC } from '../../fhir/display';
import { useAuthor } from '../../fhir/session';
import type { Coding, Resource } from '../../fhir/types';
import { now } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { useChartPatient } from '../chart/ChartLayout';
import type { VisitChoice } from '../chart/visit';
import { CodeField } from './CodeField';
import { labRequest } from './order';

interface FormProps {
  visit: VisitChoice;
  reasons: { reference: string; display: string }[];
  saving: boolean;
  /** False when it was refused: what was typed then stays. */
  onAdd: (draft: Resource) => Promise<boolean>;
}

const BLANK = { priority: 'routine', note: '', reason: '' };

export function LabForm({ visit, reasons, saving, onAdd }: FormProps) {
  const { t } = useI18n();
  const patient = useChartPatient();
  const author = useAuthor();
  const [text, setText] = useState('');
  const [coding, setCoding] = useState<Coding>();
  const [fields, setFields] = useState(BLANK);
  const set = (part: Partial<typeof BLANK>) => setFields({ ...fields, ...part });
  const ready = text.trim().length >= 2;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!ready || saving) return;
    const reason = reasons.find((one) => one.reference === fields.reason);
    const added = await onAdd(labRequest({ coding, name: text.trim(), priority: fields.priority, note: fields.note, reason }, { patient, at: now(), author, encounter: visit.reference }));
    if (!added) return;
    setText('');
    setCoding(undefined);
    setFields(BLANK);
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <CodeField
        label={t('orders.test')}
        placeholder={t('orders.testHint')}
        system={LOINC}
        text={text}
        onText={(typed) => {
          setCoding(undefined);
          setText(typed);
        }}
        onPick={(picked) => {
          setCoding(picked);
          setText(picked.display ?? picked.code ?? '');
        }}
      />
      <div className="fields order-fields">
        <NativeSelect label={t('orders.priority')} value={fields.priority} onChange={(event) => set({ priority: event.currentTarget.value })} data={[{ value: 'routine', label: t('priority.routine') }, { value: 'urgent', label: t('priority.urgent') }, { value: 'stat', label: t('priority.stat') }]} />
        <NativeSelect label={t('orders.reason')} value={fields.reason} onChange={(event) => set({ reason: event.currentTarget.value })} data={[{ value: '', label: '' }, ...reasons.map(({ reference, display }) => ({ value: reference, label: display }))]} />
        <TextInput label={t('orders.note')} description={t('optional')} value={fields.note} onChange={(event) => set({ note: event.currentTarget.value })} autoComplete="off" />
      </div>
      <div className="form-actions">
        <Button type="submit" size="sm" disabled={!ready} loading={saving}>{t('orders.add')}</Button>
      </div>
    </form>
  );
}
