/** Notes (S16): what was written here; unsigned is never mistaken for signed. */

import { Button, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { history } from '../../fhir/client';
import { conceptText, referenceId } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import type { Answer } from '../../fhir/http';
import { Loaded } from '../../fhir/Loaded';
import { useChart, useChartChanged } from '../../fhir/queries';
import { useAuthor, useSession } from '../../fhir/session';
import type { Composition, Stored } from '../../fhir/types';
import { formatDateTime, now } from '../../lib/dates';
import { dropDraft, keepDraft, readDraft } from '../../lib/drafts';
import { type Translation, useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Empty, Loading, Notice } from '../../ui/Notice';
import { LinkButton } from '../../ui/LinkButton';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from './ChartLayout';
import { CosignActions } from './Cosign';
import { CosignField } from './CosignField';
import { NewMark, useLooked } from './looked';
import { type Kept, type Listed, OWN_DRAFTS, discard, targetOf, useKeeping, useKept, useOwnDrafts, writesNotes } from './kept';
import { KINDS, LONGEST, addendum, appendsTo, charactersLeft, isSigned, isWaiting, kindOf, plain } from './note';
import { pdf, sign } from './signing';
import { Stamp } from './Stamp';

const route = getRouteApi('/patients/$id/notes');

export function NotesPage() {
  const { t } = useI18n();
  const id = useChartPatient();
  const { open } = route.useSearch();
  const notes = useChart('Composition', id, { _sort: '-date' });
  const [adding, setAdding] = useState<Stored<Composition>>();
  const add = (
    <LinkButton component="a" to="/patients/$id/notes/new" params={{ id }} search={{}} leftSection={<Icon name="plus" />}>
      {t('note.new')}
    </LinkButton>
  );
  return (
    <div className="stack">
      {adding && <AddendumDialog to={adding} onClose={() => setAdding(undefined)} />}
      <Unfinished onAdd={(note) => setAdding(notes.data?.matches.find((one) => one.id === note))} />
      <Panel title={t('notes.notes')} aside={notes.data?.matches.length} actions={add}>
        <Loaded query={notes} rows={4}>
          {({ matches }) => {
            if (matches.length === 0) return <Empty>{t('notes.none')}</Empty>;
            const addenda = matches.filter((one) => appendsTo(one) !== undefined).reverse();
            const own = matches.filter((one) => !addenda.includes(one) && one.status !== 'entered-in-error');
            return own.map((note) => <NoteItem key={note.id} note={note} addenda={addenda.filter((one) => appendsTo(one) === note.id)} isOpen={open !== undefined && [note.id, ...addenda.filter((one) => appendsTo(one) === note.id).map((one) => one.id)].includes(open)} onAdd={() => setAdding(note)} />);
          }}
        </Loaded>
      </Panel>
    </div>
  );
}

/** What one typed about this patient and never saved: it stays until one signs or discards it. */
function Unfinished({ onAdd }: { onAdd: (note: string) => void }) {
  const { t, locale } = useI18n();
  const id = useChartPatient();
  const client = useQueryClient();
  const drafts = useOwnDrafts();
  const [sure, setSure] = useState<Listed>();
  const drop = useMutation({
    mutationFn: async (draft: Listed) => {
      await discard(draft);
      dropDraft(draftKey(draft));
    },
    onSuccess: () => setSure(undefined),
    onSettled: () => client.invalidateQueries({ queryKey: OWN_DRAFTS }),
  });
  const own = (drafts.data ?? []).filter((one) => one.patient === id);
  if (drafts.isError) return <Failure error={drafts.error} onRetry={() => void drafts.refetch()} />;
  if (own.length === 0) return null;
  return (
    <Panel title={t('drafts.title')} aside={own.length}>
      <ul className="facts">
        {own.map((draft) => {
          const { kind, id: note } = targetOf(draft.place);
          const named = <span className="visually-hidden"> {t(`drafts.${kind}`)}</span>;
          return (
            <li key={draft.place}>
              <span>{t(`drafts.${kind}`)}</span>
              <span className="quiet nowrap">{formatDateTime(draft.updatedAt, locale)}</span>
              {kind === 'addendum' && note ? (
                <Button variant="default" onClick={() => onAdd(note)}>{t('drafts.continue')}{named}</Button>
              ) : (
                <LinkButton component="a" variant="default" to="/patients/$id/notes/new" params={{ id }} search={note ? { note } : {}}>{t('drafts.continue')}{named}</LinkButton>
              )}
              <Button variant="subtle" onClick={() => setSure(draft)}>{t('note.discard')}{named}</Button>
            </li>
          );
        })}
      </ul>
      {sure && (
        <Dialog onClose={() => setSure(undefined)} title={t('drafts.discard.title')}>
          <div className="stack">
            <Stamp />
            <p>{t('drafts.discard.help')}</p>
            {drop.isError && <Failure error={drop.error} />}
            <div className="form-actions">
              <Button size="sm" loading={drop.isPending} onClick={() => drop.mutate(sure)}>{t('note.discard')}</Button>
              <Button size="sm" variant="default" onClick={() => setSure(undefined)} data-autofocus>{t('cancel')}</Button>
            </div>
          </div>
        </Dialog>
      )}
    </Panel>
  );
}

function NoteItem({ note, addenda, isOpen, onAdd }: { note: Stored<Composition>; addenda: Stored<Composition>[]; isOpen: boolean; onAdd: () => void }) {
  const { t, locale } = useI18n();
  const id = useChartPatient();
  const signed = isSigned(note);
  const waiting = isWaiting(note);
  const since = useLooked();
  const [past, setPast] = useState(false);
  const print = useMutation({ mutationFn: () => pdf(note.id), onSuccess: (file) => show(file) });
  return (
    <details className="document" open={isOpen || undefined}>
      <summary>
        <strong>{note.title}</strong>
        {kindText(t, note) !== note.title && <span className="chip">{kindText(t, note)}</span>}
        <NewMark of={note} since={since} />
        {!signed && <span className="chip chip-warning">{t(waiting ? 'notes.waiting' : 'notes.unsigned')}</span>}
        {note.status === 'amended' && <span className="chip">{t('notes.amended')}</span>}
        {addenda.length > 0 && <span className="chip">{t('notes.addenda', { count: addenda.length })}</span>}
        <span className="quiet">
          {formatDateTime(note.date, locale)}
          {note.author[0]?.display && ` · ${note.author[0].display}`}
        </span>
      </summary>
      <NoteText note={note} />
      <Signatures note={note} />
      {addenda.map((one) => (
        <div key={one.id} className="addendum">
          <p><strong>{t('note.addendum')}</strong> {!isSigned(one) && <span className="chip chip-warning">{t(isWaiting(one) ? 'notes.waiting' : 'notes.unsigned')}</span>} <span className="quiet">{formatDateTime(one.date, locale)} · {one.author[0]?.display}</span></p>
          <NoteText note={one} />
          <Signatures note={one} />
          {isWaiting(one) && <div className="form-actions"><CosignActions note={one} /></div>}
        </div>
      ))}
      <div className="form-actions">
        {signed && <Button variant="default" onClick={onAdd}>{t('note.addendum')}</Button>}
        {waiting ? <CosignActions note={note} /> : <LinkButton component="a" variant="default" to="/patients/$id/notes/new" params={{ id }} search={{ note: note.id }}>{t(signed ? 'note.amend' : 'note.continue')}</LinkButton>}
        <Button variant="default" loading={print.isPending} onClick={() => print.mutate()}>{t('note.pdf')}<span className="visually-hidden"> {note.title}</span></Button>
        {note.meta?.versionId !== '1' && <Button variant="subtle" aria-expanded={past} onClick={() => setPast(!past)}>{t('notes.versions', { version: note.meta?.versionId ?? '' })}</Button>}
      </div>
      {print.isError && <Failure error={print.error} />}
      {past && <Versions id={note.id} />}
    </details>
  );
}

/** Under which name this tab keeps the same draft. */
function draftKey({ patient, place }: Listed): string {
  const { kind, id } = targetOf(place);
  if (kind === 'addendum') return `addendum/${id}`;
  return kind === 'note' ? `note/${patient}/${id}` : `note/${patient}`;
}

/** What kind of note it is: one of ours by our word, another one by its type. */
function kindText(t: Translation['t'], note: Composition): string {
  const kind = kindOf(note);
  return KINDS[kind].code === note.type?.coding?.[0]?.code ? t(`note.kind.${kind}`) : conceptText(note.type);
}

/** Opens a file in a tab of its own; the browser forgets it when the tab has read it. */
function show(file: Blob): void {
  const url = URL.createObjectURL(file);
  window.open(url, '_blank', 'noopener');
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Who stands for the note, and since when. */
function Signatures({ note }: { note: Stored<Composition> }) {
  const { t, locale } = useI18n();
  if (!note.attester?.length) return null;
  const author = note.author[0];
  const name = (party: NonNullable<Composition['attester']>[number]['party']) => party?.display ?? (party?.reference === author?.reference ? author?.display : undefined) ?? party?.reference ?? t('notKnown');
  return (
    <ul className="signatures quiet">
      {note.attester.map((one, index) => (
        <li key={`${one.time}-${index}`}>{t(one.party?.reference === author?.reference ? 'notes.signedBy' : note.status === 'amended' ? 'notes.amendedBy' : 'notes.cosignedBy', { name: name(one.party), time: one.time ? formatDateTime(one.time, locale) : '' })}</li>
      ))}
    </ul>
  );
}

function NoteText({ note }: { note: Composition }) {
  return note.section?.map((section, index) => (
    <section key={`${section.title}-${index}`} className="prose">
      <h3>{section.title}</h3>
      <p>{plain(section.text?.div, new DOMParser())}</p>
    </section>
  ));
}

/** What the note said before, newest first; nothing is ever overwritten. */
function Versions({ id }: { id: string }) {
  const { t, locale } = useI18n();
  const versions = useQuery({ queryKey: ['versions', 'Composition', id], queryFn: ({ signal }) => history('Composition', id, signal), staleTime: 0 });
  return (
    <Loaded query={versions} rows={3}>
      {(all) =>
        all.slice(1).map((one) => (
          <div key={one.meta?.versionId} className="addendum">
            <p><strong>{t('notes.version', { version: one.meta?.versionId ?? '' })}</strong> <span className="quiet">{formatDateTime(one.meta?.lastUpdated ?? one.date, locale)} · {t(isSigned(one) ? 'notes.signed' : 'notes.unsigned')}</span></p>
            <NoteText note={one} />
          </div>
        ))
      }
    </Loaded>
  );
}

function AddendumDialog({ to, onClose }: { to: Stored<Composition>; onClose: () => void }) {
  const { t } = useI18n();
  const kept = useKept(useChartPatient(), `addendum.${to.id}`);
  if (kept === undefined) return <Dialog onClose={onClose} title={t('note.addendum.to', { title: to.title })} size="lg"><Loading rows={4} /></Dialog>;
  return <AddendumForm to={to} kept={kept} onClose={onClose} />;
}

function AddendumForm({ to, kept, onClose }: { to: Stored<Composition>; kept: Answer<Kept> | null; onClose: () => void }) {
  const { t } = useI18n();
  const id = useChartPatient();
  const author = useAuthor();
  const session = useSession();
  const client = useQueryClient();
  const changed = useChartChanged(id);
  const key = `addendum/${to.id}`;
  const [text, setText] = useState(() => readDraft<string>(key) ?? kept?.body.fields['text'] ?? '');
  const visit = referenceId(to.encounter?.reference);
  const typed = useMemo(() => (text !== '' && writesNotes(session.roles) ? { visit, fields: { text } } : undefined), [session.roles, text, visit]);
  const { keeping, insist, drop } = useKeeping({ patient: id, place: `addendum.${to.id}`, typed, began: kept });
  const [cosigner, setCosigner] = useState<string>();
  const save = useMutation({
    mutationFn: () => sign(addendum(to, text, { patient: id, title: t('note.addendum'), at: now(), author: author ?? { display: session.name } }), { cosigner }),
    onSuccess: async () => {
      dropDraft(key);
      await drop();
      await client.invalidateQueries({ queryKey: OWN_DRAFTS });
      await changed('Composition');
      onClose();
    },
  });
  const left = charactersLeft(text);
  const ready = text.trim().length >= 3 && (left === undefined || left >= 0);
  return (
    <Dialog onClose={onClose} title={t('note.addendum.to', { title: to.title })} size="lg">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) save.mutate();
        }}
      >
        <Stamp />
        <Textarea
          label={t('note.addendum')}
          autosize
          minRows={4}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            keepDraft(key, event.currentTarget.value);
          }}
          description={left !== undefined && left >= 0 ? t('note.left', { count: left }) : undefined}
          error={left !== undefined && left < 0 ? t('note.tooLong', { most: LONGEST, count: -left }) : undefined}
          data-autofocus
        />
        {keeping === 'server' && <p className="quiet">{t('note.keptServer')}</p>}
        {keeping === 'other' && (
          <Notice tone="warning" icon="alert" title={t('note.elsewhere')}>
            <div className="form-actions"><Button type="button" variant="default" onClick={() => void insist()}>{t('note.other.keep')}</Button></div>
          </Notice>
        )}
        <CosignField ask={cosigner} onAsk={setCosigner} />
        <p>{t('note.sign.help', { name: session.name })}</p>
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={save.isPending}>{t('note.addendum.do')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
