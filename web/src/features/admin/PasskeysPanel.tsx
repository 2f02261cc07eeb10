/** One's own passkeys: which there are, another name, one more, one less. */

import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useSession } from '../../fhir/session';
import { formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Empty, Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { ConfirmDialog } from './ConfirmDialog';
import { type Passkey, useAct, useDocument } from './api';
import { NotMade, canMakePasskeys, makePasskey } from './passkeys';

export function PasskeysPanel() {
  const { t, locale } = useI18n();
  const query = useDocument('/passkeys');
  const [naming, setNaming] = useState<Passkey>();
  const [removing, setRemoving] = useState<Passkey>();
  return (
    <Panel title={t('passkeys.title')} aside={query.data?.length || undefined}>
      <p className="quiet">{t('passkeys.help')}</p>
      {naming && <NameDialog passkey={naming} onClose={() => setNaming(undefined)} />}
      {removing && <ConfirmDialog title={t('passkeys.remove.title', { name: removing.name })} help={t('passkeys.remove.help')} act={{ method: 'DELETE', path: `/passkeys/${removing.id}` }} onClose={() => setRemoving(undefined)} />}
      <Loaded query={query} rows={2}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t('passkeys.none')}</Empty>
          ) : (
            <div className="table-scroll">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">{t('passkeys.name')}</th>
                    <th scope="col">{t('passkeys.kept')}</th>
                    <th scope="col">{t('passkeys.added')}</th>
                    <th scope="col">{t('sessions.last')}</th>
                    <th scope="col">{t('actions')}</th>
                  </tr>
                </thead>
                <tbody>
                  {list.map((one) => (
                    <tr key={one.id}>
                      <th scope="row">{one.name}</th>
                      <td>{t(one.synced ? 'passkeys.synced' : 'passkeys.device')}</td>
                      <td className="nowrap">{formatDateTime(one.createdAt, locale)}</td>
                      <td className="nowrap">{one.usedAt ? formatDateTime(one.usedAt, locale) : t('passkeys.never')}</td>
                      <td className="nowrap">
                        <Button variant="default" onClick={() => setNaming(one)}>{t('passkeys.rename')}<span className="visually-hidden"> {one.name}</span></Button>{' '}
                        <Button variant="default" onClick={() => setRemoving(one)}>{t('orders.remove')}<span className="visually-hidden"> {one.name}</span></Button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
      <AddForm />
    </Panel>
  );
}

function AddForm() {
  const { t } = useI18n();
  const session = useSession();
  const [name, setName] = useState('');
  const register = useAct(() => setName(''));
  const make = useMutation({
    mutationFn: async () => {
      const credential = await makePasskey();
      await register.mutateAsync({ method: 'POST', path: '/passkeys', body: { name: name.trim() || t('passkeys.unnamed'), credential } });
    },
  });
  if (!canMakePasskeys()) return <p><a href={`/t/${encodeURIComponent(session.tenant ?? '')}/account`}>{t('passkeys.elsewhere')}</a></p>;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <TextInput label={t('passkeys.name')} placeholder={t('passkeys.example')} value={name} maxLength={60} onChange={(event) => setName(event.currentTarget.value)} autoComplete="off" />
      {make.isError && (make.error instanceof NotMade ? <Notice tone="warning" icon="alert" title={t('passkeys.notMade')} /> : <Failure error={make.error} />)}
      <div role="status">{make.isSuccess && <Notice tone="info" icon="check" title={t('passkeys.done')} />}</div>
      <div className="form-actions"><Button type="submit" size="sm" loading={make.isPending}>{t('passkeys.add')}</Button></div>
    </form>
  );
}

function NameDialog({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) {
  const { t } = useI18n();
  const [name, setName] = useState(passkey.name);
  const act = useAct(onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act.mutate({ method: 'PUT', path: `/passkeys/${passkey.id}`, body: { name: name.trim() } });
  };
  return (
    <Dialog onClose={onClose} title={t('passkeys.rename')}>
      <form className="stack" onSubmit={submit}>
        <TextInput label={t('passkeys.name')} value={name} maxLength={60} onChange={(event) => setName(event.currentTarget.value)} autoComplete="off" required data-autofocus />
        {act.isError && <Failure error={act.error} />}
        <div className="form-actions"><Button type="submit" size="sm" disabled={!name.trim()} loading={act.isPending}>{t('save')}</Button></div>
      </form>
    </Dialog>
  );
}
