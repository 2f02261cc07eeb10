/** People and what they may do (S43): who is here, in which roles until when, and how to take it away again. */

import { Button } from '@mantine/core';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useSession } from '../../fhir/session';
import { formatDate, formatDateTime } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { type Act, type Assignment, ROLES, type User, dayOf, moment, useAct, useDocument, useZone } from './api';
import { ConfirmDialog } from './ConfirmDialog';
import { InviteDialog } from './InviteDialog';
import { RoleDialog } from './RoleDialog';

/** The name of a role of the matrix; a derived one has its own. */
export function useRoleName(): (code: string) => string {
  const { t } = useI18n();
  const derived = useDocument('/admin/roles');
  return (code) => ((ROLES as readonly string[]).includes(code) || code === 'super_admin' || code === 'service' ? t(`role.${code}` as Key) : (derived.data?.find((one) => one.code === code)?.name ?? code));
}

/** Roles that write in their own name, for which they need a resource of their own. */
const SIGNERS = new Set(['doctor', 'nurse', 'clinical_staff']);

type Open = { kind: 'invite' } | { kind: 'role'; user: User } | { kind: 'sure'; title: string; help: string; act: Act } | undefined;

export function UsersPage() {
  const { t } = useI18n();
  const users = useDocument('/users');
  const assignments = useDocument('/admin/assignments');
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  return (
    <div className="stack">
      {open?.kind === 'invite' && <InviteDialog onClose={close} />}
      {open?.kind === 'role' && <RoleDialog user={open.user} onClose={close} />}
      {open?.kind === 'sure' && <ConfirmDialog title={open.title} help={open.help} act={open.act} onClose={close} />}
      <Panel title={t('admin.users')} aside={users.data?.items.length} actions={<Button leftSection={<Icon name="plus" />} onClick={() => setOpen({ kind: 'invite' })}>{t('admin.invite')}</Button>}>
        <Loaded query={users} rows={8}>{({ items }) => <Users list={items} onOpen={setOpen} />}</Loaded>
      </Panel>
      <Panel title={t('admin.assignments')} aside={assignments.data?.length}>
        <Loaded query={assignments} rows={3}>
          {(list) => (list.length === 0 ? <Empty>{t('admin.noAssignments')}</Empty> : <Assignments list={list} users={users.data?.items ?? []} />)}
        </Loaded>
      </Panel>
    </div>
  );
}

function Users({ list, onOpen }: { list: User[]; onOpen: (open: Open) => void }) {
  const { t } = useI18n();
  const roleName = useRoleName();
  const { account } = useSession();
  const ask = (user: User, kind: 'sessions' | 'factors' | 'lock' | 'unlock', act: Act) => onOpen({ kind: 'sure', title: t(`admin.${kind}.title`, { name: user.name ?? user.username }), help: t(`admin.${kind}.help`), act });
  const sure = (user: User, kind: 'sessions' | 'factors') => ask(user, kind, { method: 'DELETE', path: `/users/${user.id}/${kind}` });
  const lock = (user: User) => ask(user, user.enabled ? 'lock' : 'unlock', { method: 'PUT', path: `/users/${user.id}/state`, body: { enabled: !user.enabled } });
  return (
    <div className="table-scroll">
      <table className="table table-cards">
        <thead>
          <tr>
            <th scope="col">{t('admin.name')}</th>
            <th scope="col">{t('admin.username')}</th>
            <th scope="col">{t('admin.roles')}</th>
            <th scope="col">{t('admin.resource')}</th>
            <th scope="col">{t('actions')}</th>
          </tr>
        </thead>
        <tbody>
          {list.map((user) => (
            <tr key={user.id}>
              <th scope="row">{user.name ?? user.username}{!user.enabled && <span className="chip chip-warning">{t('admin.disabled')}</span>}</th>
              <td>{user.username}</td>
              <td>{user.roles.map((held) => roleName(held.role)).join(', ') || <span className="quiet">{t('admin.noRole')}</span>}</td>
              <td className="mono">{user.fhirUser ?? <span className="quiet">{t(user.roles.some((held) => SIGNERS.has(held.role)) ? 'admin.cannotSign' : 'admin.noResource')}</span>}</td>
              <td className="row-actions">
                <Button variant="default" onClick={() => onOpen({ kind: 'role', user })}>{t('admin.giveRole')}<span className="visually-hidden"> {user.username}</span></Button>
                <Button variant="default" onClick={() => sure(user, 'sessions')}>{t('admin.sessions')}<span className="visually-hidden"> {user.username}</span></Button>
                <Button variant="default" onClick={() => sure(user, 'factors')}>{t('admin.factors')}<span className="visually-hidden"> {user.username}</span></Button>
                {user.id !== account && <Button variant="default" onClick={() => lock(user)}>{t(user.enabled ? 'admin.lock' : 'admin.unlock')}<span className="visually-hidden"> {user.username}</span></Button>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Assignments({ list, users }: { list: Assignment[]; users: User[] }) {
  const { t, locale } = useI18n();
  const zone = useZone();
  const roleName = useRoleName();
  const revoke = useAct();
  const who = (subject: string) => users.find((user) => user.id === subject)?.name ?? subject;
  return (
    <div className="table-scroll">
      {revoke.isError && <Failure error={revoke.error} />}
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('admin.name')}</th>
            <th scope="col">{t('admin.role')}</th>
            <th scope="col">{t('admin.from')}</th>
            <th scope="col">{t('admin.until')}</th>
            <th scope="col">{t('admin.givenBy')}</th>
            <th scope="col">{t('actions')}</th>
          </tr>
        </thead>
        <tbody>
          {list.map((one) => (
            <tr key={one.id}>
              <th scope="row">{who(one.subject)}</th>
              <td>{roleName(one.role)}</td>
              <td className="nowrap">{formatDateTime(moment(one.startsAt), locale)}</td>
              <td className="nowrap">{one.endsAt ? formatDate(dayOf(one.endsAt, zone), locale) : <span className="quiet">{t('admin.noEnd')}</span>}</td>
              <td>{who(one.givenBy)}</td>
              <td><Button variant="default" loading={revoke.isPending} onClick={() => revoke.mutate({ method: 'DELETE', path: `/admin/assignments/${one.id}` })}>{t('admin.revoke')}<span className="visually-hidden"> {roleName(one.role)}, {who(one.subject)}</span></Button></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
