/** The order basket (S17): medicines and laboratory tests as drafts, checked, then signed in one step. */

import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { create, remove } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useChart, useChartChanged, useMedicationRequests } from '../../fhir/queries';
import type { Resource, ServiceRequest, Stored } from '../../fhir/types';
import { formatDateTime } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from '../chart/ChartLayout';
import { problemText, problems } from '../chart/facts';
import { VisitField, useVisit } from '../chart/visit';
import { type Checks, useChecks } from './checks';
import { Concerns } from './Concerns';
import { LabForm } from './LabForm';
import { type Order, basket, orderName } from './order';
import { OrderLine } from './OrderLine';
import { PrescriptionForm } from './PrescriptionForm';
import { SignDialog } from './SignDialog';
import './orders.css';

const route = getRouteApi('/patients/$id/orders');

export function OrdersPage() {
  const { t } = useI18n();
  const id = useChartPatient();
  const { add = 'medicine', visit: asked } = route.useSearch();
  const navigate = route.useNavigate();
  const requests = useMedicationRequests(id);
  const tests = useChart('ServiceRequest', id, { _sort: '-authored' });
  const conditions = useChart('Condition', id);
  const changed = useChartChanged(id);
  const visit = useVisit(id, asked);
  const checks = useChecks(id);
  const [signing, setSigning] = useState(false);
  const drafts = basket(requests.data?.matches ?? [], tests.data?.matches ?? []);
  const put = useMutation({
    mutationFn: (draft: Resource) => create(draft),
    onSuccess: (answer) => changed(answer.body.resourceType as Order['resourceType']),
  });
  useShortcuts({ 'mod+Enter': () => drafts.length > 0 && checks.ready && setSigning(true) });
  const reasons = problems(conditions.data?.matches ?? []).active.map((one) => ({ reference: `Condition/${one.id}`, display: problemText(one) }));
  const form = { visit, reasons, saving: put.isPending, onAdd: async (draft: Resource) => { const added = await put.mutateAsync(draft).catch(() => undefined); return added !== undefined; } };
  return (
    <div className="orders">
      <Panel title={t('orders.new')}>
        <fieldset className="filters">
          <legend className="visually-hidden">{t('orders.kind')}</legend>
          {(['medicine', 'test'] as const).map((kind) => (
            <button key={kind} type="button" className="filter" aria-pressed={kind === add} onClick={() => void navigate({ search: (old) => ({ ...old, add: kind }), replace: true })}>{t(`orders.${kind}`)}</button>
          ))}
        </fieldset>
        <VisitField visit={visit} />
        {add === 'medicine' ? <PrescriptionForm {...form} /> : <LabForm {...form} />}
        {put.isError && <Failure error={put.error} />}
      </Panel>
      <Panel title={t('orders.basket')} aside={drafts.length || undefined}>
        <Loaded query={requests} rows={3}>
          {() => (
            <Loaded query={tests} rows={3}>
              {() =>
                drafts.length === 0 ? (
                  <Empty>{t('orders.empty')}</Empty>
                ) : (
                  <>
                    <ul className="basket">{drafts.map((draft) => <Draft key={draft.id} draft={draft} checks={checks} />)}</ul>
                    {checks.failed && <Failure error={checks.failed} />}
                    <p className="quiet">{t('orders.checked')}</p>
                    <div className="form-actions">
                      <Button size="sm" disabled={!checks.ready} onClick={() => setSigning(true)}>{t('orders.sign', { count: drafts.length })}</Button>
                    </div>
                  </>
                )
              }
            </Loaded>
          )}
        </Loaded>
      </Panel>
      <Placed tests={tests} />
      {signing && <SignDialog drafts={drafts} checks={checks} onClose={() => setSigning(false)} />}
    </div>
  );
}

function Draft({ draft, checks }: { draft: Stored<Order>; checks: Checks }) {
  const { t } = useI18n();
  const changed = useChartChanged(useChartPatient());
  const drop = useMutation({ mutationFn: () => remove(draft), onSuccess: () => changed(draft.resourceType) });
  return (
    <li>
      <div>
        <OrderLine order={draft} />
        <Concerns list={checks.of(draft)} />
        {drop.isError && <Failure error={drop.error} onRetry={() => drop.mutate()} />}
      </div>
      <Button variant="default" loading={drop.isPending} onClick={() => drop.mutate()}>
        {t('orders.remove')}<span className="visually-hidden"> {orderName(draft)}</span>
      </Button>
    </li>
  );
}

function Placed({ tests }: { tests: ReturnType<typeof useChart<'ServiceRequest'>> }) {
  const { t, locale } = useI18n();
  const placed = (list: Stored<ServiceRequest>[]) => list.filter((one) => one.status !== 'draft' && one.status !== 'entered-in-error');
  return (
    <Panel title={t('orders.placed')} className="orders-wide">
      <Loaded query={tests} rows={3}>
        {({ matches }) =>
          placed(matches).length === 0 ? (
            <Empty>{t('orders.nonePlaced')}</Empty>
          ) : (
            <div className="table-scroll">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">{t('orders.test')}</th>
                    <th scope="col">{t('orders.priority')}</th>
                    <th scope="col">{t('medicines.status')}</th>
                    <th scope="col">{t('orders.when')}</th>
                    <th scope="col">{t('medicines.by')}</th>
                  </tr>
                </thead>
                <tbody>
                  {placed(matches).map((one) => (
                    <tr key={one.id}>
                      <th scope="row">{orderName(one)}</th>
                      <td>{one.priority ? t(`priority.${one.priority}` as Key) : <span className="quiet">{t('notKnown')}</span>}</td>
                      <td>{t(`order.${one.status}` as Key)}</td>
                      <td className="nowrap">{one.authoredOn ? formatDateTime(one.authoredOn, locale) : t('notKnown')}</td>
                      <td>{one.requester?.display ?? <span className="quiet">{t('notKnown')}</span>}</td>
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

