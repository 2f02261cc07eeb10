/** Organisations of the installation (S51): made, limited, suspended, resumed, and deleted after days to think again. */

import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { formatDateTime } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { type Act, type Organisation, moment, useAct, useDocument } from './api';
import { ConfirmDialog } from './ConfirmDialog';
import { LimitsDialog } from './LimitsPanel';

type Step = 'suspend' | 'resume' | 'close' | 'reopen';

function actOf({ id }: Organisation, step: Step): Act {
  if (step === 'close') return { method: 'PUT', path: `/admin/organisations/${id}/closing` };
  if (step === 'reopen') return { method: 'DELETE', path: `/admin/organisations/${id}/closing` };
  return { method: 'POST', path: `/admin/organisations/${id}/${step}` };
}

/** What may be done to an organisation in its state. */
function stepsOf({ state, closing }: Organisation): Step[] {
  if (closing) return ['reopen'];
  if (state === 'active') return ['suspend', 'close'];
  return state === 'suspended' ? ['resume', 'close'] : [];
}

export function TenantsPage() {
  const { t, locale } = useI18n();
  const query = useDocument('/admin/organisations');
  const [making, setMaking] = useState(false);
  const [limited, setLimited] = useState<Organisation>();
  const [sure, setSure] = useState<{ organisation: Organisation; step: Step }>();
  return (
    <Panel title={t('admin.tenants')} aside={query.data?.length} actions={<Button leftSection={<Icon name="plus" />} onClick={() => setMaking(true)}>{t('tenants.make')}</Button>}>
      {making && <MakeDialog onClose={() => setMaking(false)} />}
      {limited && <LimitsDialog organisation={limited} onClose={() => setLimited(undefined)} />}
      {sure && <ConfirmDialog title={t(`tenants.${sure.step}.title`, { name: sure.organisation.name })} help={t(`tenants.${sure.step}.help`)} act={actOf(sure.organisation, sure.step)} reasoned onClose={() => setSure(undefined)} />}
      <Loaded query={query} rows={6}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t('tenants.none')}</Empty>
          ) : (
            <div className="table-scroll">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">{t('admin.name')}</th>
                    <th scope="col">{t('medicines.status')}</th>
                    <th scope="col">{t('tenants.since')}</th>
                    <th scope="col">{t('actions')}</th>
                  </tr>
                </thead>
                <tbody>
                  {list.map((one) => (
                    <tr key={one.id.text}>
                      <th scope="row">{one.name}</th>
                      <td>{t(`tenant.${one.state}` as Key)}{one.closing && <span className="chip chip-danger">{t('tenants.due', { time: formatDateTime(moment(one.closing.dueAt), locale) })}</span>}</td>
                      <td className="nowrap">{formatDateTime(moment(one.createdAt), locale)}</td>
                      <td className="row-actions">{one.state !== 'deleted' && <Button variant="default" onClick={() => setLimited(one)}>{t('limits.title')}<span className="visually-hidden"> {one.name}</span></Button>}{stepsOf(one).map((step) => <Button key={step} variant="default" onClick={() => setSure({ organisation: one, step })}>{t(`tenants.${step}`)}<span className="visually-hidden"> {one.name}</span></Button>)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}

function MakeDialog({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const [typed, setTyped] = useState({ name: '', reason: '' });
  const make = useAct(onClose);
  const wrong = typed.name !== '' && !/^[a-z][a-z0-9-]*$/.test(typed.name);
  const ready = typed.name !== '' && !wrong && typed.reason.trim().length >= 10;
  return (
    <Dialog onClose={onClose} title={t('tenants.make')}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) make.mutate({ method: 'POST', path: '/admin/organisations', body: { name: typed.name, reason: typed.reason.trim() } });
        }}
      >
        <TextInput label={t('admin.name')} description={t('tenants.name.help')} value={typed.name} onChange={(event) => setTyped({ ...typed, name: event.currentTarget.value })} error={wrong ? t('tenants.name.help') : undefined} autoCapitalize="none" spellCheck={false} autoComplete="off" data-autofocus />
        <TextInput label={t('admin.reason')} description={t('admin.reason.help', { count: 10 })} value={typed.reason} onChange={(event) => setTyped({ ...typed, reason: event.currentTarget.value })} autoComplete="off" />
        {make.isError && <Failure error={make.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={make.isPending}>{t('tenants.make')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
