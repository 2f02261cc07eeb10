/** Settings and looks of the organisation. */

import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { type ChangeEvent, type FormEvent, useId, useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useI18n } from '../../lib/i18n';
import { Decimal } from '../../lib/json';
import { Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { base64 } from '../documents/file';
import { CosignPanel } from './CosignPanel';
import { LimitsPanel } from './LimitsPanel';
import { OnlinePanel } from './OnlinePanel';
import { type Branding, LEGIBLE, SECOND_FACTORS, type Settings, contrast, useAct, useDocument } from './api';

export function OrganisationPage() {
  const { t } = useI18n();
  const settings = useDocument('/admin/settings');
  const branding = useDocument('/admin/branding');
  // Kept here: a saved form begins anew over what is stored now, and what it says of saving must stay.
  const saveSettings = useAct();
  const saveBranding = useAct();
  return (
    <div className="stack">
      <Panel title={t('admin.settings')}><Loaded query={settings} rows={6}>{(stored) => <SettingsForm key={JSON.stringify(stored)} stored={stored} save={saveSettings} />}</Loaded></Panel>
      <Panel title={t('admin.branding')}><Loaded query={branding} rows={4}>{(stored) => <BrandingForm key={JSON.stringify(stored)} stored={stored} save={saveBranding} />}</Loaded></Panel>
      <OnlinePanel />
      <LimitsPanel />
      <CosignPanel />
    </div>
  );
}

const whole = (text: string, [low, high]: [number, number]) => /^\d+$/.test(text) && Number(text) >= low && Number(text) <= high;

/** What the server accepts. */
const BOUNDS = { sessionIdleMinutes: [5, 15], sessionHours: [1, 12], ageOfMajority: [14, 21] } satisfies Record<string, [number, number]>;
type Count = keyof typeof BOUNDS;
const COUNTS = Object.keys(BOUNDS) as Count[];

type Save = ReturnType<typeof useAct>;

function SettingsForm({ stored, save }: { stored: Settings; save: Save }) {
  const { t } = useI18n();
  const [typed, setTyped] = useState({ ...stored, sessionIdleMinutes: stored.sessionIdleMinutes.text, sessionHours: stored.sessionHours.text, ageOfMajority: stored.ageOfMajority.text });
  const set = (part: Partial<typeof typed>) => setTyped({ ...typed, ...part });
  const wrong = COUNTS.filter((field) => !whole(typed[field], BOUNDS[field]));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wrong.length > 0 || typed.secondFactors.length === 0) return;
    const counts = Object.fromEntries(COUNTS.map((field) => [field, new Decimal(typed[field])]));
    save.mutate({ method: 'PUT', path: '/admin/settings', body: { ...typed, ...counts } });
  };
  const zones = [...new Set([typed.timeZone, ...Intl.supportedValuesOf('timeZone')])];
  return (
    <form className="stack" onSubmit={submit}>
      <div className="fields order-fields">
        <NativeSelect label={t('admin.timeZone')} value={typed.timeZone} onChange={(event) => set({ timeZone: event.currentTarget.value })} data={zones} />
        <TextInput label={t('admin.locale')} value={typed.locale} onChange={(event) => set({ locale: event.currentTarget.value })} autoComplete="off" spellCheck={false} />
        <NativeSelect label={t('admin.mfa')} value={typed.mfa} onChange={(event) => set({ mfa: event.currentTarget.value as Settings['mfa'] })} data={[{ value: 'staff', label: t('admin.mfa.staff') }, { value: 'everybody', label: t('admin.mfa.everybody') }]} />
        {COUNTS.map((field) => (
          <TextInput key={field} label={t(`admin.${field}`)} inputMode="numeric" value={typed[field]} onChange={(event) => set({ [field]: event.currentTarget.value })} error={wrong.includes(field) ? t('admin.between', { low: BOUNDS[field][0], high: BOUNDS[field][1] }) : undefined} autoComplete="off" />
        ))}
      </div>
      <fieldset className="stack">
        <legend>{t('admin.secondFactors')}</legend>
        {SECOND_FACTORS.map((one) => (
          <Checkbox key={one} label={t(`admin.secondFactors.${one}`)} checked={typed.secondFactors.includes(one)} onChange={() => set({ secondFactors: SECOND_FACTORS.filter((other) => typed.secondFactors.includes(other) !== (other === one)) })} />
        ))}
        {typed.secondFactors.length === 0 && <p className="critical" role="alert">{t('admin.secondFactors.none')}</p>}
      </fieldset>
      <Checkbox label={t('admin.careTeam')} checked={typed.careTeamRestriction} onChange={(event) => set({ careTeamRestriction: event.currentTarget.checked })} />
      <Checkbox label={t('admin.careCoordination')} checked={typed.careCoordination} onChange={(event) => set({ careCoordination: event.currentTarget.checked })} />
      <Checkbox label={t('admin.preauthorization')} checked={typed.preauthorization} onChange={(event) => set({ preauthorization: event.currentTarget.checked })} />
      {save.isError && <Failure error={save.error} />}
      <Saved done={save.isSuccess} />
      <div className="form-actions"><Button type="submit" size="sm" disabled={wrong.length > 0 || typed.secondFactors.length === 0} loading={save.isPending}>{t('save')}</Button></div>
    </form>
  );
}

