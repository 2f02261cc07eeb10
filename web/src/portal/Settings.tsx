/** Settings (S60, S61): language, who else may act, and where one is signed in. */

import { useMutation, useQuery } from '@tanstack/react-query';
import { send } from '../fhir/http';
import { browserName } from '../lib/browser';
import { formatDateTime } from '../lib/dates';
import { LOCALES, type Locale, useI18n } from '../lib/i18n';
import { Card, None, Shown, Trouble } from './parts';
import { useOwn } from './record';

interface Session {
  id: string;
  browser: string;
  seenAt: string;
  current: boolean;
}

interface Proxy {
  id: string;
  subject: string;
  basis: 'parental' | 'patient' | 'legal';
}

export default function Settings() {
  const { t, locale, setLocale } = useI18n();
  const own = useOwn() ?? '';
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: async ({ signal }) => (await send<Session[]>('/api/v1/sessions', { signal })).body });
  const proxies = useQuery({ queryKey: ['proxies', own], queryFn: async ({ signal }) => (await send<Proxy[]>(`/api/v1/proxies?patient=${encodeURIComponent(own)}`, { signal })).body });
  const end = useMutation({ mutationFn: (path: string) => send(path, { method: 'DELETE' }), onSettled: () => Promise.all([sessions.refetch(), proxies.refetch()]) });
  return (
    <>
      <Card title={t('shell.language')}>
        <div className="choices">
          {(Object.keys(LOCALES) as Locale[]).map((one) => <button key={one} type="button" lang={one} aria-pressed={one === locale} onClick={() => setLocale(one)}>{LOCALES[one]}</button>)}
        </div>
      </Card>
      {end.isError && <Trouble error={end.error} />}
      <Card title={t('portal.proxies')}>
        <Shown query={proxies}>
          {(list) =>
            list.length === 0 ? (
              <None>{t('portal.noProxies')}</None>
            ) : (
              <ul className="rows">
                {list.map((one) => (
                  <li key={one.id} className="with-action"><span>{one.subject} <span className="quiet">{t(`basis.${one.basis}`)}</span></span><button type="button" onClick={() => end.mutate(`/api/v1/proxies/${one.id}`)}>{t('portal.withdraw')}</button></li>
                ))}
              </ul>
            )
          }
        </Shown>
      </Card>
      <Card title={t('sessions.title')}>
        <Shown query={sessions}>
          {(list) => (
            <ul className="rows">
              {list.map((one) => (
                <li key={one.id} className="with-action">
                  <span>{browserName(one.browser)}<br /><span className="quiet">{t('sessions.seen', { time: formatDateTime(one.seenAt, locale) })}</span></span>
                  {one.current ? <span className="quiet">{t('sessions.current')}</span> : <button type="button" onClick={() => end.mutate(`/api/v1/sessions/${one.id}`)}>{t('sessions.end')}</button>}
                </li>
              ))}
            </ul>
          )}
        </Shown>
      </Card>
    </>
  );
}
