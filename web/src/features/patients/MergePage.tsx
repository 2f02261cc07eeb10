/** Merging two records of one person, field by field, and undoing it (S07). */

import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { count } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useMatches } from '../../fhir/queries';
import { useTitle } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { PatientPicker } from '../schedule/PatientPicker';
import { type PatientView, asPatient, mergePatients, readPatient, unmergePatients } from './api';
import { type Choice, type Side, chosen, differing, shown, suggestion } from './merge';
import { PatientLine } from './PatientFacts';
import { fieldLabel } from './PatientForm';

const route = getRouteApi('/patients/$id/merge');

const viewQuery = (id: string) => ({ queryKey: ['patient-view', id], queryFn: ({ signal }: { signal: AbortSignal }) => readPatient(id, signal) });

export function MergePage() {
  const { id } = route.useParams();
  const { with: other } = route.useSearch();
  const { t } = useI18n();
  useTitle(t('merge.title'));
  const patient = useQuery(viewQuery(id));
  const navigate = useNavigate();
  const choose = (next: string | undefined) => void navigate({ to: '/patients/$id/merge', params: { id }, search: { with: next }, replace: true });
  return (
    <div className="page">
      <h1>{t('merge.title')}</h1>
      <p>{t('merge.help')}</p>
      <Loaded query={patient} rows={8}>
        {(view) => (
          <>
            {view.replaces.length > 0 && <Parting key={`${view.id}-${view.version}`} stays={view} />}
            {other ? (
              <Other key={other} stays={view} other={other} onChange={() => choose(undefined)} />
            ) : (
              <Panel title={t('merge.other')}>
                <PatientLine patient={asPatient(view)} />
                <Suggested stays={view} onPick={choose} />
                <PatientPicker patient={undefined} onPick={(picked) => choose(picked?.id)} />
              </Panel>
            )}
          </>
        )}
      </Loaded>
    </div>
  );
}

