/** The content of a document: text as text, images and PDF from bytes that the page itself has read; nothing of it can run here. */

import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import { attachmentBlob, attachmentText } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import type { Attachment } from '../../fhir/types';
import { useI18n } from '../../lib/i18n';
import { Empty, Loading } from '../../ui/Notice';
import { KINDS } from './file';

const kindOf = (attachment: Attachment) => (attachment.contentType ?? '').split(';')[0]?.trim() ?? '';

export function Preview({ attachment, title }: { attachment: Attachment; title: string }) {
  const { t } = useI18n();
  const kind = kindOf(attachment);
  if (!attachment.url && !attachment.data) return <Empty>{t('documents.empty')}</Empty>;
  if (!(KINDS as readonly string[]).includes(kind)) return <Empty>{t('documents.kind', { kind: kind || t('notKnown') })}</Empty>;
  return kind === 'text/plain' ? <Text attachment={attachment} /> : <Picture attachment={attachment} kind={kind} title={title} />;
}

function Text({ attachment: { url = '', data } }: { attachment: Attachment }) {
  const body = useQuery({ queryKey: ['attachment', url], queryFn: ({ signal }) => attachmentText(url, signal), enabled: data === undefined, retry: false });
  if (data !== undefined) return <pre className="prose">{new TextDecoder().decode(decoded(data))}</pre>;
  if (body.isError) return <Failure error={body.error} onRetry={() => void body.refetch()} />;
  return body.data === undefined ? <Loading rows={3} /> : <pre className="prose">{body.data}</pre>;
}

function decoded(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64.replaceAll(/\s/g, '')), (character) => character.charCodeAt(0));
}

function Picture({ attachment: { url = '', data }, kind, title }: { attachment: Attachment; kind: string; title: string }) {
  const { t } = useI18n();
  const body = useQuery({
    queryKey: ['attachment', url, kind],
    queryFn: ({ signal }) => (data === undefined ? attachmentBlob(url, kind, signal) : new Blob([decoded(data)], { type: kind })),
    retry: false,
  });
  const content = body.data;
  // The address inside of this page lives as long as the element that shows it.
  const show = useCallback(
    (place: HTMLImageElement | HTMLIFrameElement | null) => {
      if (!place || !content) return undefined;
      const address = URL.createObjectURL(content);
      place.src = address;
      return () => URL.revokeObjectURL(address);
    },
    [content],
  );
  if (body.isError) return <Failure error={body.error} onRetry={() => void body.refetch()} />;
  if (!content) return <Loading rows={6} />;
  return (
    <div className="preview">
      <button type="button" className="link" onClick={() => openApart(content)}>{t('documents.open')}</button>
      {/* oxlint-disable-next-line react/iframe-missing-sandbox -- a sandbox keeps the browser's PDF viewer out; the type is ours and no page */}
      {kind === 'application/pdf' ? <iframe ref={show} title={title} /> : <img ref={show} alt={title} />}
    </div>
  );
}

const LONG_ENOUGH = 60_000;

function openApart(content: Blob): void {
  const address = URL.createObjectURL(content);
  window.open(address, '_blank', 'noopener');
  window.setTimeout(() => URL.revokeObjectURL(address), LONG_ENOUGH);
}