function Saved({ done }: { done: boolean }) {
  const { t } = useI18n();
  return <div role="status">{done && <Notice tone="info" icon="check" title={t('admin.saved')} />}</div>;
}

const LARGEST_LOGO = 200 * 1024;

function BrandingForm({ stored, save }: { stored: Branding; save: Save }) {
  const { t } = useI18n();
  const id = useId();
  const [typed, setTyped] = useState(stored);
  const set = (part: Partial<Branding>) => setTyped({ ...typed, ...part });
  const [tooLarge, setTooLarge] = useState(false);
  const faint = (['primary', 'accent'] as const).filter((field) => contrast(typed[field]) < LEGIBLE);
  const choose = async (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.currentTarget.files?.[0];
    if (!file) return;
    const wrong = file.size > LARGEST_LOGO || !['image/png', 'image/jpeg'].includes(file.type);
    setTooLarge(wrong);
    if (!wrong) set({ logo: `data:${file.type};base64,${base64(new Uint8Array(await file.arrayBuffer()))}` });
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (faint.length === 0 && typed.name.trim()) save.mutate({ method: 'PUT', path: '/admin/branding', body: { ...typed, name: typed.name.trim() } });
      }}
    >
      <div className="fields order-fields">
        <TextInput label={t('admin.orgName')} value={typed.name} onChange={(event) => set({ name: event.currentTarget.value })} autoComplete="off" />
        {(['primary', 'accent'] as const).map((field) => (
          <TextInput key={field} type="color" label={t(`admin.${field}`)} value={typed[field]} onChange={(event) => set({ [field]: event.currentTarget.value })} error={faint.includes(field) ? t('admin.faint') : undefined} />
        ))}
      </div>
      <div className="file-field">
        <label htmlFor={id}>{t('admin.logo')}</label>
        <input id={id} type="file" accept="image/png,image/jpeg" onChange={(event) => void choose(event)} aria-describedby={`${id}-help`} />
        <p id={`${id}-help`} className={tooLarge ? 'critical' : 'quiet'}>{t('admin.logo.help')}</p>
        {typed.logo && <p className="state"><img src={typed.logo} alt={t('admin.logo')} height="40" /> <Button variant="default" onClick={() => set({ logo: null })}>{t('orders.remove')}<span className="visually-hidden"> {t('admin.logo')}</span></Button></p>}
      </div>
      {save.isError && <Failure error={save.error} />}
      <Saved done={save.isSuccess} />
      <div className="form-actions"><Button type="submit" size="sm" disabled={faint.length > 0 || !typed.name.trim()} loading={save.isPending}>{t('save')}<span className="visually-hidden"> {t('admin.branding')}</span></Button></div>
    </form>
  );
}
