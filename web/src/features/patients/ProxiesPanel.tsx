/** Who may act for a patient: given on a ground, until a day, and taken back. For administrators. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { formatDate } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { type User, dayOf, endOfDay, useAct, useDocument, useProxies, useZone } from '../admin/api';

const CAREGIVER = 'caregiver';
const BASES = ['parental', 'patient', 'legal'] as const;

export function ProxiesPanel({ patient }: { patient: string }) {
  const { t, locale } = useI18n();
  const proxies = useProxies(patient);
  const people = useDocument('/users');
  const act = useAct();
  const zone = useZone();
  const users = people.data?.items ?? [];
  const name = (subject: string) => users.find(({ id }) => id === subject)?.name ?? subject;
  return (
    <Panel title={t('person.proxies')} aside={proxies.data?.length}>
      <Loaded query={proxies}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t('person.proxies.none')}</Empty>
          ) : (
            <ul className="facts">
              {list.map((one) => (
                <li key={one.id}>
                  <span>
                    {name(one.subject)} <span className="quiet">{t(`proxy.${one.basis}`)}{one.endsAt && ` · ${t('person.proxies.until')} ${formatDate(dayOf(one.endsAt, zone), locale)}`}</span>
                  </span>
                  <Button variant="default" disabled={act.isPending} onClick={() => act.mutate({ method: 'DELETE', path: `/proxies/${one.id}` })}>{t('admin.revoke')}<span className="visually-hidden"> {name(one.subject)}</span></Button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {act.isError && <Failure error={act.error} />}
      {people.data && <Giving patient={patient} caregivers={users.filter(({ roles }) => roles.some(({ role }) => role === CAREGIVER))} />}
    </Panel>
  );
}

function Giving({ patient, caregivers }: { patient: string; caregivers: readonly User[] }) {
  const { t } = useI18n();
  const [subject, setSubject] = useState('');
  const [basis, setBasis] = useState<string>('patient');
  const [until, setUntil] = useState('');
  const give = useAct(() => setSubject(''));
  const zone = useZone();
  if (caregivers.length === 0) return <p className="quiet">{t('person.proxies.nobody')}</p>;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (subject) give.mutate({ method: 'POST', path: '/proxies', body: { patient, subject, basis, endsAt: until ? endOfDay(until, zone) : undefined } });
      }}
    >
      <div className="form-row">
        <NativeSelect label={t('person.proxies.who')} value={subject} onChange={(event) => setSubject(event.currentTarget.value)} data={[{ value: '', label: '' }, ...caregivers.map(({ id, name, username }) => ({ value: id, label: name || username }))]} />
        <NativeSelect label={t('person.proxies.basis')} value={basis} onChange={(event) => setBasis(event.currentTarget.value)} data={BASES.map((value) => ({ value, label: t(`proxy.${value}`) }))} />
        <TextInput type="date" label={t('person.proxies.until')} value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
      </div>
      {give.isError && <Failure error={give.error} />}
      <div className="form-actions"><Button type="submit" size="sm" variant="default" disabled={!subject} loading={give.isPending}>{t('person.proxies.add')}</Button></div>
    </form>
  );
}
