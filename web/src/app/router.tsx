/** The addresses of the application; every page is a chunk of its own. */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { askChart, askSummary } from '../features/chart/ahead';
import { askCalendar } from '../features/schedule/ahead';
import type { AuditSearch } from '../features/audit/AuditPage';
import type { Kind } from '../features/chart/TimelinePage';
import { VIEWS, type View } from '../features/inbox/task';
import type { BoardSearch } from '../features/schedule/BoardPage';
import type { CalendarSearch } from '../features/schedule/CalendarPage';
import type { HoursSearch } from '../features/schedule/HoursPage';
import { isDay } from '../lib/zone';
import { NotFound } from './NotFound';
import { Shell } from './Shell';
import { Crashed } from './Crashed';
import { queries } from './queries';

/** Asks for data on the way to a page, never because a pointer rests on its link: what is read of a record is in its trail. */
const isOnTheWay = (cause: 'preload' | 'enter' | 'stay') => cause !== 'preload';

const text = (value: unknown): string | undefined => (typeof value === 'string' || typeof value === 'number' ? String(value) : undefined);

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Crashed });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/patients', search: {} });
  },
});

const patients = createRoute({
  getParentRoute: () => root,
  path: '/patients',
  validateSearch: (search: Record<string, unknown>): { q?: string } => ({ q: text(search.q) }),
  component: lazyRouteComponent(() => import('../features/patients/SearchPage'), 'SearchPage'),
});

const register = createRoute({
  getParentRoute: () => root,
  path: '/patients/new',
  validateSearch: (search: Record<string, unknown>): { name?: string } => ({ name: text(search.name) }),
  component: lazyRouteComponent(() => import('../features/patients/RegisterPage'), 'RegisterPage'),
});

const edit = createRoute({
  getParentRoute: () => root,
  path: '/patients/$id/edit',
  component: lazyRouteComponent(() => import('../features/patients/EditPage'), 'EditPage'),
});

const merge = createRoute({
  getParentRoute: () => root,
  path: '/patients/$id/merge',
  validateSearch: (search: Record<string, unknown>): { with?: string } => ({ with: text(search.with) }),
  component: lazyRouteComponent(() => import('../features/patients/MergePage'), 'MergePage'),
});

const chart = createRoute({
  getParentRoute: () => root,
  path: '/patients/$id',
  loader: ({ params: { id }, cause }) => {
    if (isOnTheWay(cause)) askChart(queries, id);
  },
  component: lazyRouteComponent(() => import('../features/chart/ChartLayout'), 'ChartLayout'),
});

