/** Allergies (S13): what is known, what was asked and denied, and what nobody asked yet. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { create, transaction } from '../../fhir/client';
import { code, conceptText } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useChart, useChartChanged } from '../../fhir/queries';
import { useSession } from '../../fhir/session';
import type { AllergyIntolerance, Stored } from '../../fhir/types';
import { formatDate, now } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Empty, Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from './ChartLayout';
import { NO_KNOWN_ALLERGY, allergies } from './facts';

const CLINICAL = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical';
const VERIFICATION = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification';
const status = (system: string, value: string) => ({ coding: [{ system, code: value }] });

export function AllergiesPage() {
  const { t, locale } = useI18n();
  const id = useChartPatient();
  const query = useChart('AllergyIntolerance', id);
  const [adding, setAdding] = useState(false);
  return (
    <Loaded query={query} rows={5}>
      {({ matches }) => {
        const { active, past, none, denials } = allergies(matches);
        const stated = none?.recordedDate ? formatDate(none.recordedDate, locale) : t('banner.dateUnknown');
        return (
          <div className="stack">
            {adding && <AddAllergy denials={denials} onClose={() => setAdding(false)} />}
            <Panel title={t('allergies.active')} aside={active.length || undefined} actions={<Button leftSection={<Icon name="plus" />} onClick={() => setAdding(true)}>{t('allergies.add')}</Button>}>
              {active.length > 0 && <Rows list={active} />}
              {none && <Notice tone="info" icon="check" title={t('banner.allergies.none', { when: stated })}>{none.recorder?.display && <p className="quiet">{t('by', { name: none.recorder.display })}</p>}</Notice>}
              {active.length === 0 && !none && <Empty action={<SayNone />}>{t('allergies.notAsked')}</Empty>}
            </Panel>
            {past.length > 0 && <Panel title={t('allergies.past')} aside={past.length}><Rows list={past} /></Panel>}
          </div>
        );
      }}
    </Loaded>
  );
}

function Rows({ list }: { list: Stored<AllergyIntolerance>[] }) {
  const { t, locale } = useI18n();
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('allergies.substance')}</th>
            <th scope="col">{t('allergies.reaction')}</th>
            <th scope="col">{t('allergies.criticality')}</th>
            <th scope="col">{t('allergies.certainty')}</th>
            <th scope="col">{t('recorded')}</th>
          </tr>
        </thead>
        <tbody>
          {list.map((allergy) => (
            <tr key={allergy.id}>
              <th scope="row">
                {conceptText(allergy.code)}
                {allergy.type === 'intolerance' && <span className="chip">{t('allergies.intolerance')}</span>}
              </th>
              <td>{allergy.reaction?.flatMap((one) => one.manifestation ?? []).map(conceptText).join(', ') || <span className="quiet">{t('notKnown')}</span>}</td>
              <td>{allergy.criticality === 'high' ? <b className="critical"><Icon name="alert" size={14} />{t('allergy.high')}</b> : allergy.criticality === 'low' ? t('allergy.low') : <span className="quiet">{t('notKnown')}</span>}</td>
              <td>{code(allergy.verificationStatus) ? t(`verification.${code(allergy.verificationStatus)}` as Key) : <span className="quiet">{t('notKnown')}</span>}</td>
              <td className="nowrap">{allergy.recordedDate ? formatDate(allergy.recordedDate, locale) : <span className="quiet">{t('notKnown')}</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The statement that somebody asked and there is none: recorded, dated and signed like any other fact. */
function SayNone() {
  const { t } = useI18n();
  const id = useChartPatient();
  const session = useSession();
  const changed = useChartChanged(id);
  const save = useMutation({
    mutationFn: () =>
      create<AllergyIntolerance>({
        resourceType: 'AllergyIntolerance',
        clinicalStatus: status(CLINICAL, 'active'),
        verificationStatus: status(VERIFICATION, 'confirmed'),
        code: NO_KNOWN_ALLERGY,
        patient: { reference: `Patient/${id}` },
        recordedDate: now(),
        recorder: { reference: session.fhirUser, display: session.name },
      }),
    onSuccess: () => changed('AllergyIntolerance'),
  });
  return (
    <>
      <Button variant="default" loading={save.isPending} onClick={() => save.mutate()}>{t('allergies.sayNone')}</Button>
      {save.isError && <Failure error={save.error} onRetry={() => save.mutate()} />}
    </>
  );
}

function AddAllergy({ denials, onClose }: { denials: Stored<AllergyIntolerance>[]; onClose: () => void }) {
  const { t } = useI18n();
  const id = useChartPatient();
  const session = useSession();
  const changed = useChartChanged(id);
  const [typed, setTyped] = useState({ substance: '', reaction: '', type: 'allergy', criticality: '' });
  const set = (part: Partial<typeof typed>) => setTyped({ ...typed, ...part });
  const save = useMutation({
    mutationFn: async () => {
      const { substance, reaction, type, criticality } = typed;
      const allergy: AllergyIntolerance = {
        resourceType: 'AllergyIntolerance',
        clinicalStatus: status(CLINICAL, 'active'),
        verificationStatus: status(VERIFICATION, 'confirmed'),
        type,
        criticality: criticality || undefined,
        code: { text: substance.trim() },
        patient: { reference: `Patient/${id}` },
        recordedDate: now(),
        recorder: { reference: session.fhirUser, display: session.name },
        reaction: reaction.trim() ? [{ manifestation: [{ text: reaction.trim() }] }] : undefined,
      };
      // An earlier "none known" ends with it: neither stands beside the other, not for a moment.
      const ended = denials.map((one) => ({ ...one, clinicalStatus: status(CLINICAL, 'inactive') }));
      await transaction([allergy, ...ended]);
    },
    onSuccess: async () => {
      await changed('AllergyIntolerance');
      onClose();
    },
  });
  const ready = typed.substance.trim() !== '';
  return (
    <Dialog onClose={onClose} title={t('allergies.add')}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) save.mutate();
        }}
      >
        <TextInput label={t('allergies.substance')} value={typed.substance} onChange={(event) => set({ substance: event.currentTarget.value })} data-autofocus required autoComplete="off" />
        <TextInput label={t('allergies.reaction')} description={t('optional')} value={typed.reaction} onChange={(event) => set({ reaction: event.currentTarget.value })} autoComplete="off" />
        <NativeSelect label={t('allergies.kind')} value={typed.type} onChange={(event) => set({ type: event.currentTarget.value })} data={[{ value: 'allergy', label: t('allergies.allergy') }, { value: 'intolerance', label: t('allergies.intolerance') }]} />
        <NativeSelect label={t('allergies.criticality')} value={typed.criticality} onChange={(event) => set({ criticality: event.currentTarget.value })} data={[{ value: '', label: t('notKnown') }, { value: 'high', label: t('allergy.high') }, { value: 'low', label: t('allergy.low') }]} />
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={save.isPending}>{t('allergies.add')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
