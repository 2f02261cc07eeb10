/** Every part of the installation with its state and its figures, and dead letters given again (S50). */

import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { send } from '../../fhir/http';
import { Loaded } from '../../fhir/Loaded';
import { useSession } from '../../fhir/session';
import { formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Icon, type IconName } from '../../ui/icons';
import { Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import type { Decimal } from '../../lib/json';
import { type Group, type Health, type Letters, PARTS, type State, figures } from './health';

const EVERY = 10_000;
const SHORTEST_REASON = 3;
const ICONS: Record<State, IconName> = { up: 'check', degraded: 'alert', down: 'alert', unknown: 'question' };
const CHIPS: Record<State, string> = { up: 'chip', degraded: 'chip chip-warning', down: 'chip chip-danger', unknown: 'chip' };

export function HealthPanel() {
  const { t, locale } = useI18n();
  const query = useQuery({ queryKey: ['health'], queryFn: async ({ signal }) => (await send<Health>('/api/v1/system/health', { signal })).body, refetchInterval: EVERY, staleTime: 0 });
  return (
    <>
      <Panel title={t('health.title')} aside={query.data && t('system.checked', { time: formatDateTime(query.data.at, locale) })}>
        <Loaded query={query} rows={11}>{(health) => <Parts health={health} />}</Loaded>
      </Panel>
      {query.data && query.data.deadLetters.kinds.length > 0 && <LettersPanel kinds={query.data.deadLetters.kinds} />}
      {query.data && query.data.consumers.groups.length > 0 && <GroupsPanel groups={query.data.consumers.groups} />}
    </>
  );
}

function StateWord({ state }: { state: State }) {
  const { t } = useI18n();
  return <span className={`${CHIPS[state]} health-state`}><Icon name={ICONS[state]} size={13} />{t(`health.state.${state}`)}</span>;
}

function Parts({ health }: { health: Health }) {
  const { t, locale } = useI18n();
  return (
    <div className="stack">
      {health.state === 'down' && <Notice tone="danger" icon="alert" title={t('health.isDown')} />}
      {health.state === 'degraded' && <Notice tone="warning" icon="alert" title={t('health.isDegraded')} />}
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('health.part')}</th>
            <th scope="col">{t('health.state')}</th>
            <th scope="col">{t('health.figures')}</th>
          </tr>
        </thead>
        <tbody>
          {PARTS.map((part) => (
            <tr key={part}>
              <th scope="row">{t(`health.part.${part}`)}</th>
              <td><StateWord state={health[part].state} /></td>
              <td className="health-figures">{figures(health, part, { t, locale }).map((one) => <span key={one}>{one}</span>)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function LettersPanel({ kinds }: { kinds: Letters[] }) {
  const { t } = useI18n();
  const { roles } = useSession();
  const [again, setAgain] = useState<string>();
  return (
    <Panel title={t('health.part.deadLetters')}>
      <p className="quiet">{t('health.lettersMean')}</p>
      {again && <ReplayDialog consumer={again} onClose={() => setAgain(undefined)} />}
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('health.consumer')}</th>
            <th scope="col">{t('health.event')}</th>
            <th scope="col">{t('health.reason')}</th>
            <th scope="col" className="number">{t('health.count')}</th>
            <th scope="col">{t('actions')}</th>
          </tr>
        </thead>
        <tbody>
          {kinds.map((one) => (
            <tr key={`${one.consumer} ${one.event} ${one.reason}`}>
              <th scope="row">{one.consumer}</th>
              <td className="mono">{one.event}</td>
              <td>{one.reason}</td>
              <td className="number">{one.count.text}</td>
              <td>{roles.includes('org_admin') && <Button variant="default" onClick={() => setAgain(one.consumer)}>{t('health.again')}<span className="visually-hidden"> {one.consumer}</span></Button>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function ReplayDialog({ consumer, onClose }: { consumer: string; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const replay = useMutation({
    mutationFn: async () => (await send<{ taken: Decimal; waiting: Decimal }>('/api/v1/system/dead-letters/replay', { method: 'POST', body: { consumer, reason: reason.trim() } })).body,
    onSettled: () => client.invalidateQueries({ queryKey: ['health'] }),
  });
  const ready = reason.trim().length >= SHORTEST_REASON;
  return (
    <Dialog onClose={onClose} title={t('health.againTitle', { consumer })}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) replay.mutate();
        }}
      >
        <p>{t('health.againHelp')}</p>
        <TextInput label={t('admin.reason')} value={reason} maxLength={200} onChange={(event) => setReason(event.currentTarget.value)} required autoComplete="off" data-autofocus />
        {replay.isError && <Failure error={replay.error} />}
        {replay.data && <Notice tone={replay.data.waiting.text === '0' ? 'info' : 'warning'} icon={replay.data.waiting.text === '0' ? 'check' : 'alert'} title={t('health.replayed', { taken: replay.data.taken.text, waiting: replay.data.waiting.text })} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={replay.isPending}>{t('health.again')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t(replay.data ? 'close' : 'cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function GroupsPanel({ groups }: { groups: Group[] }) {
  const { t } = useI18n();
  const late = [...groups].sort((a, b) => b.behind.toNumber() - a.behind.toNumber() || a.consumer.localeCompare(b.consumer));
  return (
    <details className="panel">
      <summary><h2>{t('health.groupsTitle')}</h2></summary>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('health.consumer')}</th>
            <th scope="col">{t('health.topic')}</th>
            <th scope="col" className="number">{t('health.behindCount')}</th>
          </tr>
        </thead>
        <tbody>
          {late.map((one) => (
            <tr key={`${one.consumer} ${one.topic}`}>
              <th scope="row">{one.consumer}</th>
              <td className="mono">{one.topic}</td>
              <td className="number">{one.behind.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
