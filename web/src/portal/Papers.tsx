/** Notes that were signed, and documents: read here, or opened in the browser. */

import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { attachmentBlob, attachmentText } from '../fhir/client';
import { conceptText } from '../fhir/display';
import type { Attachment } from '../fhir/types';
import { isSigned, plain } from '../features/chart/note';
import { formatDate } from '../lib/dates';
import { useI18n } from '../lib/i18n';
import { Card, None, Shown, Trouble } from './parts';
import { useRecord } from './record';

export default function Papers() {
  const { t, locale } = useI18n();
  const notes = useRecord('Composition', { _sort: '-date' });
  const documents = useRecord('DocumentReference', { _sort: '-date' });
  return (
    <>
      <Card title={t('notes.notes')}>
        <Shown query={notes}>
          {({ matches }) => {
            // What is not signed yet is not said yet.
            const signed = matches.filter(isSigned);
            if (signed.length === 0) return <None>{t('notes.none')}</None>;
            return signed.map((note) => (
              <details key={note.id} className="paper">
                <summary>{note.title} <span className="quiet">{formatDate(note.date, locale)} · {note.author[0]?.display}</span></summary>
                {note.section?.map((section, index) => (
                  <section key={`${section.title}-${index}`}><h3>{section.title}</h3><p className="words">{plain(section.text?.div, new DOMParser())}</p></section>
                ))}
              </details>
            ));
          }}
        </Shown>
      </Card>
      <Card title={t('notes.documents')}>
        <Shown query={documents}>
          {({ matches }) => {
            const current = matches.filter((one) => one.status === 'current');
            if (current.length === 0) return <None>{t('documents.none')}</None>;
            return current.map((one) => {
              const title = one.description || conceptText(one.type) || t('documents.document');
              const attachment = one.content[0]?.attachment;
              return <Document key={one.id} title={title} when={formatDate(attachment?.creation ?? one.date ?? '', locale)} attachment={attachment} />;
            });
          }}
        </Shown>
      </Card>
    </>
  );
}

function Document({ title, when, attachment }: { title: string; when: string; attachment: Attachment | undefined }) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  const kind = (attachment?.contentType ?? '').split(';')[0]?.trim() ?? '';
  return (
    <details className="paper" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{title} <span className="quiet">{when}</span></summary>
      {open && (!attachment || (!attachment.url && !attachment.data) ? <None>{t('documents.empty')}</None> : kind === 'text/plain' ? <Text attachment={attachment} /> : <File attachment={attachment} kind={kind} />)}
    </details>
  );
}

const decoded = (base64: string) => Uint8Array.from(atob(base64.replaceAll(/\s/g, '')), (character) => character.charCodeAt(0));

function Text({ attachment: { url = '', data } }: { attachment: Attachment }) {
  const body = useQuery({ queryKey: ['attachment', url], queryFn: ({ signal }) => attachmentText(url, signal), enabled: data === undefined });
  if (data !== undefined) return <pre className="words">{new TextDecoder().decode(decoded(data))}</pre>;
  return <Shown query={body}>{(text) => <pre className="words">{text}</pre>}</Shown>;
}

const OPENED = new Set(['application/pdf', 'image/png', 'image/jpeg']);

function File({ attachment: { url = '', data }, kind }: { attachment: Attachment; kind: string }) {
  const { t } = useI18n();
  const open = useMutation({
    mutationFn: async () => {
      const content = data === undefined ? await attachmentBlob(url, kind) : new Blob([decoded(data)], { type: kind });
      const address = URL.createObjectURL(content);
      window.open(address, '_blank', 'noopener');
      window.setTimeout(() => URL.revokeObjectURL(address), 60_000);
    },
  });
  if (!OPENED.has(kind)) return <None>{t('documents.kind', { kind: kind || t('notKnown') })}</None>;
  return (
    <>
      <button type="button" disabled={open.isPending} onClick={() => open.mutate()}>{t('documents.open')}</button>
      {open.isError && <Trouble error={open.error} />}
    </>
  );
}
