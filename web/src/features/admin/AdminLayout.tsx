/** The frame of administration: its pages, by what the roles allow. */

import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { useSession } from '../../fhir/session';
import { useTitle } from '../../lib/hooks';
import { type Key, useI18n } from '../../lib/i18n';
import { Notice } from '../../ui/Notice';
import './admin.css';

const PAGES = [
  ['/admin', 'admin.users', 'org_admin'],
  ['/admin/roles', 'admin.roles', 'org_admin'],
  ['/admin/organisation', 'admin.organisation', 'org_admin'],
  ['/admin/locations', 'admin.locations', 'org_admin'],
  ['/admin/messages', 'admin.messages', 'org_admin'],
  ['/admin/onboarding', 'admin.onboarding', 'org_admin'],
  ['/admin/emergency', 'admin.emergency', 'org_admin'],
  ['/admin/tenants', 'admin.tenants', 'super_admin'],
] as const satisfies readonly (readonly [string, Key, string])[];

export function AdminLayout() {
  const { t } = useI18n();
  const { roles } = useSession();
  const { pathname } = useLocation();
  // Whoever may not open a page is told so once, and leaves no refusals in the trail.
  const needed = PAGES.find(([to]) => to === pathname.replace(/\/$/, ''))?.[2];
  const denied = needed !== undefined && !roles.includes(needed);
  useTitle(t('admin.title'));
  return (
    <div className="chart admin">
      <h1>{t('admin.title')}</h1>
      <nav className="chart-nav" aria-label={t('admin.title')}>
        {PAGES.filter(([, , role]) => roles.includes(role)).map(([to, label]) => (
          <Link key={to} to={to} activeOptions={{ exact: to === '/admin' }}>{t(label)}</Link>
        ))}
      </nav>
      <div className="chart-body">
        {denied ? <Notice tone="warning" icon="shield" title={t('error.denied')}><p>{t('admin.denied', { role: t(`role.${needed}`) })}</p></Notice> : <Outlet />}
      </div>
    </div>
  );
}
