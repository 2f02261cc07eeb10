/** The SOAP note editor (S16): typed text is kept as it is typed; signing is a second, deliberate step. */

import { Button, TextInput, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { create } from '../../fhir/client';
import { conceptText, mrn, observationText, patientName } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { useChart, useChartChanged, useMedicationRequests, usePatient } from '../../fhir/queries';
import { useSession } from '../../fhir/session';
import { formatDateTime, now } from '../../lib/dates';
import { dropDraft, keepDraft, readDraft } from '../../lib/drafts';
import { useSettled } from '../../lib/hooks';
import { type Key, useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { Dialog } from '../../ui/Dialog';
import { Panel } from '../../ui/Panel';
import { bornText } from '../patients/PatientFacts';
import { useChartPatient } from './ChartLayout';
import { allergies, medicines, problemText, problems } from './facts';
import { medicineName, sigText } from './medicine';
import { BLANK, type Note, SECTIONS, type SectionKey, composition } from './note';

interface Draft {
  title: string;
  note: Note;
}

/** What `/word` at the end of a line puts there: facts of the chart, frozen at this moment. */
function useFactsToInsert(id: string): Record<string, () => string> {
  const { t, locale } = useI18n();
  const vitals = useChart('Observation', id, { category: 'vital-signs', _sort: '-date' });
  const conditions = useChart('Condition', id);
  const requests = useMedicationRequests(id);
  const reported = useChart('AllergyIntolerance', id);
  return {
    '/vitals': () => {
      const newest = vitals.data?.matches[0]?.effectiveDateTime;
      const list = vitals.data?.matches.filter((one) => one.effectiveDateTime === newest) ?? [];
      const facts = list.map((one) => `${conceptText(one.code)} ${observationText(one)}`).join('; ');
      return newest ? `${facts} (${formatDateTime(newest, locale)})` : t('vitals.none');
    },
    '/problems': () => problems(conditions.data?.matches ?? []).active.map(problemText).join('; ') || t('problems.none'),
    '/meds': () =>
      medicines(requests.data?.matches ?? [], medicineName)
        .current.map(({ request }) => [medicineName(request), sigText(t, request)].filter(Boolean).join(' – '))
        .join('\n') || t('medicines.none'),
    '/allergies': () => {
      const { active, none } = allergies(reported.data?.matches ?? []);
      return active.map((one) => conceptText(one.code)).join('; ') || (none ? conceptText(none.code) : t('allergies.notAsked'));
    },
  };
}

export function NoteEditor() {
  const { t, locale } = useI18n();
  const id = useChartPatient();
  const key = `note/${id}`;
  const session = useSession();
  const navigate = useNavigate();
  const changed = useChartChanged(id);
  const patient = usePatient(id).data?.body;
  const facts = useFactsToInsert(id);
  const [draft, setDraft] = useState<Draft>(() => readDraft<Draft>(key) ?? { title: t('note.title.default'), note: BLANK });
  const [signing, setSigning] = useState(false);
  const settled = useSettled(draft, 400);
  const written = SECTIONS.some((section) => draft.note[section.key].trim() !== '');
  const begun = Object.values(settled.note).some(Boolean);
  // Keeping the same text twice does no harm, so this may run with the rendering that shows its outcome.
  const kept = useMemo(() => (begun ? keepDraft(key, settled) : undefined), [begun, key, settled]);
  const leave = () => {
    dropDraft(key);
    void navigate({ to: '/patients/$id/notes', params: { id } });
  };
  const save = useMutation({
    mutationFn: (status: 'preliminary' | 'final') => {
      const author = { reference: session.fhirUser, display: session.name };
      return create(composition(draft.note, { patient: id, title: draft.title.trim() || t('note.title.default'), at: now(), author, status }));
    },
    onSuccess: async () => {
      await changed('Composition');
      leave();
    },
  });
  const type = (section: SectionKey, text: string) => {
    const command = /(?:^|\s)(\/[a-z]+)\n$/.exec(text)?.[1];
    const fact = command && facts[command]?.();
    setDraft({ ...draft, note: { ...draft.note, [section]: fact ? `${text.slice(0, -command.length - 1)}${fact}\n` : text } });
  };
  useShortcuts({ 'mod+Enter': () => written && setSigning(true), 'mod+s': () => written && save.mutate('preliminary') });
  const missing = SECTIONS.filter((section) => draft.note[section.key].trim() === '');
  return (
    <Panel title={t('note.new')} aside={kept === undefined ? undefined : kept ? t('note.kept') : t('note.notKept')}>
      <form className="note" onSubmit={(event) => { event.preventDefault(); if (written) setSigning(true); }}>
        <TextInput label={t('note.title')} value={draft.title} onChange={(event) => setDraft({ ...draft, title: event.currentTarget.value })} autoComplete="off" />
        {SECTIONS.map((section, index) => (
          <Textarea
            key={section.key}
            label={t(`note.${section.key}` as Key)}
            description={index === 0 ? t('note.commands', { commands: Object.keys(facts).join(' ') }) : undefined}
            autosize
            minRows={3}
            maxRows={20}
            value={draft.note[section.key]}
            onChange={(event) => type(section.key, event.currentTarget.value)}
          />
        ))}
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!written}>{t('note.sign')}</Button>
          <Button type="button" size="sm" variant="default" disabled={!written} loading={save.isPending} onClick={() => save.mutate('preliminary')}>{t('note.saveDraft')}</Button>
          <Button type="button" size="sm" variant="subtle" onClick={leave}>{t('note.discard')}</Button>
        </div>
      </form>
      {signing && patient && (
        <Dialog onClose={() => setSigning(false)} title={t('note.sign.title')}>
          <div className="stack">
            <p><strong>{patientName(patient)}</strong> · {bornText(t, locale, patient)} · {mrn(patient)?.value ?? t('notKnown')}</p>
            <p>{t('note.sign.help', { name: session.name })}</p>
            {missing.length > 0 && <p className="quiet">{t('note.sign.missing', { sections: missing.map((section) => t(`note.${section.key}` as Key)).join(', ') })}</p>}
            {save.isError && <Failure error={save.error} />}
            <div className="form-actions">
              <Button size="sm" loading={save.isPending} onClick={() => save.mutate('final')} data-autofocus>{t('note.sign.do')}</Button>
              <Button size="sm" variant="default" onClick={() => setSigning(false)}>{t('cancel')}</Button>
            </div>
          </div>
        </Dialog>
      )}
    </Panel>
  );
}
