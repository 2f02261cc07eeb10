/** Registration (S06): the server looks for the same person while somebody types. */

import { TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { type Candidate, transaction } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { RequestError } from '../../fhir/http';
import { useMatches } from '../../fhir/queries';
import { useSession } from '../../fhir/session';
import { now, today } from '../../lib/dates';
import { dropDraft, keepDraft, readDraft } from '../../lib/drafts';
import { useSettled, useTitle } from '../../lib/hooks';
import { type Key, useI18n } from '../../lib/i18n';
import type { Values } from '../../lib/merge';
import { Icon } from '../../ui/icons';
import { Notice } from '../../ui/Notice';
import { registerPatient } from './api';
import { ExtraFields, Part, payorOf, usePayers } from './ExtraFields';
import { allowed, extras, isMinor, validateExtras } from './extras';
import { EMPTY, comparable } from './form';
import { PatientForm } from './PatientForm';
import { PatientLine } from './PatientFacts';
import { fromText, storePhoto } from './photo';
import { PhotoField } from './PhotoField';

const DRAFT = 'patient/new';
const DONE = 'patient/new/stored';

/** What of a registration the server has. */
interface Done {
  id?: string;
  photo?: boolean;
}

export function RegisterPage() {
  const { t } = useI18n();
  useTitle(t('patients.register'));
  const { name } = useSearch({ from: '/patients/new' });
  const navigate = useNavigate();
  const [values, setValues] = useState<Values>(() => readDraft<Values>(DRAFT) ?? { ...EMPTY, family: name ?? '' });
  const [reason, setReason] = useState('');
  const settled = useSettled(values, 400);
  const matches = useMatches(comparable(settled));
  const candidates = comparable(settled) ? (matches.data ?? []) : [];
  const certain = candidates.some((one) => one.grade === 'certain');
  useEffect(() => {
    if (Object.values(settled).some(Boolean)) keepDraft(DRAFT, settled);
  }, [settled]);
  const { roles } = useSession();
  const may = allowed(roles);
  const payers = usePayers().data ?? [];
  const [tried, setTried] = useState(false);
  const wrong = validateExtras(values);
  // Once the person is stored, only what is still missing is sent again.
  const [stored, setStored] = useState<Done>(() => readDraft<Done>(DONE) ?? {});
  const open = (id: string) => {
    dropDraft(DRAFT);
    dropDraft(DONE);
    void navigate({ to: '/patients/$id', params: { id } });
  };
  const save = useMutation({
    mutationFn: async () => {
      let done = stored;
      const note = (more: Done) => {
        done = { ...done, ...more };
        keepDraft(DONE, done);
        setStored(done);
      };
      if (!done.id) note({ id: (await registerPatient(values, reason.trim())).id });
      const id = done.id ?? '';
      const photo = fromText(values.photo ?? '');
      if (photo && !done.photo) {
        await storePhoto(id, photo);
        note({ photo: true });
      }
      const records = extras(values, id, now(), payorOf(values.payer, payers));
      if (records.length > 0) await transaction(records);
      return id;
    },
    onSuccess: open,
  });
  // The server may know of somebody whom the form did not ask for.
  const known = certain || (save.error instanceof RequestError && save.error.kind === 'conflict');
  return (
    <div className="page">
      <h1>{t('patients.register')}</h1>
      <PatientForm
        values={values}
        onChange={setValues}
        onSave={() => save.mutate()}
        check={(now) => {
          setTried(now);
          return Object.keys(wrong)[0];
        }}
        more={
          <>
            <ExtraFields values={values} wrong={tried ? wrong : {}} onChange={(change) => setValues({ ...values, ...change })} may={may} minor={isMinor(values.birthDate, today())} />
            <Part title={t('photo.title')} open={Boolean(values.photo)}>
              <PhotoField value={values.photo ?? ''} onChange={(photo) => setValues({ ...values, photo })} />
            </Part>
          </>
        }
        saving={save.isPending}
        saveLabel={t('form.register')}
        blocked={known && !reason.trim()}
        onCancel={() => {
          dropDraft(DRAFT);
          dropDraft(DONE);
          void navigate({ to: '/patients', search: {} });
        }}
        aside={<Duplicates candidates={candidates} failed={matches.isError ? matches.error : undefined} />}
        foot={
          <>
            {known && (
              <TextInput label={t('duplicates.reason')} description={t('duplicates.reason.help')} value={reason} maxLength={500} onChange={(event) => setReason(event.currentTarget.value)} autoComplete="off" />
            )}
            {stored.id && save.isError && (
              <Notice tone="warning" icon="alert" title={t('extra.unfinished')}>
                <Link to="/patients/$id" params={{ id: stored.id }} onClick={() => { dropDraft(DRAFT); dropDraft(DONE); }}>{t('extra.unfinished.open')}</Link>
              </Notice>
            )}
            {save.isError && <Failure error={save.error} onRetry={() => save.mutate()} />}
          </>
        }
      />
    </div>
  );
}

const GRADES: Record<string, Key> = { certain: 'duplicates.certain', probable: 'duplicates.probable', possible: 'duplicates.possible' };

function Duplicates({ candidates, failed }: { candidates: Candidate[]; failed: unknown }) {
  const { t } = useI18n();
  if (failed) return <aside className="form-aside"><Failure error={failed} /></aside>;
  return (
    <aside className="form-aside" aria-label={t('duplicates.title')} aria-live="polite">
      <h2>{t('duplicates.title')}</h2>
      {candidates.length === 0 ? (
        <p className="quiet">{t('duplicates.none')}</p>
      ) : (
        <ul className="plain">
          {candidates.map((candidate) => (
            <li key={candidate.patient.id} className={`duplicate ${candidate.grade === 'certain' ? 'duplicate-certain' : ''}`}>
              <span className={`chip ${candidate.grade === 'possible' ? '' : 'chip-warning'}`}>
                {candidate.grade === 'certain' && <Icon name="alert" size={14} />}
                {t(GRADES[candidate.grade] ?? 'duplicates.possible')}
              </span>
              <Link to="/patients/$id" params={{ id: candidate.patient.id }}>
                <PatientLine patient={candidate.patient} />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </aside>
  );
}
