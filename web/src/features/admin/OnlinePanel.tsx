/** Public booking and the sites that may show it; where patients call whose video fails. */

import { Button, Checkbox, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { send } from '../../fhir/http';
import { Loaded } from '../../fhir/Loaded';
import { useSession } from '../../fhir/session';
import { useI18n } from '../../lib/i18n';
import { Panel } from '../../ui/Panel';

interface Scheduling {
  widget: { enabled: boolean; origins: string[] };
  telehealth: { phone: string | null };
}

const PATH = '/api/v1/scheduling/settings';
const KEY = ['schedule', 'settings', 'whole'];

export function OnlinePanel() {
  const { t } = useI18n();
  const query = useQuery({ queryKey: KEY, queryFn: ({ signal }) => send<Scheduling>(PATH, { signal }) });
  return <Panel title={t('admin.online')}><Loaded query={query} rows={4}>{({ body, etag }) => <Form key={etag} stored={body} etag={etag} />}</Loaded></Panel>;
}

const lines = (text: string) => text.split(/\s+/).filter(Boolean);

function Form({ stored, etag }: { stored: Scheduling; etag: string | undefined }) {
  const { t } = useI18n();
  const { tenant } = useSession();
  const client = useQueryClient();
  const [enabled, setEnabled] = useState(stored.widget.enabled);
  const [origins, setOrigins] = useState(stored.widget.origins.join('\n'));
  const [phone, setPhone] = useState(stored.telehealth.phone ?? '');
  const save = useMutation({
    mutationFn: () => send(PATH, { method: 'PUT', ifMatch: etag, body: { ...stored, widget: { enabled, origins: lines(origins) }, telehealth: { phone: phone.trim() || null } } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['schedule', 'settings'] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const page = new URL(`/app/book/${tenant ?? ''}`, location.origin).href;
  return (
    <form className="stack" onSubmit={submit}>
      <Checkbox label={t('admin.online.enabled')} checked={enabled} onChange={(event) => setEnabled(event.currentTarget.checked)} />
      {enabled && (
        <>
          <Textarea label={t('admin.online.origins')} description={t('admin.online.origins.help')} value={origins} onChange={(event) => setOrigins(event.currentTarget.value)} autosize minRows={2} spellCheck={false} />
          {lines(origins).length > 0 && <Textarea label={t('admin.online.snippet')} readOnly autosize value={`<iframe src="${page}" title="${t('admin.online')}" style="width:100%;height:720px;border:0"></iframe>`} />}
        </>
      )}
      <TextInput label={t('admin.online.phone')} value={phone} onChange={(event) => setPhone(event.currentTarget.value)} type="tel" autoComplete="off" />
      {save.isError && <Failure error={save.error} />}
      <div className="form-actions"><Button type="submit" size="sm" loading={save.isPending}>{t('save')}<span className="visually-hidden"> {t('admin.online')}</span></Button></div>
    </form>
  );
}
