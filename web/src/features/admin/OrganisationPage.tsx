/** Settings and looks of the organisation. */

import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { type UseMutationResult, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ChangeEvent, type FormEvent, useId, useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { RequestError, send } from '../../fhir/http';
import { Loaded } from '../../fhir/Loaded';
import { useI18n } from '../../lib/i18n';
import { Decimal } from '../../lib/json';
import { Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { base64 } from '../documents/file';
import { CosignPanel } from './CosignPanel';
import { LimitsPanel } from './LimitsPanel';
import { OnlinePanel } from './OnlinePanel';
import { type Branding, LEGIBLE, SECOND_FACTORS, type Settings, contrast } from './api';

export function OrganisationPage() {
  const { t } = useI18n();
  const settings = useSeen<Settings>('/api/v1/admin/settings');
  const branding = useSeen<Branding>('/api/v1/admin/branding');
  return (
    <div className="stack">
      <Panel title={t('admin.settings')}><Loaded query={settings.query} rows={6}>{({ body, etag }) => <SettingsForm key={etag} stored={body} save={settings.save} stale={settings.stale} />}</Loaded></Panel>
      <Panel title={t('admin.branding')}><Loaded query={branding.query} rows={4}>{({ body, etag }) => <BrandingForm key={etag} stored={body} save={branding.save} stale={branding.stale} />}</Loaded></Panel>
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

interface Editing<T> {
  stored: T;
  save: UseMutationResult<unknown, Error, T>;
  /** Somebody else was faster: what replaces this form by what they have saved. */
  stale: (() => void) | undefined;
}

/** A document that is read once, and saved only over what was read; kept beside its form, which begins anew after it was saved. */
function useSeen<T>(path: string) {
  const client = useQueryClient();
  const queryKey = ['seen', path];
  // A read in the background must not move what was seen under what is typed.
  const query = useQuery({ queryKey, queryFn: ({ signal }) => send<T>(path, { signal }), staleTime: Number.POSITIVE_INFINITY, gcTime: 0, refetchOnWindowFocus: false, refetchOnReconnect: false });
  const save = useMutation({
    mutationFn: (body: T) => send<T>(path, { method: 'PUT', ifMatch: query.data?.etag, body }),
    onSuccess: async (answer) => {
      client.setQueryData(queryKey, answer);
      await client.invalidateQueries({ queryKey: ['api'] });
    },
  });
  const isStale = save.error instanceof RequestError && save.error.status === 412;
  const load = () => {
    save.reset();
    void query.refetch();
  };
  return { query, save, stale: isStale ? load : undefined };
}

/** What became of saving. */
function Outcome<T>({ save, stale }: Pick<Editing<T>, 'save' | 'stale'>) {
  const { t } = useI18n();
  return (
    <>
      {stale ? (
        <Notice tone="warning" icon="alert" title={t('admin.stale')}>
          <p>{t('admin.stale.help')}</p>
          <Button type="button" variant="default" onClick={stale}>{t('admin.stale.load')}</Button>
        </Notice>
      ) : (
        save.isError && <Failure error={save.error} />
      )}
      <div role="status">{save.isSuccess && <Notice tone="info" icon="check" title={t('admin.saved')} />}</div>
    </>
  );
}

function SettingsForm({ stored, save, stale }: Editing<Settings>) {
  const { t } = useI18n();
  const [typed, setTyped] = useState({ ...stored, sessionIdleMinutes: stored.sessionIdleMinutes.text, sessionHours: stored.sessionHours.text, ageOfMajority: stored.ageOfMajority.text });
  const set = (part: Partial<typeof typed>) => setTyped({ ...typed, ...part });
  const wrong = COUNTS.filter((field) => !whole(typed[field], BOUNDS[field]));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wrong.length > 0 || typed.secondFactors.length === 0) return;
    const counts = { sessionIdleMinutes: new Decimal(typed.sessionIdleMinutes), sessionHours: new Decimal(typed.sessionHours), ageOfMajority: new Decimal(typed.ageOfMajority) };
    save.mutate({ ...typed, ...counts });
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
      <Outcome save={save} stale={stale} />
      <div className="form-actions"><Button type="submit" size="sm" disabled={wrong.length > 0 || typed.secondFactors.length === 0} loading={save.isPending}>{t('save')}</Button></div>
    </form>
  );
}

const LARGEST_LOGO = 200 * 1024;

function BrandingForm({ stored, save, stale }: Editing<Branding>) {
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
        if (faint.length === 0 && typed.name.trim()) save.mutate({ ...typed, name: typed.name.trim() });
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
      <Outcome save={save} stale={stale} />
      <div className="form-actions"><Button type="submit" size="sm" disabled={faint.length > 0 || !typed.name.trim()} loading={save.isPending}>{t('save')}<span className="visually-hidden"> {t('admin.branding')}</span></Button></div>
    </form>
  );
}
