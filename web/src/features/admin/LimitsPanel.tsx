/** What an organisation may use and what it uses: shown to its administrators, set by whoever runs the installation. */

import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { type Answer, RequestError, send } from '../../fhir/http';
import { Loaded } from '../../fhir/Loaded';
import { formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { type Limits, type Organisation, moment, useDocument } from './api';
import { LIMITS, fill, isLimit, sent, typedOf, usedOf } from './limits';

/** The caller's own organisation. */
export function LimitsPanel() {
  const { t } = useI18n();
  const query = useDocument('/admin/limits');
  return (
    <Panel title={t('limits.title')}>
      <Loaded query={query} rows={3}>
        {(limits) => (
          <div className="stack">
            <LimitsTable limits={limits} />
            <p className="quiet">{t('limits.whose')}</p>
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

export function LimitsTable({ limits }: { limits: Limits }) {
  const { t, locale } = useI18n();
  const number = (value: number) => new Intl.NumberFormat(locale, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
  return (
    <div className="stack">
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t('limits.what')}</th>
              <th scope="col">{t('limits.used')}</th>
              <th scope="col">{t('limits.most')}</th>
            </tr>
          </thead>
          <tbody>
            {LIMITS.map((limit) => {
              const [used, most, state] = [usedOf(limit, limits), limits[limit], fill(limit, limits)];
              return (
                <tr key={limit}>
                  <th scope="row">{t(`limits.${limit}`)}</th>
                  <td className="number">{used === undefined ? <span className="quiet">{t('limits.unmeasured')}</span> : number(used)}</td>
                  <td className="number">
                    {most ? number(most.toNumber()) : t('limits.none')}
                    {state !== 'free' && <span className={`chip ${state === 'full' ? 'chip-danger' : 'chip-warning'}`}><Icon name="alert" size={14} /> {t(`limits.${state}`)}</span>}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p className="quiet">{t('limits.measured', { time: formatDateTime(moment(limits.used.measuredAt), locale) })}</p>
    </div>
  );
}

const REASON = 10;

/** The limits of one organisation, for whoever runs the installation. */
export function LimitsDialog({ organisation, onClose }: { organisation: Organisation; onClose: () => void }) {
  const { t } = useI18n();
  const path = `/api/v1/admin/organisations/${organisation.id}/limits`;
  // Read once, and again when somebody else was faster: a read in the background must not move what was seen.
  const query = useQuery({ queryKey: ['api', 'limits', organisation.id.text], queryFn: ({ signal }) => send<Limits>(path, { signal }), staleTime: Number.POSITIVE_INFINITY, gcTime: 0, refetchOnWindowFocus: false, refetchOnReconnect: false });
  return (
    <Dialog onClose={onClose} title={t('limits.of', { name: organisation.name })}>
      <Loaded query={query} rows={6}>{(seen) => <LimitsForm path={path} seen={seen} onStale={() => void query.refetch()} onClose={onClose} />}</Loaded>
    </Dialog>
  );
}

function LimitsForm({ path, seen, onStale, onClose }: { path: string; seen: Answer<Limits>; onStale: () => void; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [typed, setTyped] = useState(() => typedOf(seen.body));
  const [reason, setReason] = useState('');
  const save = useMutation({
    mutationFn: () => send(path, { method: 'PUT', ifMatch: seen.etag, body: { limits: sent(typed), reason: reason.trim() } }),
    onSuccess: async () => {
      onClose();
      await client.invalidateQueries({ queryKey: ['api'] });
    },
    // What was typed stays, and stands beside what somebody else has set.
    onError: (error) => error instanceof RequestError && error.status === 412 && onStale(),
  });
  const wrong = LIMITS.filter((limit) => !isLimit(limit, typed[limit]));
  const below = LIMITS.filter((limit) => !wrong.includes(limit) && Number(typed[limit]) > 0 && Number(typed[limit]) < (usedOf(limit, seen.body) ?? 0));
  const ready = wrong.length === 0 && reason.trim().length >= REASON;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) save.mutate();
      }}
    >
      <LimitsTable limits={seen.body} />
      <p>{t('limits.help')}</p>
      {LIMITS.map((limit) => (
        <TextInput key={limit} label={t(`limits.${limit}`)} description={t('limits.empty')} inputMode="numeric" value={typed[limit]} onChange={(event) => setTyped({ ...typed, [limit]: event.currentTarget.value })} error={wrong.includes(limit) ? t('limits.wrong') : undefined} autoComplete="off" />
      ))}
      {below.length > 0 && <Notice tone="warning" icon="alert" title={t('limits.below')} />}
      <TextInput label={t('admin.reason')} description={t('admin.reason.help', { count: REASON })} value={reason} onChange={(event) => setReason(event.currentTarget.value)} required autoComplete="off" />
      {save.isError && <Failure error={save.error} />}
      <div className="form-actions">
        <Button type="submit" size="sm" disabled={!ready} loading={save.isPending}>{t('limits.set')}</Button>
        <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
      </div>
    </form>
  );
}
