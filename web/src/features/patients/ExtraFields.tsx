/** The optional parts of a registration, closed until somebody opens them. */

import { NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useId } from 'react';
import { search } from '../../fhir/client';
import type { Reference } from '../../fhir/types';
import { useI18n } from '../../lib/i18n';
import type { Values } from '../../lib/merge';
import { CONSENTS, COVERAGE, type ExtraField, GUARDIAN, GUARDIANS, SUBSCRIBERS, type validateExtras } from './extras';

export interface PartProps {
  values: Values;
  wrong: ReturnType<typeof validateExtras>;
  onChange: (change: Values) => void;
}

/** A part that can be opened; one that holds something, or is wrong, is open. */
export function Part({ title, aside, open, children }: { title: string; aside?: string; open: boolean; children: ReactNode }) {
  return (
    <details className="form-part" open={open || undefined}>
      <summary><span>{title}</span>{aside && <span className="chip chip-warning">{aside}</span>}</summary>
      {children}
    </details>
  );
}

export const begun = (values: Values, fields: readonly string[]) => fields.some((field) => values[field]?.trim());

function useField({ values, wrong, onChange }: PartProps) {
  const { t } = useI18n();
  return (name: ExtraField) => {
    const why = wrong[name];
    return {
      name,
      label: t(`extra.${name}`),
      value: values[name] ?? '',
      error: why && t(why),
      onChange: (event: { currentTarget: { value: string } }) => onChange({ [name]: event.currentTarget.value }),
      autoComplete: 'off',
    };
  };
}

/** Organisations of the directory that may pay; somebody who is not among them is known by name. */
export function usePayers() {
  return useQuery({ queryKey: ['payers'], queryFn: async ({ signal }) => (await search('Organization', { type: 'ins,pay', _count: 200 }, signal)).matches, staleTime: 300_000 });
}

/** The stored organisation of this name. */
export function payorOf(name: string | undefined, known: readonly { id: string; name?: string }[]): Reference | undefined {
  const wanted = name?.trim().toLocaleLowerCase();
  const found = known.find((one) => wanted && one.name?.toLocaleLowerCase() === wanted);
  return found && { reference: `Organization/${found.id}`, display: found.name };
}

export function CoverageFields(props: PartProps) {
  const { t } = useI18n();
  const field = useField(props);
  const list = useId();
  const payers = usePayers().data ?? [];
  return (
    <div className="fields">
      <TextInput {...field('payer')} list={list} />
      <datalist id={list}>{payers.map(({ id, name }) => <option key={id} value={name}>{name}</option>)}</datalist>
      <TextInput {...field('memberId')} />
      <TextInput {...field('planName')} />
      <TextInput {...field('planId')} />
      <TextInput {...field('coverFrom')} type="date" />
      <TextInput {...field('coverUntil')} type="date" />
      <NativeSelect {...field('subscriber')} data={SUBSCRIBERS.map((value) => ({ value: value === 'self' ? '' : value, label: t(`extra.subscriber.${value}`) }))} />
    </div>
  );
}

export function GuardianFields(props: PartProps) {
  const { t } = useI18n();
  const field = useField(props);
  return (
    <div className="fields">
      <TextInput {...field('guardianName')} />
      <NativeSelect {...field('guardianRole')} data={GUARDIANS.map((value) => ({ value: value === 'GUARD' ? '' : value, label: t(`extra.guardian.${value}`) }))} />
      <TextInput {...field('guardianPhone')} type="tel" />
      <TextInput {...field('guardianEmail')} type="email" />
    </div>
  );
}

export function ConsentFields(props: PartProps) {
  const { t } = useI18n();
  const field = useField(props);
  const choices = [
    { value: '', label: t('extra.consent.notAsked') },
    { value: 'permit', label: t('extra.consent.permit') },
    { value: 'deny', label: t('extra.consent.deny') },
  ];
  return <div className="fields">{CONSENTS.map((scope) => <NativeSelect key={scope} {...field(`consent.${scope}`)} data={choices} />)}</div>;
}

interface ExtrasProps extends PartProps {
  may: { coverage: boolean; guardian: boolean; consents: boolean };
  /** Whether the person is under age. */
  minor: boolean;
}

export function ExtraFields({ may, minor, ...part }: ExtrasProps) {
  const { t } = useI18n();
  const { values, wrong } = part;
  const open = (fields: readonly string[]) => begun(values, fields) || fields.some((name) => name in wrong);
  const missing = minor && !values.guardianName?.trim();
  return (
    <>
      {may.coverage && <Part title={t('extra.coverage')} open={open(COVERAGE)}><CoverageFields {...part} /></Part>}
      {may.guardian && <Part title={t('extra.guardian')} aside={missing ? t('extra.guardian.minor') : undefined} open={minor || open(GUARDIAN)}><GuardianFields {...part} /></Part>}
      {may.consents && <Part title={t('extra.consents')} open={open(CONSENTS.map((scope) => `consent.${scope}`))}><ConsentFields {...part} /></Part>}
    </>
  );
}
