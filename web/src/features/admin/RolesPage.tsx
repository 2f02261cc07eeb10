/** Roles of the organisation's own (S43): each narrows a role of the matrix, and a template can be taken over. */

import { Button } from '@mantine/core';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { type Key, useI18n } from '../../lib/i18n';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { type RolePermission, useAct, useDocument } from './api';
import { useRoleName } from './UsersPage';

export function RolesPage() {
  const { t } = useI18n();
  const roleName = useRoleName();
  const own = useDocument('/admin/roles');
  const templates = useDocument('/admin/role-templates');
  const act = useAct();
  const taken = new Set((own.data ?? []).map((one) => one.code));
  return (
    <div className="stack">
      {act.isError && <Failure error={act.error} />}
      <Panel title={t('admin.ownRoles')} aside={own.data?.length}>
        <Loaded query={own} rows={3}>
          {(list) =>
            list.length === 0 ? (
              <Empty>{t('admin.noOwnRoles')}</Empty>
            ) : (
              <Rows rows={list.map((one) => ({ ...one, base: roleName(one.base), button: t('admin.retire'), onAct: () => act.mutate({ method: 'DELETE', path: `/admin/roles/${one.code}` }) }))} busy={act.isPending} />
            )
          }
        </Loaded>
      </Panel>
      <Panel title={t('admin.templates')} aside={t('admin.templates.help')}>
        <Loaded query={templates} rows={6}>
          {(list) => (
            <Rows
              rows={list.filter((one) => !taken.has(one.code)).map((one) => {
                const permissions = one.permissions.map(([records, may]) => ({ records, may }));
                const role = { code: one.code, name: one.name, base: one.base, permissions, operations: [] };
                return { ...role, base: roleName(one.base), button: t('admin.takeOver'), onAct: () => act.mutate({ method: 'PUT', path: `/admin/roles/${one.code}`, body: role }) };
              })}
              busy={act.isPending}
            />
          )}
        </Loaded>
      </Panel>
    </div>
  );
}

interface Row {
  code: string;
  name: string;
  base: string;
  permissions: RolePermission[];
  button: string;
  onAct: () => void;
}

function Rows({ rows, busy }: { rows: Row[]; busy: boolean }) {
  const { t } = useI18n();
  const words = ({ records, may }: RolePermission) => `${records}: ${[...may].map((letter) => t(`may.${letter}` as Key)).join(', ')}`;
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('admin.role')}</th>
            <th scope="col">{t('admin.base')}</th>
            <th scope="col">{t('admin.keeps')}</th>
            <th scope="col">{t('actions')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.code}>
              <th scope="row">{row.name}</th>
              <td className="nowrap">{row.base}</td>
              <td>{row.permissions.map(words).join('; ')}</td>
              <td><Button variant="default" disabled={busy} onClick={row.onAct}>{row.button}<span className="visually-hidden"> {row.name}</span></Button></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
