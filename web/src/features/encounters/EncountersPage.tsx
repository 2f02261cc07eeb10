/** The visits of a chart: those that are open lead to their workspace, and a new one begins here. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { create } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';

import { Loaded } from '../../fhir/Loaded';
import { useChart, useChartChanged } from '../../fhir/queries';
import { useAuthor } from '../../fhir/session';
import { formatDateTime, now } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from '../chart/ChartLayout';
import { encounterText } from '../chart/encounter';
import { isOpen } from '../chart/facts';
import { Stamp } from '../chart/Stamp';
import { CLASSES, begun } from './visit';
import './encounters.css';

export function EncountersPage() {
  const { t, locale } = useI18n();
  const id = useChartPatient();
  const query = useChart('Encounter', id, { _sort: '-date' });
  const [beginning, setBeginning] = useState(false);
  useShortcuts(useMemo(() => ({ a: () => setBeginning(true) }), []));
  return (
    <Panel title={t('chart.encounters')} aside={query.data?.matches.length} actions={<Button leftSection={<Icon name="plus" />} onClick={() => setBeginning(true)}>{t('visit.begin')}</Button>}>
      {beginning && <BeginDialog onClose={() => setBeginning(false)} />}
      <Loaded query={query} rows={8}>
        {({ matches }) =>
          matches.length === 0 ? (
            <Empty>{t('encounters.none')}</Empty>
          ) : (
            <div className="table-scroll">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">{t('encounters.what')}</th>
                    <th scope="col">{t('encounters.start')}</th>
                    <th scope="col">{t('encounters.status')}</th>
                    <th scope="col">{t('encounters.clinician')}</th>
                    <th scope="col">{t('encounters.place')}</th>
                  </tr>
                </thead>
                <tbody>
                  {matches.map((one) => (
                    <tr key={one.id} className={isOpen(one) ? 'row-chosen' : undefined}>
                      <th scope="row"><Link to="/patients/$id/encounters/$encounter" params={{ id, encounter: one.id }}>{encounterText(one) || t('encounters.what')}</Link></th>
                      <td className="nowrap">{one.period?.start ? formatDateTime(one.period.start, locale) : t('notKnown')}</td>
                      <td>{t(`encounter.${one.status}` as Key)}{isOpen(one) && <span className="chip chip-warning">{t('visit.open')}</span>}</td>
                      <td>{one.participant?.find((part) => part.individual?.display)?.individual?.display ?? <span className="quiet">{t('notKnown')}</span>}</td>
                      <td>{one.serviceProvider?.display ?? <span className="quiet">{t('notKnown')}</span>}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}

function BeginDialog({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const id = useChartPatient();
  const author = useAuthor();
  const navigate = useNavigate();
  const changed = useChartChanged(id);
  const [typed, setTyped] = useState({ kind: 'AMB', reason: '', status: 'in-progress' });
  const set = (part: Partial<typeof typed>) => setTyped({ ...typed, ...part });
  const save = useMutation({
    mutationFn: () => create(begun({ patient: id, kind: typed.kind, reason: typed.reason, status: typed.status === 'arrived' ? 'arrived' : 'in-progress', at: now(), author })),
    onSuccess: async (answer) => {
      await changed('Encounter');
      void navigate({ to: '/patients/$id/encounters/$encounter', params: { id, encounter: answer.body.id } });
    },
  });
  return (
    <Dialog onClose={onClose} title={t('visit.begin')}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stamp />
        <TextInput label={t('visit.reason')} description={t('optional')} value={typed.reason} onChange={(event) => set({ reason: event.currentTarget.value })} autoComplete="off" data-autofocus />
        <NativeSelect label={t('visit.kind')} value={typed.kind} onChange={(event) => set({ kind: event.currentTarget.value })} data={CLASSES.map((value) => ({ value, label: t(`class.${value}` as Key) }))} />
        <NativeSelect label={t('visit.stage')} value={typed.status} onChange={(event) => set({ status: event.currentTarget.value })} data={(['arrived', 'in-progress'] as const).map((value) => ({ value, label: t(`stage.${value}`) }))} />
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" loading={save.isPending}>{t('visit.begin')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
