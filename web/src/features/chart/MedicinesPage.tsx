/** Medicines (S14): one line a medicine, newest prescription first; name and dose are never cut. */

import { Button } from '@mantine/core';
import { useState } from 'react';
import { Loaded } from '../../fhir/Loaded';
import { useChart, useMedicationRequests } from '../../fhir/queries';
import { conceptText, referenceId } from '../../fhir/display';
import { formatDate } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { Icon } from '../../ui/icons';
import { LinkButton } from '../../ui/LinkButton';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from './ChartLayout';
import { type Medicine, medicines, problemText } from './facts';
import { medicineName, sigText } from './medicine';
import { type Act, MedicineDialog } from './MedicineDialog';
import { LastReconciled } from './Reconciled';

export function MedicinesPage() {
  const { t } = useI18n();
  const id = useChartPatient();
  const query = useMedicationRequests(id);
  const conditions = useChart('Condition', id);
  const reasons = new Map((conditions.data?.matches ?? []).map((one) => [one.id, problemText(one)]));
  const [act, setAct] = useState<Act>();
  const actions = (
    <span className="row-actions">
      <LinkButton component="a" variant="default" to="/patients/$id/medicines/reconcile" params={{ id }}>{t('reconcile.title')}</LinkButton>
      <LinkButton component="a" to="/patients/$id/orders" params={{ id }} search={{ add: 'medicine' }} leftSection={<Icon name="plus" />}>{t('medicines.prescribe')}</LinkButton>
    </span>
  );
  return (
    <Loaded query={query} rows={8}>
      {({ matches }) => {
        const { current, past } = medicines(matches, medicineName);
        return (
          <div className="stack">
            {act && <MedicineDialog act={act} onClose={() => setAct(undefined)} />}
            <Panel title={t('medicines.current')} aside={current.length} actions={actions}>
              <LastReconciled />
              {current.length === 0 ? <Empty>{t('medicines.none')}</Empty> : <Rows list={current} reasons={reasons} onAct={setAct} />}
            </Panel>
            {past.length > 0 && <Panel title={t('medicines.past')} aside={past.length}><Rows list={past} reasons={reasons} /></Panel>}
          </div>
        );
      }}
    </Loaded>
  );
}

/** Why a medicine is taken: what the prescription says, or the problem that it names. */
function reasonText({ request }: Pick<Medicine, 'request'>, reasons: Map<string, string>): string {
  const [named] = request.reasonReference ?? [];
  return conceptText(request.reasonCode?.[0]) || (named?.display ?? reasons.get(referenceId(named?.reference) ?? '') ?? '');
}

function Rows({ list, reasons, onAct }: { list: Medicine[]; reasons: Map<string, string>; onAct?: (act: Act) => void }) {
  const { t, locale } = useI18n();
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('medicines.medicine')}</th>
            <th scope="col">{t('medicines.sig')}</th>
            <th scope="col">{t('medicines.reason')}</th>
            <th scope="col">{t('medicines.status')}</th>
            <th scope="col">{t('medicines.prescribed')}</th>
            <th scope="col">{t('medicines.by')}</th>
            {onAct && <th scope="col">{t('actions')}</th>}
          </tr>
        </thead>
        <tbody>
          {list.map((medicine) => {
            const { request, count } = medicine;
            return (
              <tr key={request.id}>
                <th scope="row">{medicineName(request)}</th>
                <td>{sigText(t, request) || <span className="quiet">{t('notKnown')}</span>}</td>
                <td>{reasonText(medicine, reasons) || <span className="quiet">{t('notKnown')}</span>}</td>
                <td>{t(`medicine.${request.status}` as Key)}</td>
                <td className="nowrap">
                  {request.authoredOn ? formatDate(request.authoredOn, locale) : t('notKnown')}
                  {count > 1 && <span className="quiet"> {t('medicines.times', { count })}</span>}
                </td>
                <td>{request.requester?.display ?? <span className="quiet">{t('notKnown')}</span>}</td>
                {onAct && (
                  <td className="row-actions">
                    {(['renew', 'stop'] as const).map((kind) => (
                      <Button key={kind} variant="default" onClick={() => onAct({ kind, medicine })}>
                        {t(`medicines.${kind}`)}<span className="visually-hidden"> {medicineName(request)}</span>
                      </Button>
                    ))}
                  </td>
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
