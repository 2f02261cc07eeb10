/** The problem list (S12): add with an ICD-10-CM code, resolve, and see what was. */

import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { create, update } from '../../fhir/client';
import { ICD10CM, code } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useChart, useChartChanged, useCodes } from '../../fhir/queries';
import type { Coding, Condition, Stored } from '../../fhir/types';
import { formatDate, isFhirDate, today } from '../../lib/dates';
import { useSettled } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { Picker } from '../../ui/Picker';
import { useChartPatient } from './ChartLayout';
import { problemText, problems } from './facts';

const CLINICAL = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
const VERIFICATION = 'http://terminology.hl7.org/CodeSystem/condition-ver-status';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/condition-category';

export function ProblemsPage() {
  const { t } = useI18n();
  const id = useChartPatient();
  const query = useChart('Condition', id);
  const [adding, setAdding] = useState(false);
  useShortcuts({ a: () => setAdding(true) });
  return (
    <div className="stack">
      {adding && <AddProblem onClose={() => setAdding(false)} />}
      <Loaded query={query} rows={8}>
        {({ matches }) => {
          const { active, resolved } = problems(matches);
          const add = <Button leftSection={<Icon name="plus" />} onClick={() => setAdding(true)}>{t('problems.add')}</Button>;
          return (
            <>
              <Panel title={t('problems.active')} aside={active.length} actions={add}>
                {active.length === 0 ? <Empty>{t('problems.none')}</Empty> : <Rows list={active} canResolve />}
              </Panel>
              {resolved.length > 0 && (
                <Panel title={t('problems.resolved')} aside={resolved.length}>
                  <Rows list={resolved} />
                </Panel>
              )}
            </>
          );
        }}
      </Loaded>
    </div>
  );
}

function Rows({ list, canResolve = false }: { list: Stored<Condition>[]; canResolve?: boolean }) {
  const { t, locale } = useI18n();
  const [resolving, setResolving] = useState<Stored<Condition>>();
  return (
    <div className="table-scroll">
      {resolving && <ResolveProblem problem={resolving} onClose={() => setResolving(undefined)} />}
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('problems.problem')}</th>
            <th scope="col">{t('problems.code')}</th>
            <th scope="col">{t('problems.onset')}</th>
            {canResolve ? <th scope="col"><span className="visually-hidden">{t('actions')}</span></th> : <th scope="col">{t('problems.ended')}</th>}
          </tr>
        </thead>
        <tbody>
          {list.map((problem) => (
            <tr key={problem.id}>
              <th scope="row">
                {problemText(problem)}
                {['recurrence', 'relapse', 'remission', 'inactive'].includes(code(problem.clinicalStatus)) && <span className="chip">{code(problem.clinicalStatus)}</span>}
              </th>
              <td className="mono quiet">{code(problem.code)}</td>
              <td className="nowrap">{problem.onsetDateTime ? formatDate(problem.onsetDateTime, locale) : t('notKnown')}</td>
              <td className="nowrap">
                {canResolve ? (
                  <Button variant="default" onClick={() => setResolving(problem)}>
                    {t('problems.resolve')}<span className="visually-hidden"> {problemText(problem)}</span>
                  </Button>
                ) : problem.abatementDateTime ? (
                  formatDate(problem.abatementDateTime, locale)
                ) : (
                  t('notKnown')
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A list of one code system under the words of a clinician. */
export function CodePicker({ system, label, onPick, focused }: { system: string; label: string; onPick: (coding: Coding) => void; focused?: boolean }) {
  const { t } = useI18n();
  const [text, setText] = useState('');
  const codes = useCodes(system, useSettled(text, 150));
  return (
    <>
      <Picker
        label={label}
        placeholder={t('codes.placeholder')}
        text={text}
        onText={setText}
        options={text.trim().length >= 2 ? (codes.data ?? []) : []}
        busy={codes.isFetching}
        empty={text.trim().length >= 2 && codes.isSuccess ? t('codes.none') : undefined}
        keyOf={(coding) => coding.code ?? ''}
        render={(coding) => (<><span className="mono code">{coding.code}</span> {coding.display}</>)}
        onPick={(coding) => {
          setText(`${coding.code} ${coding.display ?? ''}`);
          onPick(coding);
        }}
        focused={focused}
      />
      {codes.isError && <Failure error={codes.error} onRetry={() => void codes.refetch()} />}
    </>
  );
}

function AddProblem({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const id = useChartPatient();
  const changed = useChartChanged(id);
  const [coding, setCoding] = useState<Coding>();
  const [onset, setOnset] = useState('');
  const save = useMutation({
    mutationFn: (chosen: Coding) =>
      create<Condition>({
        resourceType: 'Condition',
        clinicalStatus: { coding: [{ system: CLINICAL, code: 'active' }] },
        verificationStatus: { coding: [{ system: VERIFICATION, code: 'confirmed' }] },
        category: [{ coding: [{ system: CATEGORY, code: 'problem-list-item' }] }],
        code: { coding: [{ system: ICD10CM, code: chosen.code, display: chosen.display }], text: chosen.display },
        subject: { reference: `Patient/${id}` },
        onsetDateTime: onset || undefined,
        recordedDate: today(),
      }),
    onSuccess: async () => {
      await changed('Condition');
      onClose();
    },
  });
  const wrong = onset !== '' && (!isFhirDate(onset) || onset > today());
  return (
    <Dialog onClose={onClose} title={t('problems.add')} size="lg">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (coding && !wrong) save.mutate(coding);
        }}
      >
        <CodePicker system={ICD10CM} label={t('problems.search')} onPick={setCoding} focused />
        <TextInput type="date" label={t('problems.onset')} description={t('optional')} value={onset} max={today()} onChange={(event) => setOnset(event.currentTarget.value)} error={wrong ? t('form.dateWrong') : undefined} />
        {coding && <p>{t('problems.chosen')} <strong>{coding.display}</strong> <span className="mono quiet">{coding.code}</span></p>}
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!coding || wrong} loading={save.isPending}>{t('problems.add')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function ResolveProblem({ problem, onClose }: { problem: Stored<Condition>; onClose: () => void }) {
  const { t } = useI18n();
  const id = useChartPatient();
  const changed = useChartChanged(id);
  const [ended, setEnded] = useState(today());
  const onset = problem.onsetDateTime?.slice(0, 10) ?? '';
  const wrong = !isFhirDate(ended) || ended > today() || ended < onset;
  const save = useMutation({
    mutationFn: () =>
      update({ ...problem, clinicalStatus: { coding: [{ system: CLINICAL, code: 'resolved' }] }, abatementDateTime: ended }, undefined),
    onSuccess: async () => {
      await changed('Condition');
      onClose();
    },
  });
  return (
    <Dialog onClose={onClose} title={t('problems.resolve.title', { problem: problemText(problem) })}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!wrong) save.mutate();
        }}
      >
        <p>{t('problems.resolve.help')}</p>
        <TextInput type="date" label={t('problems.ended')} value={ended} min={onset || undefined} max={today()} onChange={(event) => setEnded(event.currentTarget.value)} error={wrong ? t('problems.endWrong') : undefined} data-autofocus />
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={wrong} loading={save.isPending}>{t('problems.resolve')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