/** Who may be the same person, by the server's scores. */
function Suggested({ stays, onPick }: { stays: PatientView; onPick: (id: string) => void }) {
  const { t } = useI18n();
  const matches = useMatches(asPatient(stays));
  const others = (matches.data ?? []).filter((one) => one.patient.id !== stays.id && !stays.replaces.includes(one.patient.id));
  if (others.length === 0) return null;
  return (
    <>
      <h3>{t('merge.suggested')}</h3>
      <ul className="plain">
        {others.map(({ patient }) => (
          <li key={patient.id}>
            <Button size="sm" variant="default" onClick={() => onPick(patient.id)}>
              <PatientLine patient={patient} />
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Other({ stays, other, onChange }: { stays: PatientView; other: string; onChange: () => void }) {
  const { t } = useI18n();
  const goes = useQuery({ ...viewQuery(other), enabled: other !== stays.id });
  const back = (
    <Button size="sm" variant="default" onClick={onChange}>
      {t('merge.change')}
    </Button>
  );
  if (other === stays.id) return <Notice tone="warning" icon="alert" title={t('merge.self')}>{back}</Notice>;
  return (
    <Loaded query={goes} rows={8}>
      {(view) =>
        stays.replacedBy || view.replacedBy ? (
          <Notice tone="warning" icon="alert" title={t('merge.blocked')}>{back}</Notice>
        ) : (
          <Merging stays={stays} goes={view} back={back} />
        )
      }
    </Loaded>
  );
}

function Merging({ stays, goes, back }: { stays: PatientView; goes: PatientView; back: React.ReactNode }) {
  const { t } = useI18n();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [choices, setChoices] = useState<Partial<Record<Choice, Side>>>({});
  const [reason, setReason] = useState('');
  const save = useMutation({
    mutationFn: () => mergePatients(stays, goes, chosen(stays, goes, choices), reason.trim()),
    onSuccess: async () => {
      await client.invalidateQueries();
      void navigate({ to: '/patients/$id', params: { id: stays.id } });
    },
  });
  const swap = () => void navigate({ to: '/patients/$id/merge', params: { id: goes.id }, search: { with: stays.id }, replace: true });
  return (
    <form
      className="panel"
      onSubmit={(event) => {
        event.preventDefault();
        if (reason.trim()) save.mutate();
      }}
    >
      <Compared stays={stays} goes={goes} choices={choices} onChoose={(field, side) => setChoices({ ...choices, [field]: side })} />
      <TextInput label={t('merge.reason')} value={reason} maxLength={500} required onChange={(event) => setReason(event.currentTarget.value)} autoComplete="off" />
      {save.isError && <Failure error={save.error} />}
      <div className="form-actions">
        <Button type="submit" size="sm" loading={save.isPending} disabled={!reason.trim()}>
          {t('merge.do')}
        </Button>
        <Button size="sm" variant="default" onClick={swap}>
          {t('merge.swap')}
        </Button>
        {back}
      </div>
    </form>
  );
}

interface ComparedProps {
  stays: PatientView;
  goes: PatientView;
  choices: Partial<Record<Choice, Side>>;
  onChoose: (field: Choice, side: Side) => void;
}

function Compared({ stays, goes, choices, onChoose }: ComparedProps) {
  const { t } = useI18n();
  const fields = differing(stays, goes);
  const sides = [
    ['stays', stays],
    ['goes', goes],
  ] as const;
  return (
    <>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t('merge.field')}</th>
              {sides.map(([side, view]) => (
                <th key={side} scope="col">
                  {t(side === 'stays' ? 'merge.stays' : 'merge.goes')}
                  <br />
                  <PatientLine patient={asPatient(view)} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={field}>
                <th scope="row">{t(fieldLabel(field))}</th>
                {sides.map(([side, view]) => (
                  <td key={side}>
                    <label className="choice">
                      <input type="radio" name={`merge-${field}`} checked={(choices[field] ?? suggestion(stays, field)) === side} onChange={() => onChoose(field, side)} />
                      {shown(view, field) || <span className="quiet">{t('blank')}</span>}
                    </label>
                  </td>
                ))}
              </tr>
            ))}
            <tr>
              <th scope="row">{t('merge.numbers')}</th>
              {sides.map(([side, view]) => (
                <td key={side} className="mono">{view.numbers.map((number) => number.value).join(', ')}</td>
              ))}
            </tr>
            <tr>
              <th scope="row">{t('merge.records')}</th>
              {sides.map(([side, view]) => (
                <td key={side}>
                  <Entries id={view.id} />
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
      {fields.length === 0 && <p className="quiet">{t('merge.same')}</p>}
    </>
  );
}

/** Types whose entries are counted where they may be seen, so that nobody merges away what they did not expect. */
const COUNTED = ['Appointment', 'Encounter', 'Condition', 'Observation', 'MedicationRequest', 'DocumentReference', 'Coverage', 'Task'] as const;

function Entries({ id }: { id: string }) {
  const counts = useQuery({
    queryKey: ['entries', id],
    queryFn: async ({ signal }) => {
      const each = await Promise.allSettled(COUNTED.map((type) => count(type, { patient: id }, signal)));
      return each.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0);
    },
  });
  return <Loaded query={counts}>{(sum) => <>{sum}</>}</Loaded>;
}

function Parting({ stays }: { stays: PatientView }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const undo = useMutation({
    mutationFn: (source: string) => unmergePatients(stays.id, source, reason.trim()),
    onSuccess: () => client.invalidateQueries(),
  });
  return (
    <Panel title={t('merge.undo.title')}>
      <TextInput label={t('merge.undo.reason')} value={reason} maxLength={500} onChange={(event) => setReason(event.currentTarget.value)} autoComplete="off" />
      <ul className="plain">
        {stays.replaces.map((id) => (
          <li key={id}>
            <Replaced id={id} />{' '}
            <Button size="sm" variant="default" disabled={!reason.trim()} loading={undo.isPending} onClick={() => undo.mutate(id)}>
              {t('merge.undo.do')}
            </Button>
          </li>
        ))}
      </ul>
      {undo.isError && <Failure error={undo.error} />}
    </Panel>
  );
}

function Replaced({ id }: { id: string }) {
  const view = useQuery(viewQuery(id));
  return <Loaded query={view}>{(one) => <PatientLine patient={asPatient(one)} />}</Loaded>;
}
