/** Inviting somebody: a role, the own resource where notes are signed, and a link that is shown once. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { search } from '../../fhir/client';
import { nameText } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { useSettled } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Picker } from '../../ui/Picker';
import { ROLES, useAct, useDocument } from './api';
import { useRoleName } from './UsersPage';

export function InviteDialog({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const [typed, setTyped] = useState({ email: '', name: '', role: '' });
  const set = (part: Partial<typeof typed>) => setTyped({ ...typed, ...part });
  const [resource, setResource] = useState<string>();
  const [link, setLink] = useState<string>();
  const invite = useAct<{ link: string }>((answer) => setLink(answer.link));
  const ready = /^\S+@\S+\.\S+$/.test(typed.email) && typed.role !== '';
  if (link) {
    return (
      <Dialog onClose={onClose} title={t('admin.invited')}>
        <div className="stack">
          <p>{t('admin.invited.help')}</p>
          <code className="secret-link">{new URL(link, location.origin).href}</code>
          <div className="form-actions">
            <Button size="sm" onClick={() => void navigator.clipboard.writeText(new URL(link, location.origin).href)}>{t('admin.copy')}</Button>
            <Button size="sm" variant="default" onClick={onClose}>{t('close')}</Button>
          </div>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog onClose={onClose} title={t('admin.invite')}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) invite.mutate({ method: 'POST', path: '/invitations', body: { email: typed.email.trim(), name: typed.name.trim() || undefined, fhirUser: resource, roles: [{ role: typed.role, locations: [] }] } });
        }}
      >
        <TextInput type="email" label={t('form.email')} value={typed.email} onChange={(event) => set({ email: event.currentTarget.value })} required autoComplete="off" data-autofocus />
        <TextInput label={t('admin.name')} description={t('optional')} value={typed.name} onChange={(event) => set({ name: event.currentTarget.value })} autoComplete="off" />
        <RoleField value={typed.role} onChange={(role) => set({ role })} />
        <PractitionerField onChoose={setResource} />
        {invite.isError && <Failure error={invite.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={invite.isPending}>{t('admin.invite.do')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Nothing is preselected: a role is a decision. */
export function RoleField({ value, onChange, within }: { value: string; onChange: (role: string) => void; within?: readonly string[] }) {
  const { t } = useI18n();
  const roleName = useRoleName();
  const own = useDocument('/admin/roles');
  const narrowed = (own.data ?? []).filter((one) => within?.includes(one.base)).map((one) => one.code);
  const codes = within ? [...within, ...narrowed] : ROLES;
  return <NativeSelect label={t('admin.role')} value={value} onChange={(event) => onChange(event.currentTarget.value)} required data={[{ value: '', label: '' }, ...codes.map((code) => ({ value: code, label: roleName(code) }))]} />;
}

function PractitionerField({ onChoose }: { onChoose: (reference: string | undefined) => void }) {
  const { t } = useI18n();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(false);
  const asked = useSettled(chosen ? '' : text.trim(), 150);
  const found = useQuery({ queryKey: ['practitioners', asked], queryFn: ({ signal }) => search('Practitioner', { name: asked, _count: 8 }, signal), enabled: asked.length >= 2 });
  return (
    <Picker
      label={t('admin.practitioner')}
      placeholder={t('optional')}
      text={text}
      onText={(typed) => {
        setChosen(false);
        onChoose(undefined);
        setText(typed);
      }}
      options={asked.length >= 2 ? (found.data?.matches ?? []) : []}
      busy={found.isFetching}
      error={found.isError ? t('palette.failed') : undefined}
      empty={asked.length >= 2 && found.isSuccess ? t('palette.none') : undefined}
      keyOf={(one) => one.id}
      render={(one) => <>{nameText(one.name?.[0])} <span className="mono quiet">Practitioner/{one.id}</span></>}
      onPick={(one) => {
        setChosen(true);
        setText(nameText(one.name?.[0]));
        onChoose(`Practitioner/${one.id}`);
      }}
    />
  );
}
