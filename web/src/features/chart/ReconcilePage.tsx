/** Reconciling medicines (S14): two sources side by side, a decision for every line, nothing decided in advance. */

import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { create, transaction } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useChart, useChartChanged, useMedicationRequests } from '../../fhir/queries';
import { useAuthor } from '../../fhir/session';
import { now } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from './ChartLayout';
import { medicines } from './facts';
import { medicineName, sigText } from './medicine';
import { type Decision, type Line, lines, reconciliation, statement } from './reconcile';
import { LastReconciled } from './Reconciled';
import { Stamp } from './Stamp';
import '../orders/orders.css';

export function ReconcilePage() {
  const { t } = useI18n();
  const id = useChartPatient();
  const requests = useMedicationRequests(id);
  const statements = useChart('MedicationStatement', id);
  return (
    <div className="stack">
      <Panel title={t('reconcile.title')}>
        <Stamp />
        <LastReconciled />
        <Loaded query={requests} rows={5}>
          {(prescribed) => (
            <Loaded query={statements} rows={5}>
              {(reported) => <Decisions all={lines(medicines(prescribed.matches, medicineName).current, reported.matches)} />}
            </Loaded>
          )}
        </Loaded>
      </Panel>
      <Reported />
    </div>
  );
}

function Decisions({ all }: { all: Line[] }) {
  const { t } = useI18n();
  const id = useChartPatient();
  const author = useAuthor();
  const navigate = useNavigate();
  const changed = useChartChanged(id);
  const [decisions, setDecisions] = useState<Record<string, Decision>>({});
  const [reason, setReason] = useState('');
  const open = all.filter((line) => !decisions[line.key]).length;
  const stops = all.some((line) => decisions[line.key] === 'stop');
  const ready = all.length > 0 && open === 0 && (!stops || reason.trim().length >= 3);
  const save = useMutation({
    mutationFn: () => transaction(reconciliation(all, decisions, { patient: id, at: now(), author, title: 'Medication reconciliation', reason: reason.trim() })),
    onSuccess: async () => {
      await Promise.all([changed('MedicationRequest'), changed('MedicationStatement'), changed('List')]);
      void navigate({ to: '/patients/$id/medicines', params: { id } });
    },
  });
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (ready && !save.isPending) save.mutate();
  };
  useShortcuts({ 'mod+Enter': submit });
  if (all.length === 0) return <Empty>{t('medicines.none')}</Empty>;
  return (
    <form className="stack" onSubmit={submit}>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t('medicines.medicine')}</th>
              <th scope="col">{t('reconcile.prescribed')}</th>
              <th scope="col">{t('reconcile.reported')}</th>
              <th scope="col">{t('reconcile.decision')}</th>
            </tr>
          </thead>
          <tbody>
            {all.map((line) => (
              <Row key={line.key} line={line} decision={decisions[line.key]} onDecide={(decision) => setDecisions({ ...decisions, [line.key]: decision })} />
            ))}
          </tbody>
        </table>
      </div>
      {stops && <TextInput label={t('medicines.stop.reason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} required autoComplete="off" />}
      {save.isError && <Failure error={save.error} />}
      <div className="form-actions">
        <Button type="submit" size="sm" disabled={!ready} loading={save.isPending}>{t('reconcile.save')}</Button>
        <span className="quiet" role="status">{open > 0 ? t('reconcile.open', { count: open }) : ''}</span>
      </div>
    </form>
  );
}

function Row({ line, decision, onDecide }: { line: Line; decision: Decision | undefined; onDecide: (decision: Decision) => void }) {
  const { t } = useI18n();
  const { reported } = line;
  const prescribed = line.prescribed?.request;
  const name = medicineName(prescribed ?? reported ?? {});
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{prescribed ? sigText(t, prescribed) || t('orders.noDose') : <span className="quiet">{t('reconcile.notPrescribed')}</span>}</td>
      <td>{reported ? sigText(t, { dosageInstruction: reported.dosage }) || t('reconcile.taken') : <span className="quiet">{t('reconcile.notSaid')}</span>}</td>
      <td>
        <fieldset className="filters">
          <legend className="visually-hidden">{name}</legend>
          {(['keep', 'stop'] as const).map((one) => (
            <label key={one} className="choice">
              <input type="radio" name={`decision-${line.key}`} checked={decision === one} onChange={() => onDecide(one)} /> {t(`reconcile.${one}`)}
            </label>
          ))}
        </fieldset>
      </td>
    </tr>
  );
}

/** What the patient takes and nobody here prescribed. */
function Reported() {
  const { t } = useI18n();
  const id = useChartPatient();
  const changed = useChartChanged(id);
  const [name, setName] = useState('');
  const [how, setHow] = useState('');
  const save = useMutation({
    mutationFn: () => create(statement(name, how, { patient: id, at: now() })),
    onSuccess: async () => {
      await changed('MedicationStatement');
      setName('');
      setHow('');
    },
  });
  const ready = name.trim().length >= 2;
  return (
    <Panel title={t('reconcile.add')}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) save.mutate();
        }}
      >
        <div className="fields reported-fields">
          <TextInput label={t('medicines.medicine')} value={name} onChange={(event) => setName(event.currentTarget.value)} autoComplete="off" />
          <TextInput label={t('medicines.sig')} description={t('optional')} value={how} onChange={(event) => setHow(event.currentTarget.value)} autoComplete="off" />
        </div>
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions"><Button type="submit" disabled={!ready} loading={save.isPending}>{t('reconcile.addDo')}</Button></div>
      </form>
    </Panel>
  );
}
