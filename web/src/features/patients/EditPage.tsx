/** Correcting a person's details: nobody's change is overwritten silently. */

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { read, update } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { type Answer, RequestError } from '../../fhir/http';
import { Loaded } from '../../fhir/Loaded';
import { patientQuery, usePatient } from '../../fhir/queries';
import { useSession } from '../../fhir/session';
import type { Patient, Stored } from '../../fhir/types';
import { dropDraft, keepDraft, readDraft } from '../../lib/drafts';
import { useSettled, useTitle } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { type Values, merge } from '../../lib/merge';
import { LinkButton } from '../../ui/LinkButton';
import { Notice } from '../../ui/Notice';
import { ConflictDialog } from './ConflictDialog';
import { apply, fieldsOf } from './form';
import { PatientForm } from './PatientForm';

const route = getRouteApi('/patients/$id/edit');

/** The role that may merge records. */
const MERGER = 'org_admin';

/** What was typed, and the version it was typed over. */
interface Draft {
  values: Values;
  base: Values;
  etag: string | undefined;
}

export function EditPage() {
  const { id } = route.useParams();
  const patient = usePatient(id);
  const { t } = useI18n();
  const { roles } = useSession();
  useTitle(t('patients.edit'));
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t('patients.edit')}</h1>
        {roles.includes(MERGER) && (
          <LinkButton component="a" to="/patients/$id/merge" params={{ id }} search={{}} variant="default">
            {t('merge.open')}
          </LinkButton>
        )}
      </header>
      <Loaded query={patient} rows={10}>{(answer) => <Editor key={id} stored={answer} />}</Loaded>
    </div>
  );
}

function Editor({ stored }: { stored: Answer<Stored<Patient>> }) {
  const { t } = useI18n();
  const id = stored.body.id;
  const key = `patient/${id}`;
  const navigate = useNavigate();
  const client = useQueryClient();
  // The version that the form began with: a later read in the background must not move it.
  const [draft, setDraft] = useState<Draft>(() => readDraft<Draft>(key) ?? { values: fieldsOf(stored.body), base: fieldsOf(stored.body), etag: stored.etag });
  const [theirs, setTheirs] = useState<Answer<Stored<Patient>>>();
  const [taken, setTaken] = useState<string[]>([]);
  const settled = useSettled(draft, 400);
  useEffect(() => {
    if (JSON.stringify(settled.values) !== JSON.stringify(settled.base)) keepDraft(key, settled);
  }, [settled, key]);
  const leave = () => {
    dropDraft(key);
    void navigate({ to: '/patients/$id', params: { id } });
  };
  const save = useMutation({
    mutationFn: async () => {
      // The form's changes go on top of the version that they were made over.
      const current = stored.etag === draft.etag ? stored : await read('Patient', id);
      return update(apply(current.body, draft.values) as Stored<Patient>, draft.etag);
    },
    onSuccess: (answer) => {
      client.setQueryData(patientQuery(id).queryKey, answer);
      leave();
    },
    onError: async (error) => {
      if (error instanceof RequestError && error.kind === 'conflict') setTheirs(await read('Patient', id));
    },
  });
  const resolve = (values: Values) => {
    if (!theirs) return;
    client.setQueryData(patientQuery(id).queryKey, theirs);
    setTaken(merge(draft.base, draft.values, fieldsOf(theirs.body)).taken);
    setDraft({ values, base: fieldsOf(theirs.body), etag: theirs.etag });
    setTheirs(undefined);
    save.reset();
  };
  const failed = save.isError && !(save.error instanceof RequestError && save.error.kind === 'conflict');
  return (
    <>
      {theirs && <ConflictDialog base={draft.base} mine={draft.values} theirs={theirs.body} onResolve={resolve} onCancel={() => setTheirs(undefined)} />}
      <PatientForm
        values={draft.values}
        onChange={(values) => setDraft({ ...draft, values })}
        onSave={() => save.mutate()}
        saving={save.isPending}
        saveLabel={t('save')}
        onCancel={leave}
        foot={
          <>
            {taken.length > 0 && <Notice tone="info" icon="info" title={t('conflict.taken', { count: taken.length })} />}
            {failed && <Failure error={save.error} onRetry={() => save.mutate()} />}
          </>
        }
      />
    </>
  );
}
