/** Notes and documents (S18): what was written here, and what came from elsewhere; unsigned is never mistaken for signed. */

import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { attachmentText } from '../../fhir/client';
import { conceptText } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useChart } from '../../fhir/queries';
import type { Attachment, Composition, DocumentReference, Stored } from '../../fhir/types';
import { formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Icon } from '../../ui/icons';
import { Empty, Loading } from '../../ui/Notice';
import { LinkButton } from '../../ui/LinkButton';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from './ChartLayout';
import { plain } from './note';

const FIRST = 30;

export function NotesPage() {
  const { t } = useI18n();
  const id = useChartPatient();
  const notes = useChart('Composition', id, { _sort: '-date' });
  const documents = useChart('DocumentReference', id, { _sort: '-date' });
  const [shown, setShown] = useState(FIRST);
  const add = (
    <LinkButton component="a" to="/patients/$id/notes/new" params={{ id }} leftSection={<Icon name="plus" />}>
      {t('note.new')}
    </LinkButton>
  );
  return (
    <div className="stack">
      <Panel title={t('notes.notes')} aside={notes.data?.matches.length} actions={add}>
        <Loaded query={notes} rows={4}>
          {({ matches }) => (matches.length === 0 ? <Empty>{t('notes.none')}</Empty> : matches.map((note) => <NoteItem key={note.id} note={note} />))}
        </Loaded>
      </Panel>
      <Panel title={t('notes.documents')} aside={documents.data?.matches.length}>
        <Loaded query={documents} rows={6}>
          {({ matches }) =>
            matches.length === 0 ? (
              <Empty>{t('documents.none')}</Empty>
            ) : (
              <>
                {matches.slice(0, shown).map((document) => <DocumentItem key={document.id} document={document} />)}
                {matches.length > shown && <Button variant="default" onClick={() => setShown(shown + 100)}>{t('timeline.older', { count: matches.length - shown })}</Button>}
              </>
            )
          }
        </Loaded>
      </Panel>
    </div>
  );
}

function NoteItem({ note }: { note: Stored<Composition> }) {
  const { t, locale } = useI18n();
  const signed = ['final', 'amended'].includes(note.status);
  return (
    <details className="document">
      <summary>
        <strong>{note.title}</strong>
        {!signed && <span className="chip chip-warning">{t('notes.unsigned')}</span>}
        <span className="quiet">
          {formatDateTime(note.date, locale)}
          {note.author[0]?.display && ` · ${note.author[0].display}`}
        </span>
      </summary>
      {note.section?.map((section, index) => (
        <section key={`${section.title}-${index}`} className="prose">
          <h3>{section.title}</h3>
          <p>{plain(section.text?.div, new DOMParser())}</p>
        </section>
      ))}
    </details>
  );
}

function DocumentItem({ document }: { document: Stored<DocumentReference> }) {
  const { t, locale } = useI18n();
  const [open, setOpen] = useState(false);
  const attachment = document.content[0]?.attachment;
  return (
    <details className="document" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{conceptText(document.type) || document.description || t('documents.document')}</strong>
        {document.status === 'superseded' && <span className="chip">{t('documents.superseded')}</span>}
        <span className="quiet">
          {document.date && formatDateTime(document.date, locale)}
          {document.author?.[0]?.display && ` · ${document.author[0].display}`}
        </span>
      </summary>
      {open && (attachment ? <Preview attachment={attachment} /> : <Empty>{t('documents.empty')}</Empty>)}
    </details>
  );
}

/** Text is shown as text. Other kinds are named, not opened: nothing foreign runs in this page. */
function Preview({ attachment }: { attachment: Attachment }) {
  const { t } = useI18n();
  const readable = attachment.contentType?.startsWith('text/plain') ?? false;
  const body = useQuery({
    queryKey: ['attachment', attachment.url],
    queryFn: ({ signal }) => attachmentText(attachment.url ?? '', signal),
    enabled: readable && !attachment.data && attachment.url !== undefined,
    retry: false,
  });
  if (!readable) return <Empty>{t('documents.kind', { kind: attachment.contentType ?? t('notKnown') })}</Empty>;
  if (attachment.data) return <pre className="prose">{decoded(attachment.data)}</pre>;
  if (body.isError) return <Failure error={body.error} onRetry={() => void body.refetch()} />;
  return body.data === undefined ? <Loading rows={3} /> : <pre className="prose">{body.data}</pre>;
}

function decoded(base64: string): string {
  const bytes = Uint8Array.from(atob(base64.replaceAll(/\s/g, '')), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}
