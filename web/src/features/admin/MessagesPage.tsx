/** What people are told: the organisation's own words, and what became of what left. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Empty, Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { WordsDialog } from './WordsDialog';
import { type DeliveryState, STATES, type Template, useDeliveries, useTemplates, useTrial } from './messages';

export function MessagesPage() {
  return (
    <div className="stack">
      <Words />
      <Deliveries />
    </div>
  );
}

function Words() {
  const { t } = useI18n();
  const query = useTemplates();
  const [changing, setChanging] = useState<Template>();
  return (
    <Panel title={t('words.title')}>
      {changing && <WordsDialog template={changing} onClose={() => setChanging(undefined)} />}
      <p className="quiet">{t('words.help')}</p>
      <Loaded query={query} rows={8}>
        {(list) => (
          <div className="table-scroll">
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">{t('words.intent')}</th>
                  <th scope="col">{t('words.language')}</th>
                  <th scope="col">{t('words.text.title')}</th>
                  <th scope="col">{t('words.whose')}</th>
                  <th scope="col">{t('words.change')}</th>
                </tr>
              </thead>
              <tbody>
                {list.map((one) => (
                  <tr key={`${one.intent}/${one.language}`}>
                    <th scope="row">{t(`words.intent.${one.intent}`)}</th>
                    <td>{t(one.language === 'es' ? 'words.es' : 'words.en')}</td>
                    <td lang={one.language}>{one.wording.title}</td>
                    <td>{one.shipped ? t('words.shipped') : <span className="chip">{t('words.own', { version: one.version.text })}</span>}</td>
                    <td><Button variant="default" onClick={() => setChanging(one)}>{t('words.change')}<span className="visually-hidden"> {t(`words.intent.${one.intent}`)}, {t(one.language === 'es' ? 'words.es' : 'words.en')}</span></Button></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

function Deliveries() {
  const { t, locale } = useI18n();
  const [state, setState] = useState<DeliveryState>();
  const query = useDeliveries(state);
  return (
    <Panel title={t('deliveries.title')}>
      <Trial />
      <NativeSelect
        label={t('deliveries.state')}
        value={state ?? ''}
        onChange={(event) => setState(STATES.find((one) => one === event.currentTarget.value))}
        data={[{ value: '', label: t('deliveries.every') }, ...STATES.map((one) => ({ value: one, label: t(`deliveries.state.${one}`) }))]}
      />
      <Loaded query={query} rows={5}>
        {({ pages }) => {
          const list = pages.flatMap((page) => page.items);
          if (list.length === 0) return <Empty>{t('deliveries.none')}</Empty>;
          return (
            <div className="table-scroll">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">{t('audit.when')}</th>
                    <th scope="col">{t('words.intent')}</th>
                    <th scope="col">{t('deliveries.to')}</th>
                    <th scope="col">{t('deliveries.state')}</th>
                  </tr>
                </thead>
                <tbody>
                  {list.map((one) => (
                    <tr key={one.id}>
                      <td className="nowrap">{formatDateTime(one.updatedAt, locale)}</td>
                      <th scope="row">{t(`words.intent.${one.intent}`)}</th>
                      <td>{t(`notices.${one.channel}`)} · {one.address ?? one.recipient}</td>
                      <td>{t(`deliveries.state.${one.state}`)} · {t('deliveries.attempts', { count: one.attempts.toNumber() })}{one.reason && <span className="quiet"> · {one.reason}</span>}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          );
        }}
      </Loaded>
      {query.hasNextPage && <div><Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('notices.older')}</Button></div>}
    </Panel>
  );
}

function Trial() {
  const { t, locale } = useI18n();
  const [channel, setChannel] = useState<'email' | 'sms'>('email');
  const [to, setTo] = useState('');
  const trial = useTrial();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (to.trim()) trial.mutate({ channel, to: to.trim(), language: locale.startsWith('es') ? 'es' : 'en' });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="fields order-fields">
        <NativeSelect label={t('deliveries.way')} value={channel} onChange={(event) => setChannel(event.currentTarget.value === 'sms' ? 'sms' : 'email')} data={[{ value: 'email', label: t('notices.email') }, { value: 'sms', label: t('notices.sms') }]} />
        <TextInput label={t('deliveries.address')} value={to} onChange={(event) => setTo(event.currentTarget.value)} autoComplete="off" spellCheck={false} />
      </div>
      {trial.isError && <Failure error={trial.error} />}
      <div role="status">{trial.isSuccess && <Notice tone="info" icon="check" title={t('deliveries.tried')} />}</div>
      <div className="form-actions"><Button type="submit" size="sm" variant="default" disabled={!to.trim()} loading={trial.isPending}>{t('deliveries.try')}</Button></div>
    </form>
  );
}
