/** How one wants to be told: by which ways, of what, when not, and in which language. */

import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useTitle } from '../../lib/hooks';
import { LOCALES, type Locale, useI18n } from '../../lib/i18n';
import { Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { CATEGORIES, CHANNELS, type Preferences, useDecide, usePreferences, wants, wish } from './api';

export function PreferencesPage() {
  const { t } = useI18n();
  useTitle(t('notices.preferences'));
  const query = usePreferences();
  // Kept here: a saved form begins anew over what is stored now, and what it says of saving must stay.
  const save = useDecide(query.data?.etag);
  return (
    <div className="page">
      <h1>{t('notices.preferences')}</h1>
      <p className="quiet">{t('notices.preferences.help')}</p>
      <Loaded query={query} rows={8}>{({ body, etag }) => <Form key={etag} stored={body} save={save} />}</Loaded>
    </div>
  );
}

const QUIET = { from: '21:00', to: '08:00' };

function Form({ stored, save }: { stored: Preferences; save: ReturnType<typeof useDecide> }) {
  const { t } = useI18n();
  const [typed, setTyped] = useState(stored);
  const set = (part: Partial<Preferences>) => setTyped({ ...typed, ...part });
  const quiet = typed.quietHours;
  const zones = ['', ...new Set([...(typed.timeZone ? [typed.timeZone] : []), ...Intl.supportedValuesOf('timeZone')])];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(typed);
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Panel title={t('notices.ways')}>
        <div className="stack">
          {CHANNELS.map((channel) => (
            <Checkbox key={channel} label={t(`notices.${channel}`)} description={t(`notices.${channel}.help`)} checked={typed[channel]} onChange={(event) => set({ [channel]: event.currentTarget.checked })} />
          ))}
        </div>
      </Panel>
      <Panel title={t('notices.about')}>
        <div className="table-scroll">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{t('notices.category')}</th>
                {CHANNELS.map((channel) => <th key={channel} scope="col">{t(`notices.${channel}`)}</th>)}
              </tr>
            </thead>
            <tbody>
              {CATEGORIES.map((category) => (
                <tr key={category}>
                  <th scope="row">{t(`notices.category.${category}`)}</th>
                  {CHANNELS.map((channel) => (
                    <td key={channel}>
                      <Checkbox aria-label={`${t(`notices.category.${category}`)}: ${t(`notices.${channel}`)}`} disabled={!typed[channel]} checked={wants(typed, category, channel)} onChange={(event) => setTyped(wish(typed, category, channel, event.currentTarget.checked))} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <p className="quiet">{t('notices.urgent')}</p>
      </Panel>
      <Panel title={t('notices.when')}>
        <div className="stack">
          <Checkbox label={t('notices.quiet')} checked={quiet !== null} onChange={(event) => set({ quietHours: event.currentTarget.checked ? QUIET : null })} />
          {quiet && (
            <div className="fields order-fields">
              <TextInput type="time" required label={t('notices.from')} value={quiet.from} onChange={(event) => set({ quietHours: { ...quiet, from: event.currentTarget.value } })} />
              <TextInput type="time" required label={t('notices.to')} value={quiet.to} onChange={(event) => set({ quietHours: { ...quiet, to: event.currentTarget.value } })} />
            </div>
          )}
          <Checkbox label={t('notices.digest')} checked={typed.digest === 'daily'} onChange={(event) => set({ digest: event.currentTarget.checked ? 'daily' : 'off' })} />
          <div className="fields order-fields">
            <NativeSelect label={t('notices.zone')} value={typed.timeZone ?? ''} onChange={(event) => set({ timeZone: event.currentTarget.value || undefined })} data={zones.map((value) => ({ value, label: value || t('notices.ofOrganisation') }))} />
            <NativeSelect label={t('shell.language')} value={typed.language ?? ''} onChange={(event) => set({ language: (event.currentTarget.value as Locale | '') || undefined })} data={[{ value: '', label: t('notices.ofRecord') }, ...Object.entries(LOCALES).map(([value, label]) => ({ value, label }))]} />
          </div>
        </div>
      </Panel>
      {save.isError && <Failure error={save.error} />}
      <div role="status">{save.isSuccess && <Notice tone="info" icon="check" title={t('admin.saved')} />}</div>
      <div className="form-actions"><Button type="submit" size="sm" loading={save.isPending}>{t('save')}</Button></div>
    </form>
  );
}
