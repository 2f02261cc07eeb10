/** Documents (S18): what came from elsewhere, filed by a person under a kind and a day, and shown in place. */

import { Button, TextInput } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { conceptText } from '../../fhir/display';
import { Loaded } from '../../fhir/Loaded';
import { useChart } from '../../fhir/queries';
import type { DocumentReference, Stored } from '../../fhir/types';
import { formatDate, formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from '../chart/ChartLayout';
import { Preview } from './Preview';
import { UploadDialog } from './UploadDialog';
import './documents.css';

const route = getRouteApi('/patients/$id/documents');
const FIRST = 30;

export function DocumentsPage() {
  const { t } = useI18n();
  const documents = useChart('DocumentReference', useChartPatient(), { _sort: '-date' });
  const { filter = '', open } = route.useSearch();
  const navigate = route.useNavigate();
  const [shown, setShown] = useState(FIRST);
  const [adding, setAdding] = useState(false);
  useShortcuts(useMemo(() => ({ a: () => setAdding(true) }), []));
  return (
    <Panel title={t('notes.documents')} aside={documents.data?.matches.length} actions={<Button leftSection={<Icon name="plus" />} onClick={() => setAdding(true)}>{t('documents.add')}</Button>}>
      {adding && <UploadDialog onClose={() => setAdding(false)} onFiled={(id) => void navigate({ search: { open: id }, replace: true })} />}
      <Loaded query={documents} rows={6}>
        {({ matches }) => {
          if (matches.length === 0) return <Empty>{t('documents.none')}</Empty>;
          const wanted = filter.toLocaleLowerCase();
          const found = matches.filter((one) => titleOf(one, t('documents.document')).toLocaleLowerCase().includes(wanted));
          return (
            <>
              <TextInput className="filter-box" label={t('documents.filter')} value={filter} autoComplete="off" onChange={(event) => void navigate({ search: { filter: event.currentTarget.value || undefined }, replace: true, resetScroll: false })} />
              {found.length === 0 && <Empty>{t('documents.hidden', { count: matches.length })}</Empty>}
              {found.slice(0, shown).map((document) => <Item key={document.id === open ? 'open' : document.id} document={document} begun={document.id === open} />)}
              {found.length > shown && <Button variant="default" onClick={() => setShown(shown + 100)}>{t('timeline.older', { count: found.length - shown })}</Button>}
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}

function titleOf(document: DocumentReference, otherwise: string): string {
  return document.description || conceptText(document.type) || otherwise;
}

function Item({ document, begun }: { document: Stored<DocumentReference>; begun: boolean }) {
  const { t, locale } = useI18n();
  const [open, setOpen] = useState(begun);
  const attachment = document.content[0]?.attachment;
  const title = titleOf(document, t('documents.document'));
  const kind = conceptText(document.type);
  return (
    <details className="document" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{title}</strong>
        {kind !== title && <span className="quiet-inline">{kind}</span>}
        {document.status === 'superseded' && <span className="chip">{t('documents.superseded')}</span>}
        <span className="quiet">
          {attachment?.creation ? t('documents.dated', { date: formatDate(attachment.creation, locale) }) : document.date && formatDateTime(document.date, locale)}
          {document.author?.[0]?.display && ` · ${document.author[0].display}`}
        </span>
      </summary>
      {open && (attachment ? <Preview attachment={attachment} title={title} /> : <Empty>{t('documents.empty')}</Empty>)}
    </details>
  );
}
