/** Where one is signed in oneself, how to end it elsewhere, and one's passkeys. */

import { Button } from '@mantine/core';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { browserName } from '../../lib/browser';
import { formatDateTime } from '../../lib/dates';
import { useTitle } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { Panel } from '../../ui/Panel';
import { PasskeysPanel } from './PasskeysPanel';
import { useAct, useDocument } from './api';

export function SessionsPage() {
  const { t, locale } = useI18n();
  useTitle(t('sessions.title'));
  const query = useDocument('/sessions');
  const end = useAct();
  return (
    <div className="page">
      <h1>{t('sessions.title')}</h1>
      {end.isError && <Failure error={end.error} />}
      <Panel title={t('sessions.list')} aside={query.data?.length}>
        <Loaded query={query} rows={3}>
          {(list) => (
            <div className="table-scroll">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">{t('sessions.browser')}</th>
                    <th scope="col">{t('sessions.address')}</th>
                    <th scope="col">{t('sessions.began')}</th>
                    <th scope="col">{t('sessions.last')}</th>
                    <th scope="col">{t('actions')}</th>
                  </tr>
                </thead>
                <tbody>
                  {list.map((one) => (
                    <tr key={one.id}>
                      <th scope="row">{browserName(one.browser)}</th>
                      <td className="mono">{one.address}</td>
                      <td className="nowrap">{formatDateTime(one.createdAt, locale)}</td>
                      <td className="nowrap">{formatDateTime(one.seenAt, locale)}</td>
                      <td className="nowrap">{one.current ? <span className="quiet">{t('sessions.current')}</span> : <Button variant="default" disabled={end.isPending} onClick={() => end.mutate({ method: 'DELETE', path: `/sessions/${one.id}` })}>{t('sessions.end')}</Button>}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Loaded>
      </Panel>
      <PasskeysPanel />
    </div>
  );
}
