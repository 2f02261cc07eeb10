/** The frame of the application: who and where one is, how to get anywhere, and what is wrong with the connection. */

import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { useDocument } from '../features/admin/api';
import { Bell } from '../features/notices/Bell';
import { send } from '../fhir/http';
import { useSession } from '../fhir/session';
import { useOnline } from '../lib/hooks';
import { useI18n } from '../lib/i18n';
import { type Shortcuts, useShortcuts } from '../lib/keys';
import { Icon } from '../ui/icons';
import { Loading, Notice } from '../ui/Notice';
import { Gate } from './Gate';
import { IdleLock } from './IdleLock';
import { UserMenu } from './UserMenu';

const Palette = lazy(() => import('./Palette'));
const KeyboardHelp = lazy(() => import('./KeyboardHelp'));

export function Shell() {
  return (
    <Gate>
      <Frame />
    </Gate>
  );
}

/** Roles whose work the audit trail is; others would only be refused. */
const AUDITORS = new Set(['org_admin', 'auditor', 'privacy_officer']);

/** Roles that manage an organisation, or all of them. */
const ADMINISTRATORS = new Set(['org_admin', 'super_admin']);

/** Roles that share tasks and messages. */
const WORKERS = new Set(['doctor', 'nurse', 'clinical_staff', 'receptionist', 'lab_technician', 'lab_supervisor', 'pharmacist', 'biller']);

/** Roles that keep the calendar. */
const SCHEDULERS = new Set(['doctor', 'nurse', 'clinical_staff', 'receptionist', 'org_admin']);

type Layer = 'palette' | 'help' | undefined;

function Frame() {
  const { t } = useI18n();
  const navigate = useNavigate();
  const online = useOnline();
  const [layer, setLayer] = useState<Layer>();
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    // A new page is announced from its beginning; the first one is where the browser put us.
    if (before.current !== pathname) main.current?.focus({ preventScroll: true });
    before.current = pathname;
  }, [pathname]);
  const shortcuts = useMemo<Shortcuts>(
    () => ({
      'mod+k': () => setLayer('palette'),
      '?': () => setLayer('help'),
      'g p': () => void navigate({ to: '/patients', search: {} }),
      'g r': () => void navigate({ to: '/patients/new', search: {} }),
      'g t': () => void navigate({ to: '/tasks', search: {} }),
      'g m': () => void navigate({ to: '/messages', search: {} }),
      'g c': () => void navigate({ to: '/schedule', search: {} }),
      'g b': () => void navigate({ to: '/schedule/board', search: {} }),
      'g n': () => void navigate({ to: '/notifications', search: {} }),
      'g s': () => void navigate({ to: '/system' }),
    }),
    [navigate],
  );
  useShortcuts(shortcuts);
  return (
    <>
      <a className="skip" href="#main">{t('shell.skip')}</a>
      <TopBar onPalette={() => setLayer('palette')} onHelp={() => setLayer('help')} />
      {!online && (
        <div className="offline"><Notice tone="warning" icon="offline" title={t('shell.offline')} /></div>
      )}
      <main id="main" ref={main} tabIndex={-1}>
        <IdleLock><Suspense fallback={<Loading rows={8} />}><Outlet /></Suspense></IdleLock>
      </main>
      <Suspense fallback={null}>
        {layer === 'palette' && <Palette onClose={() => setLayer(undefined)} />}
        {layer === 'help' && <KeyboardHelp onClose={() => setLayer(undefined)} />}
      </Suspense>
    </>
  );
}

/** The colour that an organisation has until it chooses one: ours is then the bar's. */
const UNCHOSEN = '#0b5cad';

/** What the installation is when it is not for care: said in words, and by the colour of the bar. */
function Environment() {
  const { data: name } = useQuery({ queryKey: ['about'], queryFn: async ({ signal }) => (await send<{ environment?: string | null }>('/api/v1/system/about', { signal })).body.environment ?? '', staleTime: Number.POSITIVE_INFINITY });
  useEffect(() => {
    if (name) document.documentElement.dataset.environment = 'trial';
    return () => void delete document.documentElement.dataset.environment;
  }, [name]);
  return name ? <strong className="environment">{name}</strong> : null;
}

/** Where one is, always in sight: the organisation's own name, logo and colour, as far as it has chosen them. */
function Organisation() {
  const { tenant } = useSession();
  const branding = useDocument('/admin/branding').data;
  const own = branding && branding.primary !== UNCHOSEN ? branding.primary : undefined;
  useEffect(() => {
    if (own) document.documentElement.style.setProperty('--bar', own);
    return () => void document.documentElement.style.removeProperty('--bar');
  }, [own]);
  const name = branding && branding.name !== 'MediTrack' ? branding.name : tenant;
  return (
    <>
      {branding?.logo && <img className="logo" src={branding.logo} alt="" />}
      {name && <span className="tenant">{name}</span>}
    </>
  );
}

function TopBar({ onPalette, onHelp }: { onPalette: () => void; onHelp: () => void }) {
  const { t } = useI18n();
  const session = useSession();
  const works = session.roles.some((role) => WORKERS.has(role));
  return (
    <header className="topbar">
      <Link to="/patients" search={{}} className="brand">
        <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true"><path d="M4 17h6l3-9 5 17 3-8h7" fill="none" stroke="currentColor" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" /></svg>
        <span>MediTrack</span>
      </Link>
      <Organisation />
      <Environment />
      <nav aria-label={t('shell.nav')} className="topnav">
        <Link to="/patients" search={{}}><Icon name="patients" /> <span>{t('patients.title')}</span></Link>
        {works && <Link to="/tasks" search={{}}><Icon name="check" /> <span>{t('tasks.title')}</span></Link>}
        {works && <Link to="/messages" search={{}}><Icon name="note" /> <span>{t('messages.title')}</span></Link>}
        {session.roles.some((role) => SCHEDULERS.has(role)) && <Link to="/schedule" search={{}}><Icon name="calendar" /> <span>{t('calendar.title')}</span></Link>}
        {session.roles.some((role) => AUDITORS.has(role)) && <Link to="/audit" search={{}}><Icon name="shield" /> <span>{t('audit.title')}</span></Link>}
        {session.roles.some((role) => ADMINISTRATORS.has(role)) && <Link to="/admin"><Icon name="user" /> <span>{t('admin.title')}</span></Link>}
        <Link to="/system"><Icon name="system" /> <span>{t('system.title')}</span></Link>
      </nav>
      <button type="button" className="palette-button" onClick={onPalette} aria-keyshortcuts="Control+K">
        <Icon name="search" /> <span>{t('shell.find')}</span> <kbd>Ctrl K</kbd>
      </button>
      <Bell />
      <UserMenu onHelp={onHelp} />
    </header>
  );
}
