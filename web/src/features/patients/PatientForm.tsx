/** The fields of a person, for registering and for correcting. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { type Key, useI18n } from '../../lib/i18n';
import type { Values } from '../../lib/merge';
import { useShortcuts } from '../../lib/keys';
import { type Field, LANGUAGES, validate } from './form';

interface PatientFormProps {
  values: Values;
  onChange: (values: Values) => void;
  onSave: () => void;
  saving: boolean;
  saveLabel: string;
  /** Why saving is not open yet. */
  blocked?: boolean;
  /** Beside the fields: duplicates. */
  aside?: ReactNode;
  /** Below the fields: parts that are open to whoever needs them. */
  more?: ReactNode;
  /** The name of a field below that cannot be sent as it is, so far as anybody has tried. */
  check?: (tried: boolean) => string | undefined;
  /** Below the fields: a failure, the state of the draft. */
  foot?: ReactNode;
  onCancel: () => void;
}

const LABELS: Record<Field, Key> = {
  family: 'form.family',
  given: 'form.given',
  birthDate: 'form.birthDate',
  gender: 'form.sex',
  identifier: 'form.mrn',
  phone: 'form.phone',
  email: 'form.email',
  line: 'form.line',
  city: 'form.city',
  state: 'form.state',
  postalCode: 'form.postalCode',
  country: 'form.country',
  language: 'form.language',
  interpreter: 'form.interpreter',
  contactName: 'form.contactName',
  contactPhone: 'form.contactPhone',
  contactRelation: 'form.contactRelation',
};

export function fieldLabel(field: string): Key {
  return LABELS[field as Field];
}

const WIDE = new Set<Field>(['line']);

export function PatientForm(props: PatientFormProps) {
  const { values, onChange, onSave, saving, blocked } = props;
  const { t } = useI18n();
  const [tried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const wrong = tried ? validate(values) : {};
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    setTried(true);
    const first = Object.keys(validate(values))[0] ?? props.check?.(true);
    if (first) {
      const field = form.current?.querySelector<HTMLElement>(`[name="${first}"]`);
      field?.closest('details')?.setAttribute('open', '');
      field?.focus();
    }
    else if (!blocked && !saving) onSave();
  };
  useShortcuts({ 'mod+Enter': submit, 'mod+s': submit });
  const field = (name: Field) => ({
    name,
    label: t(LABELS[name]),
    value: values[name] ?? '',
    error: wrong[name] && t(wrong[name]),
    onChange: (event: { currentTarget: { value: string } }) => onChange({ ...values, [name]: event.currentTarget.value }),
  });
  const text = (name: Field, extra: { type?: string; description?: string } = {}) => (
    <TextInput key={name} {...field(name)} {...extra} autoComplete="off" className={WIDE.has(name) ? 'wide' : undefined} />
  );
  return (
    <form ref={form} className="form-layout" onSubmit={submit} noValidate>
      <div className="form-main">
        <fieldset className="fields">
          <legend>{t('form.identity')}</legend>
          {text('family')}
          {text('given')}
          {text('birthDate', { type: 'date' })}
          <NativeSelect
            {...field('gender')}
            data={[
              { value: '', label: t('notKnown') },
              { value: 'female', label: t('sex.female') },
              { value: 'male', label: t('sex.male') },
              { value: 'other', label: t('sex.other') },
            ]}
          />
          {text('identifier', { description: t('form.mrn.help') })}
          <LanguageSelect {...field('language')} />
          <NativeSelect
            {...field('interpreter')}
            data={[
              { value: '', label: t('notKnown') },
              { value: 'yes', label: t('form.interpreter.yes') },
              { value: 'no', label: t('form.interpreter.no') },
            ]}
          />
        </fieldset>
        <fieldset className="fields">
          <legend>{t('form.contact')}</legend>
          {text('phone', { type: 'tel' })}
          {text('email', { type: 'email' })}
          {(['line', 'city', 'state', 'postalCode', 'country'] as const).map((name) => text(name))}
        </fieldset>
        <fieldset className="fields">
          <legend>{t('form.emergency')}</legend>
          {text('contactName')}
          {text('contactPhone', { type: 'tel' })}
          {text('contactRelation')}
        </fieldset>
        {props.more}
        {props.foot}
        <div className="form-actions">
          <Button type="submit" size="sm" loading={saving} disabled={blocked}>
            {props.saveLabel}
          </Button>
          <Button type="button" size="sm" variant="default" onClick={props.onCancel}>
            {t('cancel')}
          </Button>
        </div>
      </div>
      {props.aside}
    </form>
  );
}

function LanguageSelect(props: { name: string; label: string; value: string; onChange: (event: { currentTarget: { value: string } }) => void }) {
  const { t, locale } = useI18n();
  const names = new Intl.DisplayNames([locale], { type: 'language', fallback: 'code' });
  const known = props.value && !LANGUAGES.includes(props.value) ? [...LANGUAGES, props.value] : LANGUAGES;
  const data = known.map((value) => ({ value, label: nameOf(names, value) }));
  return <NativeSelect {...props} data={[{ value: '', label: t('notKnown') }, ...data]} />;
}

/** A stored tag may be none that the browser understands. */
function nameOf(names: Intl.DisplayNames, tag: string): string {
  try {
    return names.of(tag) ?? tag;
  } catch {
    return tag;
  }
}
