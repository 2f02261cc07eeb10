/** Emergency access that awaits a decision: who broke the glass, why, and whether it was called for. */

import { Button, Textarea } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { type Broken, moment, useAct, useDocument } from './api';

export function EmergencyPage() {
  const { t, locale } = useI18n();
  const query = useDocument('/admin/access-reviews');
  const users = useDocument('/users');
  const [deciding, setDeciding] = useState<Broken>();
  const who = (subject: string) => users.data?.items.find((user) => user.id === subject)?.name ?? subject;
  return (
    <Panel title={t('admin.emergency')} aside={query.data?.length || undefined}>
      {deciding && <DecideDialog broken={deciding} who={who(deciding.subject)} onClose={() => setDeciding(undefined)} />}
      <Loaded query={query} rows={4}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t('emergency.none')}</Empty>
          ) : (
            <div className="table-scroll">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">{t('audit.when')}</th>
                    <th scope="col">{t('audit.who')}</th>
                    <th scope="col">{t('banner.label')}</th>
                    <th scope="col">{t('admin.reason')}</th>
                    <th scope="col">{t('emergency.decision')}</th>
                  </tr>
                </thead>
                <tbody>
                  {list.map((one) => (
                    <tr key={one.id}>
                      <td className="nowrap">{formatDateTime(moment(one.startsAt), locale)}</td>
                      <th scope="row">{who(one.subject)}</th>
                      <td><Link to="/patients/$id" params={{ id: one.patient }}>{t('tasks.chart')}</Link></td>
                      <td>{one.reason}</td>
                      <td><Button onClick={() => setDeciding(one)}>{t('emergency.decide')}<span className="visually-hidden"> {who(one.subject)}</span></Button></td>
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

function DecideDialog({ broken, who, onClose }: { broken: Broken; who: string; onClose: () => void }) {
  const { t } = useI18n();
  const [note, setNote] = useState('');
  const act = useAct(onClose);
  const decide = (justified: boolean) => act.mutate({ method: 'POST', path: `/admin/access-reviews/${broken.id}/decision`, body: { justified, note: note.trim() } });
  const ready = note.trim().length >= 3;
  return (
    <Dialog onClose={onClose} title={t('emergency.decide')}>
      <div className="stack">
        <p><strong>{who}</strong>: {broken.reason}</p>
        <Textarea label={t('emergency.note')} autosize minRows={2} value={note} onChange={(event) => setNote(event.currentTarget.value)} required data-autofocus />
        {act.isError && <Failure error={act.error} />}
        <div className="form-actions">
          <Button size="sm" disabled={!ready} loading={act.isPending} onClick={() => decide(true)}>{t('emergency.justified')}</Button>
          <Button size="sm" variant="default" disabled={!ready} loading={act.isPending} onClick={() => decide(false)}>{t('emergency.unjustified')}</Button>
        </div>
      </div>
    </Dialog>
  );
}
