/** Notes (S16): what was written here; unsigned is never mistaken for signed. */

import { Loaded } from '../../fhir/Loaded';
import { useChart } from '../../fhir/queries';
import type { Composition, Stored } from '../../fhir/types';
import { formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { LinkButton } from '../../ui/LinkButton';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from './ChartLayout';
import { plain } from './note';

export function NotesPage() {
  const { t } = useI18n();
  const id = useChartPatient();
  const notes = useChart('Composition', id, { _sort: '-date' });
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