const chartPages = [
  createRoute({
    getParentRoute: () => chart,
    path: '/',
    loader: ({ params: { id }, cause }) => {
      if (isOnTheWay(cause)) askSummary(queries, id);
    },
    component: lazyRouteComponent(() => import('../features/chart/SummaryPage'), 'SummaryPage'),
  }),
  createRoute({
    getParentRoute: () => chart,
    path: '/timeline',
    validateSearch: (search: Record<string, unknown>): { kinds?: Kind[] } => ({ kinds: Array.isArray(search.kinds) ? (search.kinds as Kind[]) : undefined }),
    component: lazyRouteComponent(() => import('../features/chart/TimelinePage'), 'TimelinePage'),
  }),
  createRoute({
    getParentRoute: () => chart,
    path: '/vitals',
    validateSearch: (search: Record<string, unknown>): { sign?: string } => ({ sign: text(search.sign) }),
    component: lazyRouteComponent(() => import('../features/chart/VitalsPage'), 'VitalsPage'),
  }),
  createRoute({
    getParentRoute: () => chart,
    path: '/vitals/new',
    validateSearch: (search: Record<string, unknown>): { visit?: string } => ({ visit: text(search.visit) }),
    component: lazyRouteComponent(() => import('../features/chart/VitalsEntry'), 'VitalsEntry'),
  }),
  createRoute({ getParentRoute: () => chart, path: '/problems', component: lazyRouteComponent(() => import('../features/chart/ProblemsPage'), 'ProblemsPage') }),
  createRoute({ getParentRoute: () => chart, path: '/allergies', component: lazyRouteComponent(() => import('../features/chart/AllergiesPage'), 'AllergiesPage') }),
  createRoute({ getParentRoute: () => chart, path: '/medicines', component: lazyRouteComponent(() => import('../features/chart/MedicinesPage'), 'MedicinesPage') }),
  createRoute({ getParentRoute: () => chart, path: '/medicines/reconcile', component: lazyRouteComponent(() => import('../features/chart/ReconcilePage'), 'ReconcilePage') }),
  createRoute({
    getParentRoute: () => chart,
    path: '/orders',
    validateSearch: (search: Record<string, unknown>): { add?: 'medicine' | 'test'; visit?: string } => ({ add: search.add === 'test' || search.add === 'medicine' ? search.add : undefined, visit: text(search.visit) }),
    component: lazyRouteComponent(() => import('../features/orders/OrdersPage'), 'OrdersPage'),
  }),
  createRoute({
    getParentRoute: () => chart,
    path: '/results',
    validateSearch: (search: Record<string, unknown>): { test?: string; filter?: string } => ({ test: text(search.test), filter: text(search.filter) }),
    component: lazyRouteComponent(() => import('../features/chart/ResultsPage'), 'ResultsPage'),
  }),
  createRoute({
    getParentRoute: () => chart,
    path: '/notes',
    validateSearch: (search: Record<string, unknown>): { open?: string } => ({ open: text(search.open) }),
    component: lazyRouteComponent(() => import('../features/chart/NotesPage'), 'NotesPage'),
  }),
  createRoute({
    getParentRoute: () => chart,
    path: '/notes/new',
    validateSearch: (search: Record<string, unknown>): { note?: string; visit?: string; kind?: string } => ({ note: text(search.note), visit: text(search.visit), kind: text(search.kind) }),
    component: lazyRouteComponent(() => import('../features/chart/NoteEditor'), 'NoteEditor'),
  }),
  createRoute({
    getParentRoute: () => chart,
    path: '/documents',
    validateSearch: (search: Record<string, unknown>): { filter?: string; open?: string } => ({ filter: text(search.filter), open: text(search.open) }),
    component: lazyRouteComponent(() => import('../features/documents/DocumentsPage'), 'DocumentsPage'),
  }),
  createRoute({ getParentRoute: () => chart, path: '/person', component: lazyRouteComponent(() => import('../features/patients/PersonPage'), 'PersonPage') }),
  createRoute({ getParentRoute: () => chart, path: '/plan', component: lazyRouteComponent(() => import('../features/care/PlanPage'), 'PlanPage') }),
  createRoute({ getParentRoute: () => chart, path: '/immunisations', component: lazyRouteComponent(() => import('../features/care/ImmunisationsPage'), 'ImmunisationsPage') }),
  createRoute({ getParentRoute: () => chart, path: '/encounters', component: lazyRouteComponent(() => import('../features/encounters/EncountersPage'), 'EncountersPage') }),
  createRoute({ getParentRoute: () => chart, path: '/encounters/$encounter', component: lazyRouteComponent(() => import('../features/encounters/EncounterPage'), 'EncounterPage') }),
] as const;

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: (search: Record<string, unknown>): AuditSearch => ({ patient: text(search.patient), from: text(search.from), to: text(search.to), action: text(search.action), address: text(search.address) }),
  component: lazyRouteComponent(() => import('../features/audit/AuditPage'), 'AuditPage'),
});

const tasks = createRoute({
  getParentRoute: () => root,
  path: '/tasks',
  validateSearch: (search: Record<string, unknown>): { view?: View } => ({ view: VIEWS.find((view) => view === search.view) }),
  component: lazyRouteComponent(() => import('../features/inbox/TasksPage'), 'TasksPage'),
});

const messages = createRoute({
  getParentRoute: () => root,
  path: '/messages',
  validateSearch: (search: Record<string, unknown>): { patient?: string } => ({ patient: text(search.patient) }),
  component: lazyRouteComponent(() => import('../features/inbox/MessagesPage'), 'MessagesPage'),
});

const admin = createRoute({ getParentRoute: () => root, path: '/admin', component: lazyRouteComponent(() => import('../features/admin/AdminLayout'), 'AdminLayout') });

