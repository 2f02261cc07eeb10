/** The frame of the portal: who is signed in, where one is, and the pages of the own record. */

import { useQueryClient } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { RequestError } from '../fhir/http';
import { SessionContext, endSession, lastTenant, rememberTenant, signInUrl, useSessionQuery } from '../fhir/session';
import { useOnline, useTitle } from '../lib/hooks';
import { useI18n } from '../lib/i18n';
import { useIdle } from '../lib/idle';
import { Acting } from './acting';
import { Home } from './Home';
import { Trouble, To, Wait } from './parts';
import { PAGES, type PageName, usePage } from './route';
import { useOwn } from './record';

const VIEWS: Record<PageName, React.ComponentType> = {
  home: Home,
  results: lazy(() => import('./Results')),
  medicines: lazy(() => import('./Medicines')),
  visits: lazy(() => import('./Visits')),
  papers: lazy(() => import('./Papers')),
  messages: lazy(() => import('./Messages')),
  access: lazy(() => import('./Access')),
  settings: lazy(() => import('./Settings')),
  call: lazy(() => import('./Call')),
  // Without a link one's own appointments are meant.
  appointment: lazy(() => import('./Visits')),
  notices: lazy(() => import('./Notices')),
};

const AFTER = 10 * 60_000;

/** Beside the first load, which need not wait for it. */
const Bell = lazy(() => import('./Bell'));

const Appointment = lazy(() => import('./Appointment'));

const Guest = lazy(async () => ({ default: (await import('./Call')).Guest }));

/** Whoever comes by a link of the clinic need not sign in. */
export function Portal() {
  const page = usePage();
  if (page === 'call' && location.hash.length > 1) return <Suspense fallback={<Wait />}><Guest /></Suspense>;
  if (page === 'appointment' && location.hash.length > 1) return <Suspense fallback={<Wait />}><Appointment /></Suspense>;
  return <Known />;
}

function Known() {
  const session = useSessionQuery();
  const client = useQueryClient();
  useEffect(() => {
    if (session.data?.tenant) rememberTenant(session.data.tenant);
  }, [session.data]);
  useEffect(
    () =>
      // Any request that finds the session ended asks again who is signed in: nobody.
      client.getQueryCache().subscribe((event) => {
        if (event.type !== 'updated' || event.action.type !== 'error' || event.query.queryKey[0] === 'session') return;
        if (event.action.error instanceof RequestError && event.action.error.kind === 'signed-out') void client.invalidateQueries({ queryKey: ['session'] });
      }),
    [client],
  );
  const out = session.error instanceof RequestError && session.error.kind === 'signed-out';
  if (out) return <SignedOut />;
  if (session.data) return <SessionContext.Provider value={session.data}><Acting>{(choice) => <Frame choice={choice} />}</Acting></SessionContext.Provider>;
  return <main className="gate">{session.isError ? <Trouble error={session.error} onRetry={() => void session.refetch()} /> : <Wait />}</main>;
}

function Frame({ choice }: { choice: ReactNode }) {
  const { t } = useI18n();
  const page = usePage();
  const online = useOnline();
  const idle = useIdle(AFTER);
  const own = useOwn();
  const main = useRef<HTMLElement>(null);
  const before = useRef(page);
  useTitle(t(`portal.${page}`));
  useEffect(() => {
    if (before.current !== page) main.current?.focus({ preventScroll: true });
    before.current = page;
  }, [page]);
  useEffect(() => {
    if (idle) void endSession('drafts').then(() => location.assign(signInUrl()));
  }, [idle]);
  const View = VIEWS[page];
  const pages = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a telephone the pages are one row, of which the open one must be seen.
    const row = pages.current;
    const open = row?.querySelector<HTMLElement>('[aria-current=page]');
    if (row && open && page) row.scrollLeft = open.offsetLeft - row.offsetWidth / 2 + open.offsetWidth / 2;
  }, [page]);
  return (
    <>
      <a className="skip" href="#main">{t('shell.skip')}</a>
      <header className="top">
        <span className="brand">MediTrack</span>
        {own && !idle && <Suspense fallback={null}><Bell current={page === 'notices'} /></Suspense>}
        <button type="button" onClick={() => void endSession('choices').then(() => location.assign(signInUrl()))}>{t('shell.signOut')}</button>
      </header>
      <nav ref={pages} aria-label={t('shell.nav')}>
        {PAGES.map((name) => <To key={name} page={name} current={name === page}>{t(`portal.${name}`)}</To>)}
      </nav>
      {choice}
      {!online && <p className="stale" role="status">{t('portal.offline')}</p>}
      <main id="main" ref={main} tabIndex={-1}>
        <h1>{t(`portal.${page}`)}</h1>
        {idle ? <Wait /> : own ? <Suspense fallback={<Wait />}><View key={own} /></Suspense> : <NotAPatient />}
      </main>
    </>
  );
}

function NotAPatient() {
  const { t } = useI18n();
  return <p>{t('portal.notPatient')} <a href="/app/">{t('portal.toStaff')}</a></p>;
}

function SignedOut(): ReactNode {
  const { t } = useI18n();
  const known = lastTenant();
  const [name, setName] = useState('');
  useEffect(() => {
    if (known) location.replace(signInUrl(known));
  }, [known]);
  if (known) return <main className="gate"><Wait /></main>;
  return (
    <main className="gate">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) location.assign(signInUrl(name.trim()));
        }}
      >
        <h1>MediTrack</h1>
        <label htmlFor="organisation">{t('signIn.organisation')}</label>
        <input id="organisation" value={name} onChange={(event) => setName(event.currentTarget.value)} autoComplete="organization" autoCapitalize="none" spellCheck={false} aria-describedby="organisation-help" />
        <p id="organisation-help" className="quiet">{t('signIn.organisation.help')}</p>
        <button type="submit" disabled={!name.trim()}>{t('signIn.go')}</button>
      </form>
    </main>
  );
}
