/** A prescription in one line of shorthand or field by field; it goes into the basket as a draft. */

import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { Coding, Resource } from '../../fhir/types';
import { now } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { decimal } from '../../lib/json';
import { useAuthor } from '../../fhir/session';
import { useChartPatient } from '../chart/ChartLayout';
import type { VisitChoice } from '../chart/visit';
import { CodeField } from './CodeField';
import { ROUTES, RXNORM, prescription } from './order';
import { DOSE_UNITS, type Rhythm, understand } from './shorthand';

const RHYTHMS: readonly Rhythm[] = [
  { frequency: 1, period: 1, unit: 'd' },
  { frequency: 2, period: 1, unit: 'd' },
  { frequency: 3, period: 1, unit: 'd' },
  { frequency: 4, period: 1, unit: 'd' },
  { frequency: 1, period: 4, unit: 'h' },
  { frequency: 1, period: 6, unit: 'h' },
  { frequency: 1, period: 8, unit: 'h' },
  { frequency: 1, period: 12, unit: 'h' },
  { frequency: 1, period: 1, unit: 'wk' },
];

const keyOf = ({ frequency, period, unit }: Rhythm) => `${frequency}/${period}/${unit}`;

interface Fields {
  dose: string;
  unit: string;
  route: string;
  rhythm: string;
  days: string;
  asNeeded: boolean;
  reason: string;
}

/** What the fields hold when nothing was typed: no dose, no rhythm, no way is assumed. */
const BLANK: Fields = { dose: '', unit: '', route: '', rhythm: '', days: '', asNeeded: false, reason: '' };

function fieldsOf(text: string): Partial<Fields> {
  const { dose, unit, rhythm, days, asNeeded } = understand(text);
  const known = rhythm && RHYTHMS.find((one) => keyOf(one) === keyOf(rhythm));
  return { dose: dose?.text ?? '', unit: unit ?? '', rhythm: known ? keyOf(known) : '', days: days === undefined ? '' : String(days), asNeeded };
}

interface FormProps {
  visit: VisitChoice;
  reasons: { reference: string; display: string }[];
  saving: boolean;
  /** False when it was refused: what was typed then stays. */
  onAdd: (draft: Resource) => Promise<boolean>;
}

export function PrescriptionForm({ visit, reasons, saving, onAdd }: FormProps) {
  const { t } = useI18n();
  const patient = useChartPatient();
  const author = useAuthor();
  const [text, setText] = useState('');
  const [coding, setCoding] = useState<Coding>();
  const [edited, setEdited] = useState<Partial<Fields>>({});
  const fields: Fields = { ...BLANK, ...(coding ? {} : fieldsOf(text)), ...edited };
  const set = (part: Partial<Fields>) => setEdited({ ...edited, ...part });
  const name = coding ? text : understand(text).name;
  const dose = decimal(fields.dose);
  const days = decimal(fields.days);
  const wrong = { dose: fields.dose !== '' && !dose, days: fields.days !== '' && !/^[1-9]\d*$/.test(fields.days) };
  const ready = name.trim().length >= 2 && !wrong.dose && !wrong.days && !(dose && !fields.unit);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!ready || saving) return;
    const rhythm = RHYTHMS.find((one) => keyOf(one) === fields.rhythm);
    const reason = reasons.find((one) => one.reference === fields.reason);
    const typed = { coding, name: name.trim(), dose, unit: fields.unit, route: fields.route, rhythm, days, asNeeded: fields.asNeeded, reason };
    const added = await onAdd(prescription(typed, { patient, at: now(), author, encounter: visit.reference }, fields.route ? t(`route.${fields.route}` as Key) : ''));
    if (!added) return;
    setText('');
    setCoding(undefined);
    setEdited({});
  };
  const rhythmText = ({ frequency, period, unit }: Rhythm) => (period === 1 ? t(`often.${unit}` as Key, { times: frequency }) : t(`every.${unit}` as Key, { each: period }));
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <CodeField
        label={t('orders.medicine')}
        placeholder={t('orders.shorthand')}
        system={RXNORM}
        text={text}
        wanted={name}
        onText={(typed) => {
          // What was understood before a code was chosen stands until somebody changes it.
          setCoding(undefined);
          setText(typed);
        }}
        onPick={(picked) => {
          set({ ...fieldsOf(text), ...edited });
          setCoding(picked);
          setText(picked.display ?? picked.code ?? '');
        }}
      />
      <div className="fields order-fields">
        <TextInput label={t('orders.dose')} value={fields.dose} inputMode="decimal" autoComplete="off" onChange={(event) => set({ dose: event.currentTarget.value })} error={wrong.dose ? t('vitals.notANumber') : undefined} />
        <NativeSelect label={t('orders.unit')} value={fields.unit} onChange={(event) => set({ unit: event.currentTarget.value })} error={dose && !fields.unit ? t('orders.unitNeeded') : undefined} data={['', ...DOSE_UNITS]} />
        <NativeSelect label={t('orders.route')} value={fields.route} onChange={(event) => set({ route: event.currentTarget.value })} data={[{ value: '', label: '' }, ...Object.keys(ROUTES).map((value) => ({ value, label: t(`route.${value}` as Key) }))]} />
        <NativeSelect label={t('orders.rhythm')} value={fields.rhythm} onChange={(event) => set({ rhythm: event.currentTarget.value })} data={[{ value: '', label: '' }, ...RHYTHMS.map((one) => ({ value: keyOf(one), label: rhythmText(one) }))]} />
        <TextInput label={t('orders.days')} value={fields.days} inputMode="numeric" autoComplete="off" onChange={(event) => set({ days: event.currentTarget.value })} error={wrong.days ? t('orders.daysWrong') : undefined} />
        <NativeSelect label={t('orders.reason')} value={fields.reason} onChange={(event) => set({ reason: event.currentTarget.value })} data={[{ value: '', label: '' }, ...reasons.map(({ reference, display }) => ({ value: reference, label: display }))]} />
      </div>
      <Checkbox label={t('orders.asNeeded')} checked={fields.asNeeded} onChange={(event) => set({ asNeeded: event.currentTarget.checked })} />
      <div className="form-actions">
        <Button type="submit" size="sm" disabled={!ready} loading={saving}>{t('orders.add')}</Button>
      </div>
    </form>
  );
}