const adminPages = [
  createRoute({ getParentRoute: () => admin, path: '/', component: lazyRouteComponent(() => import('../features/admin/UsersPage'), 'UsersPage') }),
  createRoute({ getParentRoute: () => admin, path: '/roles', component: lazyRouteComponent(() => import('../features/admin/RolesPage'), 'RolesPage') }),
  createRoute({ getParentRoute: () => admin, path: '/organisation', component: lazyRouteComponent(() => import('../features/admin/OrganisationPage'), 'OrganisationPage') }),
  createRoute({ getParentRoute: () => admin, path: '/locations', component: lazyRouteComponent(() => import('../features/admin/LocationsPage'), 'LocationsPage') }),
  createRoute({ getParentRoute: () => admin, path: '/messages', component: lazyRouteComponent(() => import('../features/admin/MessagesPage'), 'MessagesPage') }),
  createRoute({ getParentRoute: () => admin, path: '/onboarding', component: lazyRouteComponent(() => import('../features/admin/OnboardingPage'), 'OnboardingPage') }),
  createRoute({ getParentRoute: () => admin, path: '/emergency', component: lazyRouteComponent(() => import('../features/admin/EmergencyPage'), 'EmergencyPage') }),
  createRoute({ getParentRoute: () => admin, path: '/tenants', component: lazyRouteComponent(() => import('../features/admin/TenantsPage'), 'TenantsPage') }),
] as const;

const notices = [
  createRoute({
    getParentRoute: () => root,
    path: '/notifications',
    validateSearch: (search: Record<string, unknown>): { unread?: boolean } => ({ unread: search.unread === true || undefined }),
    component: lazyRouteComponent(() => import('../features/notices/NoticesPage'), 'NoticesPage'),
  }),
  createRoute({ getParentRoute: () => root, path: '/notifications/preferences', component: lazyRouteComponent(() => import('../features/notices/PreferencesPage'), 'PreferencesPage') }),
] as const;

const sessions = createRoute({ getParentRoute: () => root, path: '/sessions', component: lazyRouteComponent(() => import('../features/admin/SessionsPage'), 'SessionsPage') });

const day = (value: unknown): string | undefined => (typeof value === 'string' && isDay(value) ? value : undefined);

const schedule = [
  createRoute({
    getParentRoute: () => root,
    path: '/schedule',
    validateSearch: (search: Record<string, unknown>): CalendarSearch => ({
      day: day(search.day),
      view: search.view === 'week' || search.view === 'month' ? search.view : undefined,
      who: Array.isArray(search.who) ? search.who.filter((one): one is string => typeof one === 'string') : undefined,
      visit: text(search.visit),
      weekend: search.weekend === true || undefined,
      gone: search.gone === true || undefined,
    }),
    loader: ({ cause }) => {
      if (isOnTheWay(cause)) askCalendar(queries);
    },
    component: lazyRouteComponent(() => import('../features/schedule/CalendarPage'), 'CalendarPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/schedule/board',
    validateSearch: (search: Record<string, unknown>): BoardSearch => ({ day: day(search.day), who: text(search.who) }),
    component: lazyRouteComponent(() => import('../features/schedule/BoardPage'), 'BoardPage'),
  }),
  createRoute({ getParentRoute: () => root, path: '/schedule/waitlist', component: lazyRouteComponent(() => import('../features/schedule/WaitlistPage'), 'WaitlistPage') }),
  createRoute({
    getParentRoute: () => root,
    path: '/schedule/hours',
    validateSearch: (search: Record<string, unknown>): HoursSearch => ({ actor: text(search.actor) }),
    component: lazyRouteComponent(() => import('../features/schedule/HoursPage'), 'HoursPage'),
  }),
] as const;

const video = createRoute({ getParentRoute: () => root, path: '/video/$appointment', component: lazyRouteComponent(() => import('../features/telehealth/VideoPage'), 'VideoPage') });

const system = createRoute({
  getParentRoute: () => root,
  path: '/system',
  component: lazyRouteComponent(() => import('../features/system/SystemPage'), 'SystemPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([home, patients, register, edit, merge, chart.addChildren(chartPages), tasks, messages, admin.addChildren(adminPages), sessions, ...notices, audit, ...schedule, video, system]),
  basepath: '/app',
  defaultPreload: 'intent',
  // What was preloaded is code alone; data is asked for on the way.
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
