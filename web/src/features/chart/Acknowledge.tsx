/** Results that nobody has acknowledged stand first and stay there; who acknowledged one stands beside it. */

import { Button, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { abnormality, conceptText, observationText, observedAt } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { RequestError } from '../../fhir/http';
import { useChart, useChartChanged } from '../../fhir/queries';
import { useAuthor, useSession } from '../../fhir/session';
import type { Observation, Stored } from '../../fhir/types';
import { formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Notice } from '../../ui/Notice';
import { Abnormal } from './Abnormal';
import { ACKNOWLEDGED, acknowledge, acknowledgements, isCritical, mayAcknowledge, seen, unseen } from './acknowledge';
import { useChartPatient } from './ChartLayout';
import { isNew, NewMark, useLooked } from './looked';
import { Stamp } from './Stamp';

/** Acknowledgements of the chart's results; nothing while they are not read. */
export function useAcknowledged() {
  const tasks = useChart('Task', useChartPatient(), ACKNOWLEDGED);
  return useMemo(() => tasks.data && acknowledgements(tasks.data.matches), [tasks.data]);
}

/** What still has to be seen, the critical first. */
export function useUnseen(results: readonly Stored<Observation>[]): Stored<Observation>[] {
  const known = useAcknowledged();
  const since = useLooked();
  return useMemo(() => (known ? unseen(results, known, (one) => isNew(one, since)) : []), [known, results, since]);
}

export function ToAcknowledge({ results }: { results: readonly Stored<Observation>[] }) {
  const { t, locale } = useI18n();
  const open = useUnseen(results);
  const since = useLooked();
  const may = mayAcknowledge(useSession().roles);
  const [asked, ask] = useState<Stored<Observation>[]>();
  if (open.length === 0 && !asked) return null;
  const critical = open.filter(isCritical).length;
  return (
    <section className={critical > 0 ? 'panel unseen unseen-critical' : 'panel unseen'} aria-label={t('unseen.title')}>
      <header className="panel-head">
        <h2>{critical > 0 && <Icon name="alert" />} {t(critical > 0 ? 'unseen.critical' : 'unseen.title')}</h2>
        <span className="quiet">{open.length}</span>
        {may && open.length > 1 && <div className="panel-actions"><Button variant="default" onClick={() => ask(open)}>{t('unseen.all', { count: open.length })}</Button></div>}
      </header>
      <ul className="facts">
        {open.map((one) => (
          <li key={one.id}>
            <span>{conceptText(one.code)} <NewMark of={one} since={since} /></span>
            <span className="number"><Abnormal letter={abnormality(one)}>{observationText(one)}</Abnormal></span>
            <span className="quiet nowrap">{formatDateTime(observedAt(one) ?? '', locale)}</span>
            {may && <Button variant="default" onClick={() => ask([one])}>{t('unseen.do')}<span className="visually-hidden"> {conceptText(one.code)}</span></Button>}
          </li>
        ))}
      </ul>
      {!may && <p className="quiet">{t('unseen.others')}</p>}
      {asked && <AcknowledgeDialog results={asked} onClose={() => ask(undefined)} />}
    </section>
  );
}

/** Who has seen the newest result of a test, or the way to say that one has. */
export function SeenBy({ result }: { result: Stored<Observation> }) {
  const { t, locale } = useI18n();
  const known = useAcknowledged();
  const may = mayAcknowledge(useSession().roles);
  const [asked, ask] = useState(false);
  if (!known) return null;
  const by = seen(known, result);
  if (by) return <p className="quiet">{t('unseen.by', { name: by.by, time: formatDateTime(by.at, locale) })}{by.note && ` – ${by.note}`}</p>;
  return (
    <p className="unseen-line">
      {t('unseen.none')}
      {may && <Button variant="default" onClick={() => ask(true)}>{t('unseen.do')}</Button>}
      {asked && <AcknowledgeDialog results={[result]} onClose={() => ask(false)} />}
    </p>
  );
}

function AcknowledgeDialog({ results, onClose }: { results: Stored<Observation>[]; onClose: () => void }) {
  const { t, locale } = useI18n();
  const id = useChartPatient();
  const { name } = useSession();
  const author = useAuthor();
  const changed = useChartChanged(id);
  const [note, setNote] = useState('');
  const save = useMutation({
    mutationFn: () => acknowledge(results, note),
    onSuccess: async () => {
      await changed('Task');
      onClose();
    },
    // What was shown is no longer what is stored: the chart is read anew behind the dialog.
    onError: () => void changed('Observation'),
  });
  const stale = save.error instanceof RequestError && save.error.kind === 'conflict';
  return (
    <Dialog onClose={onClose} title={t('unseen.dialog')}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!save.isPending && !stale) save.mutate();
        }}
      >
        <Stamp />
        <ul className="facts">
          {results.map((one) => (
            <li key={one.id}>
              <span>{conceptText(one.code)}</span>
              <span className="number"><Abnormal letter={abnormality(one)}>{observationText(one)}</Abnormal></span>
              <span className="quiet nowrap">{formatDateTime(observedAt(one) ?? '', locale)}</span>
            </li>
          ))}
        </ul>
        <Textarea label={t('unseen.note')} description={t('unseen.note.help')} value={note} maxLength={500} autosize minRows={2} onChange={(event) => setNote(event.currentTarget.value)} />
        <p>{t('unseen.help', { name })}</p>
        {!author && <Notice tone="warning" icon="shield" title={t('orders.noAuthor')} />}
        {save.isError && (stale ? <Notice tone="danger" icon="alert" title={t('unseen.stale')} /> : <Failure error={save.error} />)}
        <div className="form-actions">
          <Button type="submit" size="sm" loading={save.isPending} disabled={!author || stale} data-autofocus>{t('unseen.do')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
