/** The workspace of a visit (S20): where it stands, what was written in it, and the check before it is closed. */

import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { read, update } from '../../fhir/client';
import { conceptText, observationText } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useChart, useChartChanged, useMedicationRequests } from '../../fhir/queries';
import type { Encounter, Stored } from '../../fhir/types';
import { formatDateTime, now } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { LinkButton } from '../../ui/LinkButton';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from '../chart/ChartLayout';
import { encounterText } from '../chart/encounter';
import { isOpen } from '../chart/facts';
import { useOwnDrafts } from '../chart/kept';
import { isSigned } from '../chart/note';
import { Stamp } from '../chart/Stamp';
import { OrderLine } from '../orders/OrderLine';
import { STAGES, type Check, exitCheck, moved, within } from './visit';
import './encounters.css';

const route = getRouteApi('/patients/$id/encounters/$encounter');

export function EncounterPage() {
  const { encounter } = route.useParams();
  const stored = useQuery({ queryKey: ['Encounter', encounter], queryFn: ({ signal }) => read('Encounter', encounter, signal) });
  return <Loaded query={stored} rows={8}>{(answer) => <Workspace encounter={answer.body} onMoved={() => void stored.refetch()} />}</Loaded>;
}

/** What of the chart was written in this visit. */
function useWritten(encounter: string) {
  const id = useChartPatient();
  const notes = useChart('Composition', id, { _sort: '-date' });
  const vitals = useChart('Observation', id, { category: 'vital-signs', _sort: '-date' });
  const tests = useChart('ServiceRequest', id, { _sort: '-authored' });
  const requests = useMedicationRequests(id);
  const drafts = useOwnDrafts();
  const queries = [notes, vitals, tests, requests];
  return {
    ready: queries.every((query) => query.data !== undefined),
    error: [...queries, drafts].find((query) => query.isError)?.error,
    unfinished: (drafts.data ?? []).filter((one) => one.patient === id && one.visit === encounter).length,
    notes: within(notes.data?.matches ?? [], encounter),
    vitals: within(vitals.data?.matches ?? [], encounter),
    orders: [...within(requests.data?.matches ?? [], encounter), ...within(tests.data?.matches ?? [], encounter)],
  };
}

function Workspace({ encounter, onMoved }: { encounter: Stored<Encounter>; onMoved: () => void }) {
  const { t, locale } = useI18n();
  const id = useChartPatient();
  const changed = useChartChanged(id);
  const written = useWritten(encounter.id);
  const [closing, setClosing] = useState(false);
  const open = isOpen(encounter);
  const move = useMutation({
    mutationFn: (status: string) => update(moved(encounter, status, now()), undefined),
    onSettled: async () => {
      await changed('Encounter');
      onMoved();
      setClosing(false);
    },
  });
  const at = STAGES.indexOf(encounter.status as (typeof STAGES)[number]);
  const next = STAGES[at + 1];
  const search = { visit: encounter.id };
  return (
    <div className="stack">
      {closing && <CloseDialog checks={exitCheck(written)} busy={move.isPending} onDo={() => move.mutate('finished')} onCancel={() => setClosing(false)} />}
      <Panel title={encounterText(encounter) || t('encounters.what')} aside={encounter.period?.start && formatDateTime(encounter.period.start, locale)}>
        <ol className="stages" aria-label={t('visit.stages')}>
          {STAGES.map((stage, index) => (
            <li key={stage} aria-current={stage === encounter.status ? 'step' : undefined} className={index < at ? 'stage-done' : undefined}>
              {index < at && <Icon name="check" size={14} />} {t(`stage.${stage}` as Key)}
            </li>
          ))}
        </ol>
        {at < 0 && <p><span className="chip">{t(`encounter.${encounter.status}` as Key)}</span></p>}
        {written.error && <Failure error={written.error} />}
        {move.isError && <Failure error={move.error} />}
        {open && (
          <div className="form-actions">
            {next && next !== 'finished' && <Button size="sm" loading={move.isPending} onClick={() => move.mutate(next)}>{t('visit.next', { stage: t(`stage.${next}` as Key) })}</Button>}
            <Button size="sm" variant={next === 'finished' ? 'filled' : 'default'} disabled={!written.ready} onClick={() => setClosing(true)}>{t('visit.close')}</Button>
          </div>
        )}
      </Panel>
      <div className="workspace">
        <Section title={t('notes.notes')} count={written.notes.length} action={open && <LinkButton component="a" variant="default" to="/patients/$id/notes/new" params={{ id }} search={search}>{t('note.new')}</LinkButton>}>
          {written.notes.map((note) => (
            <li key={note.id}>
              {isSigned(note) ? <span>{note.title}</span> : <Link to="/patients/$id/notes/new" params={{ id }} search={{ note: note.id }}>{note.title}</Link>}
              {!isSigned(note) && <span className="chip chip-warning">{t('notes.unsigned')}</span>}
              <span className="quiet nowrap">{note.author[0]?.display}</span>
            </li>
          ))}
        </Section>
        <Section title={t('chart.vitals')} count={written.vitals.length} action={open && <LinkButton component="a" variant="default" to="/patients/$id/vitals/new" params={{ id }} search={search}>{t('vitals.add')}</LinkButton>}>
          {written.vitals.map((one) => (
            <li key={one.id}><span>{conceptText(one.code)}</span><span className="number">{observationText(one)}</span></li>
          ))}
        </Section>
        <Section title={t('orders.title')} count={written.orders.length} action={open && <LinkButton component="a" variant="default" to="/patients/$id/orders" params={{ id }} search={search}>{t('orders.new')}</LinkButton>}>
          {written.orders.map((order) => (
            <li key={order.id}><OrderLine order={order} />{order.status === 'draft' && <span className="chip chip-warning">{t('notes.unsigned')}</span>}</li>
          ))}
        </Section>
      </div>
    </div>
  );
}

function Section({ title, count, action, children }: { title: string; count: number; action: ReactNode; children: ReactNode }) {
  const { t } = useI18n();
  return (
    <Panel title={title} aside={count || undefined} actions={action || undefined}>
      {count === 0 ? <Empty>{t('visit.nothing')}</Empty> : <ul className="facts">{children}</ul>}
    </Panel>
  );
}

function CloseDialog({ checks, busy, onDo, onCancel }: { checks: Check[]; busy: boolean; onDo: () => void; onCancel: () => void }) {
  const { t } = useI18n();
  const blocked = checks.some((one) => one.blocks);
  return (
    <Dialog onClose={onCancel} title={t('visit.close.title')}>
      <div className="stack">
        <Stamp />
        {checks.length === 0 && <p className="state"><Icon name="check" /> {t('visit.complete')}</p>}
        <ul className="plain stack">
          {checks.map((one) => (
            <li key={one.kind} className={`notice ${one.blocks ? 'notice-danger' : 'notice-warning'}`}><Icon name="alert" size={16} /> <strong>{t(`check.${one.kind}` as Key, { count: one.count })}</strong></li>
          ))}
        </ul>
        {blocked && <p>{t('visit.blocked')}</p>}
        <div className="form-actions">
          <Button size="sm" disabled={blocked} loading={busy} onClick={onDo}>{t('visit.close.do')}</Button>
          <Button size="sm" variant="default" onClick={onCancel}>{t('cancel')}</Button>
        </div>
      </div>
    </Dialog>
  );
}
