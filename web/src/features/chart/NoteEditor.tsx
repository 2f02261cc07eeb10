/** The note editor (S16), for every kind of note: typed text is kept as it is typed; signing is a second, deliberate step. */

import { Button, NativeSelect, TextInput, Textarea } from '@mantine/core';
import { type UseQueryResult, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { create, read, update } from '../../fhir/client';
import { LOINC, abnormality, conceptText, hasCode, observationText, observedAt, referenceId } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import type { Answer } from '../../fhir/http';
import { Loaded } from '../../fhir/Loaded';
import { useChart, useChartChanged, useMedicationRequests } from '../../fhir/queries';
import { useAuthor, useSession } from '../../fhir/session';
import type { Composition, Observation, Stored } from '../../fhir/types';
import { BLOOD_PRESSURE } from '../../fhir/vitals';
import { formatDateTime, now } from '../../lib/dates';
import { dropDraft, keepDraft, readDraft } from '../../lib/drafts';
import { useSettled } from '../../lib/hooks';
import { type Key, type Translation, useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { Dialog } from '../../ui/Dialog';
import { Loading, Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from './ChartLayout';
import { allergies, medicines, problemText, problems } from './facts';
import { medicineName, sigText } from './medicine';
import { CosignField } from './CosignField';
import { type Draft, type Keeping, type Kept, OWN_DRAFTS, draftOf, fieldsOf, placeOf, useKeeping, useKept, writesNotes } from './kept';
import { BLANK, KINDS, LONGEST, type NoteKind, type SectionKey, charactersLeft, composition, isSigned, kindOf, noteOf, partsOf, revised } from './note';
import { sign } from './signing';
import { Stamp } from './Stamp';
import { VisitField, useVisit } from './visit';

const route = getRouteApi('/patients/$id/notes/new');

/** What this tab keeps, with the version of the server's draft that it goes on from. */
interface InTab extends Draft {
  etag?: string;
}

const NOTHING: Observation = { resourceType: 'Observation', status: '', code: {} };

/** What one most likely writes. */
function ownKind(roles: readonly string[]): NoteKind {
  return roles.includes('nurse') && !roles.includes('doctor') ? 'nursing' : 'soap';
}

/** Facts of the chart for a note; waits for the chart, since "none" may only be said by what was read. */
type Fact = () => Promise<string>;

function fact<T>({ data, refetch }: UseQueryResult<T>, text: (data: T) => string): Fact {
  return async () => {
    if (data !== undefined) return text(data);
    const read = await refetch({ cancelRefetch: false });
    if (read.data === undefined) throw read.error ?? new Error('the chart did not answer');
    return text(read.data);
  };
}

/** What `/word` at the end of a line puts there: facts of the chart, frozen at this moment. */
function useFactsToInsert(id: string): Record<string, Fact> {
  const { t, locale } = useI18n();
  const vitals = useChart('Observation', id, { category: 'vital-signs', _sort: '-date' });
  const conditions = useChart('Condition', id);
  const results = useChart('Observation', id, { category: 'laboratory', _sort: '-date' });
  const requests = useMedicationRequests(id);
  const reported = useChart('AllergyIntolerance', id);
  return {
    '/bp': fact(vitals, ({ matches }) => {
      const last = matches.find((one) => hasCode(one.code, LOINC, BLOOD_PRESSURE));
      return last ? `${conceptText(last.code)} ${observationText(last)} (${formatDateTime(last.effectiveDateTime ?? '', locale)})` : t('vitals.none');
    }),
    '/results': fact(results, ({ matches }) => {
      const newest = observedAt(matches[0] ?? NOTHING);
      const list = matches.filter((one) => newest !== undefined && observedAt(one)?.slice(0, 10) === newest.slice(0, 10) && observationText(one) !== '');
      const facts = list.map((one) => [conceptText(one.code), observationText(one), abnormality(one)].filter(Boolean).join(' ')).join('; ');
      return newest && facts ? `${facts} (${formatDateTime(newest, locale)})` : t('results.none');
    }),
    '/vitals': fact(vitals, ({ matches }) => {
      const newest = matches[0]?.effectiveDateTime;
      const list = matches.filter((one) => one.effectiveDateTime === newest);
      const facts = list.map((one) => `${conceptText(one.code)} ${observationText(one)}`).join('; ');
      return newest ? `${facts} (${formatDateTime(newest, locale)})` : t('vitals.none');
    }),
    '/problems': fact(conditions, ({ matches }) => problems(matches).active.map(problemText).join('; ') || t('problems.none')),
    '/meds': fact(
      requests,
      ({ matches }) =>
        medicines(matches, medicineName)
          .current.map(({ request }) => [medicineName(request), sigText(t, request)].filter(Boolean).join(' – '))
          .join('\n') || t('medicines.none'),
    ),
    '/allergies': fact(reported, ({ matches }) => {
      const { active, none } = allergies(matches);
      return active.map((one) => conceptText(one.code)).join('; ') || (none ? conceptText(none.code) : t('allergies.notAsked'));
    }),
    // Skeletons to fill in: no finding is put into anybody's mouth.
    '/ros': () => Promise.resolve(t('phrase.ros')),
    '/exam': () => Promise.resolve(t('phrase.exam')),
    '/return': () => Promise.resolve(t('phrase.return')),
  };
}

/** A new note, one that was left unsigned, or the amendment of a signed one. */
export function NoteEditor() {
  const { note } = route.useSearch();
  const id = useChartPatient();
  const stored = useQuery({ queryKey: ['Composition', note], queryFn: ({ signal }) => read('Composition', note ?? '', signal), enabled: note !== undefined, gcTime: 0 });
  const kept = useKept(id, placeOf(note));
  if (kept === undefined) return <Loading rows={10} />;
  if (note === undefined) return <Editor key="new" kept={kept} />;
  return <Loaded query={stored} rows={10}>{(answer) => <Editor key={note} over={answer} kept={kept} />}</Loaded>;
}

/** What this tab kept, else what the server kept, else the stored note, else nothing. */
function begin(key: string, title: string, kind: NoteKind, over: Answer<Stored<Composition>> | undefined, kept: Answer<Kept> | null): Draft {
  const { etag: _, ...here } = readDraft<Partial<InTab>>(key) ?? {};
  const there = kept ? draftOf(kept.body.fields) : {};
  const stored = over?.body;
  return { kind: stored ? kindOf(stored) : kind, title: stored?.title ?? title, note: stored ? noteOf(stored, new DOMParser()) : BLANK, reason: '', ...there, ...here };
}

/** Whether another window or device kept something else since this tab did. */
function differs(key: string, kept: Answer<Kept> | null): boolean {
  const here = readDraft<InTab>(key);
  if (!here || !kept || here.etag === kept.etag) return false;
  return JSON.stringify(draftOf(fieldsOf(here))) !== JSON.stringify(draftOf(kept.body.fields));
}

/** Where the draft is kept, so that nobody believes that closing the window loses nothing when it would. */
function keptText(t: Translation['t'], keeping: Keeping, here: boolean): string {
  if (keeping === 'server') return t('note.keptServer');
  return here ? t('note.kept') : t('note.notKept');
}

function leftText(t: Translation['t'], text = ''): string | undefined {
  const left = charactersLeft(text);
  return left !== undefined && left >= 0 ? t('note.left', { count: left }) : undefined;
}

function tooLongText(t: Translation['t'], text = ''): string | undefined {
  const left = charactersLeft(text) ?? 0;
  return left < 0 ? t('note.tooLong', { most: LONGEST, count: -left }) : undefined;
}

function Editor({ over, kept }: { over?: Answer<Stored<Composition>>; kept: Answer<Kept> | null }) {
  const { t, locale } = useI18n();
  const id = useChartPatient();
  const { visit: asked, kind: wanted } = route.useSearch();
  // The version that the text began with: a read in the background must not move it.
  const [base] = useState(over);
  const amends = base !== undefined && isSigned(base.body);
  const key = base ? `note/${id}/${base.body.id}` : `note/${id}`;
  const session = useSession();
  const author = useAuthor();
  const navigate = useNavigate();
  const changed = useChartChanged(id);
  const facts = useFactsToInsert(id);
  const visit = useVisit(id, asked ?? referenceId(base?.body.encounter?.reference) ?? kept?.body.visit);
  const [draft, setDraft] = useState<Draft>(() => {
    const kind = wanted && wanted in KINDS ? (wanted as NoteKind) : ownKind(session.roles);
    return begin(key, t(`note.kind.${kind}`), kind, base, kept);
  });
  const [signing, setSigning] = useState(false);
  const [cosigner, setCosigner] = useState<string>();
  const settled = useSettled(draft, 400);
  const finished = useRef(false);
  const client = useQueryClient();
  const parts = partsOf(draft.kind, draft.note);
  const written = parts.some(({ key: part }) => (draft.note[part] ?? '').trim() !== '') && !visit.undecided;
  // Whoever looks at a stored note and leaves has begun nothing.
  const [first] = useState(draft);
  const [restored] = useState(() => kept !== null || readDraft(key) !== undefined);
  const begun = (restored || settled !== first) && Object.values(settled.note).some(Boolean);
  // What the server keeps began elsewhere: which of the two goes on is for whoever wrote both to say.
  const [other, setOther] = useState(() => (differs(key, kept) ? kept : null));
  const [etag, setEtag] = useState(() => (other ? readDraft<InTab>(key)?.etag : kept?.etag));
  const visitId = referenceId(visit.reference);
  const typed = useMemo(() => (begun && !other && writesNotes(session.roles) ? { visit: visitId, fields: fieldsOf(settled) } : undefined), [begun, other, session.roles, settled, visitId]);
  const { keeping, insist, drop } = useKeeping({ patient: id, place: placeOf(base?.body.id), typed, began: kept, onKept: setEtag });
  // Keeping the same text twice does no harm, so this may run with the rendering that shows its outcome.
  const here = useMemo(() => (begun ? keepDraft(key, { ...settled, etag }) : undefined), [begun, etag, key, settled]);
  // A last rendering may keep the draft once more, so it is dropped again when the page has gone.
  useEffect(
    () => () => {
      if (finished.current) dropDraft(key);
    },
    [key],
  );
  const leave = () => {
    finished.current = true;
    dropDraft(key);
    void drop().then(() => client.invalidateQueries({ queryKey: OWN_DRAFTS }));
    void navigate({ to: '/patients/$id/notes', params: { id } });
  };
  const save = useMutation({
    mutationFn: (how: 'draft' | 'signed'): Promise<unknown> => {
      const at = now();
      const by = author ?? { display: session.name };
      const title = draft.title.trim() || t(`note.kind.${draft.kind}`);
      if (!base) {
        const note = composition(draft.note, { patient: id, title, at, author: by, encounter: visit.reference, kind: draft.kind });
        return how === 'signed' ? sign(note, { cosigner }) : create(note);
      }
      const heading = t('note.amended.by', { name: session.name, time: formatDateTime(at, locale) });
      const reason = amends ? { heading, text: draft.reason.trim() } : undefined;
      const note = revised(base.body, draft.note, { title, at, encounter: visit.reference, reason, kind: amends ? undefined : draft.kind });
      return how === 'signed' ? sign(note, { cosigner, reason: reason?.text }) : update(note, base.etag);
    },
    onSuccess: async () => {
      await changed('Composition');
      leave();
    },
  });
  const write = (section: SectionKey, change: (text: string) => string) =>
    setDraft((before) => ({ ...before, note: { ...before.note, [section]: change(before.note[section] ?? '') } }));
  const insert = useMutation({
    mutationFn: ({ fact }: { section: SectionKey; command: string; fact: Fact }) => fact(),
    onSuccess: (found, { section, command }) => write(section, (text) => text.replace(`${command}\n`, () => `${found}\n`)),
  });
  const type = (section: SectionKey, text: string) => {
    write(section, () => text);
    const command = /(?:^|\s)(\/[a-z]+)\n$/.exec(text)?.[1];
    const wanted = command && facts[command];
    if (wanted) insert.mutate({ section, command, fact: wanted });
  };
  const long = parts.filter(({ key: part }) => (charactersLeft(draft.note[part] ?? '') ?? 0) < 0);
  const savable = written && long.length === 0;
  const signable = savable && (!amends || draft.reason.trim().length >= 3);
  useShortcuts({ 'mod+Enter': () => signable && setSigning(true), 'mod+s': () => savable && !amends && save.mutate('draft') });
  const missing = parts.filter(({ key: part }) => (draft.note[part] ?? '').trim() === '');
  /** A title that nobody has changed goes along with the kind; what is written stays, whatever the kind. */
  const become = (kind: NoteKind) =>
    setDraft((before) => ({ ...before, kind, title: before.title === t(`note.kind.${before.kind}`) ? t(`note.kind.${kind}`) : before.title }));
  return (
    <Panel title={t(amends ? 'note.amend' : base ? 'note.continue' : 'note.new')} aside={here === undefined ? undefined : keptText(t, keeping, here)}>
      <form className="note" onSubmit={(event) => { event.preventDefault(); if (signable) setSigning(true); }}>
        {other && (
          <Notice tone="warning" icon="alert" title={t('note.other', { time: formatDateTime(other.body.updatedAt, locale) })}>
            <div className="form-actions">
              <Button type="button" variant="default" onClick={() => { setDraft({ ...draft, ...draftOf(other.body.fields) }); setEtag(other.etag); setOther(null); }}>{t('note.other.take')}</Button>
              <Button type="button" variant="default" onClick={() => { setEtag(other.etag); setOther(null); }}>{t('note.other.keep')}</Button>
            </div>
          </Notice>
        )}
        {!other && keeping === 'other' && (
          <Notice tone="warning" icon="alert" title={t('note.elsewhere')}>
            <div className="form-actions"><Button type="button" variant="default" onClick={() => void insist()}>{t('note.other.keep')}</Button></div>
          </Notice>
        )}
        {keeping === 'full' && <Notice tone="warning" icon="alert" title={t('note.full')} />}
        {!author && <Notice tone="warning" icon="shield" title={t('orders.noAuthor')} />}
        <div className="fields note-head">
          <NativeSelect label={t('note.kind')} value={draft.kind} disabled={amends} onChange={(event) => become(event.currentTarget.value as NoteKind)} data={(Object.keys(KINDS) as NoteKind[]).map((value) => ({ value, label: t(`note.kind.${value}`) }))} />
          <TextInput label={t('note.title')} value={draft.title} onChange={(event) => setDraft({ ...draft, title: event.currentTarget.value })} autoComplete="off" />
          <VisitField visit={visit} />
        </div>
        {parts.map((section, index) => (
          <Textarea
            key={section.key}
            label={t(`note.${section.key}` as Key)}
            description={[index === 0 && t('note.commands', { commands: Object.keys(facts).join(' ') }), leftText(t, draft.note[section.key])].filter(Boolean).join(' ') || undefined}
            error={tooLongText(t, draft.note[section.key])}
            autosize
            minRows={3}
            maxRows={20}
            value={draft.note[section.key] ?? ''}
            onChange={(event) => type(section.key, event.currentTarget.value)}
          />
        ))}
        {amends && <TextInput label={t('note.reason')} description={t('note.reason.help')} value={draft.reason} onChange={(event) => setDraft({ ...draft, reason: event.currentTarget.value })} required autoComplete="off" />}
        {insert.isError && <Notice tone="warning" icon="alert" title={t('note.factUnread', { command: insert.variables.command })} />}
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!signable}>{t('note.sign')}</Button>
          {!amends && <Button type="button" size="sm" variant="default" disabled={!savable} loading={save.isPending} onClick={() => save.mutate('draft')}>{t('note.saveDraft')}</Button>}
          <Button type="button" size="sm" variant="subtle" onClick={leave}>{t('note.discard')}</Button>
        </div>
      </form>
      {signing && (
        <Dialog onClose={() => setSigning(false)} title={t('note.sign.title')}>
          <div className="stack">
            <Stamp />
            <p>{t(amends ? 'note.amend.help' : 'note.sign.help', { name: session.name })}</p>
            {!amends && <CosignField ask={cosigner} onAsk={setCosigner} />}
            {missing.length > 0 && <p className="quiet">{t('note.sign.missing', { sections: missing.map((section) => t(`note.${section.key}` as Key)).join(', ') })}</p>}
            {save.isError && <Failure error={save.error} />}
            <div className="form-actions">
              <Button size="sm" loading={save.isPending} onClick={() => save.mutate('signed')} data-autofocus>{t('note.sign.do')}</Button>
              <Button size="sm" variant="default" onClick={() => setSigning(false)}>{t('cancel')}</Button>
            </div>
          </div>
        </Dialog>
      )}
    </Panel>
  );
}
