/**
 * Assigning a role, until a day where it is for a time. Whoever was ever assigned one holds what is assigned now and
 * no more than the account names: only those roles, and what narrows them, are on offer.
 */

import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { today } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { type User, endOfDay, useAct, useZone } from './api';
import { RoleField } from './InviteDialog';

export function RoleDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useI18n();
  const [role, setRole] = useState('');
  const [until, setUntil] = useState('');
  const give = useAct(onClose);
  const zone = useZone();
  const wrong = until !== '' && until < today();
  return (
    <Dialog onClose={onClose} title={t('admin.giveRole.title', { name: user.name ?? user.username })}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (role && !wrong) give.mutate({ method: 'POST', path: '/admin/assignments', body: { subject: user.id, role, endsAt: endOfDay(until, zone), locations: [] } });
        }}
      >
        <p>{t('admin.giveRole.help')}</p>
        <RoleField value={role} onChange={setRole} within={user.roles.map((held) => held.role)} />
        <TextInput type="date" label={t('admin.until')} description={t('optional')} min={today()} value={until} onChange={(event) => setUntil(event.currentTarget.value)} error={wrong ? t('admin.past') : undefined} />
        {give.isError && <Failure error={give.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!role || wrong} loading={give.isPending}>{t('admin.giveRole')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
