/** Registration (S06): the server looks for the same person while somebody types. */

import { Checkbox } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { type Candidate, create } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { patientQuery, useMatches } from '../../fhir/queries';
import { dropDraft, keepDraft, readDraft } from '../../lib/drafts';
import { useSettled, useTitle } from '../../lib/hooks';
import { type Key, useI18n } from '../../lib/i18n';
import type { Values } from '../../lib/merge';
import { Icon } from '../../ui/icons';
import { EMPTY, apply, comparable } from './form';
import { PatientForm } from './PatientForm';
import { PatientLine } from './PatientFacts';

const DRAFT = 'patient/new';

export function RegisterPage() {
  const { t } = useI18n();
  useTitle(t('patients.register'));
  const { name } = useSearch({ from: '/patients/new' });
  const navigate = useNavigate();
  const client = useQueryClient();
  const [values, setValues] = useState<Values>(() => readDraft<Values>(DRAFT) ?? { ...EMPTY, family: name ?? '' });
  const [different, setDifferent] = useState(false);
  const settled = useSettled(values, 400);
  const matches = useMatches(comparable(settled));
  const candidates = comparable(settled) ? (matches.data ?? []) : [];
  const certain = candidates.some((one) => one.grade === 'certain');
  useEffect(() => {
    if (Object.values(settled).some(Boolean)) keepDraft(DRAFT, settled);
  }, [settled]);
  const save = useMutation({
    mutationFn: () => create(apply({ resourceType: 'Patient', active: true }, values)),
    onSuccess: (answer) => {
      dropDraft(DRAFT);
      client.setQueryData(patientQuery(answer.body.id).queryKey, answer);
      void navigate({ to: '/patients/$id', params: { id: answer.body.id } });
    },
  });
  return (
    <div className="page">
      <h1>{t('patients.register')}</h1>
      <PatientForm
        values={values}
        onChange={setValues}
        onSave={() => save.mutate()}
        saving={save.isPending}
        saveLabel={t('form.register')}
        blocked={certain && !different}
        onCancel={() => {
          dropDraft(DRAFT);
          void navigate({ to: '/patients', search: {} });
        }}
        aside={<Duplicates candidates={candidates} failed={matches.isError ? matches.error : undefined} />}
        foot={
          <>
            {certain && (
              <Checkbox label={t('duplicates.different')} checked={different} onChange={(event) => setDifferent(event.currentTarget.checked)} />
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
