/** Whose notes need a second signature. */

import { Button, Checkbox, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { send } from '../../fhir/http';
import { Loaded } from '../../fhir/Loaded';
import { useI18n } from '../../lib/i18n';
import { Panel } from '../../ui/Panel';

interface Rules {
  roles: string[];
  practitioners: string[];
}

const PATH = '/api/v1/notes/settings/cosign';
const KEY = ['notes', 'cosign', 'whole'];
const ROLES = ['nurse', 'clinical_staff', 'doctor'] as const;

export function CosignPanel() {
  const { t } = useI18n();
  const query = useQuery({ queryKey: KEY, queryFn: ({ signal }) => send<Rules>(PATH, { signal }) });
  return <Panel title={t('cosign.rules')}><Loaded query={query} rows={3}>{({ body, etag }) => <Form key={etag} stored={body} etag={etag} />}</Loaded></Panel>;
}

const lines = (text: string) => text.split(/\s+/).filter(Boolean);

function Form({ stored, etag }: { stored: Rules; etag: string | undefined }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [roles, setRoles] = useState(stored.roles);
  const [people, setPeople] = useState(stored.practitioners.join('\n'));
  const save = useMutation({
    mutationFn: () => send(PATH, { method: 'PUT', ifMatch: etag, body: { roles, practitioners: lines(people) } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['notes', 'cosign'] }),
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <fieldset className="stack">
        <legend>{t('cosign.rules.roles')}</legend>
        {ROLES.map((role) => (
          <Checkbox key={role} label={t(`cosign.role.${role}`)} checked={roles.includes(role)} onChange={(event) => setRoles(event.currentTarget.checked ? [...roles, role] : roles.filter((one) => one !== role))} />
        ))}
      </fieldset>
      <Textarea label={t('cosign.rules.people')} description={t('cosign.rules.help')} value={people} onChange={(event) => setPeople(event.currentTarget.value)} autosize minRows={2} spellCheck={false} />
      {save.isError && <Failure error={save.error} />}
      <div className="form-actions"><Button type="submit" size="sm" loading={save.isPending}>{t('save')}<span className="visually-hidden"> {t('cosign.rules')}</span></Button></div>
    </form>
  );
}
