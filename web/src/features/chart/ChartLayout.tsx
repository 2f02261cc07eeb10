/** The frame of every chart page: banner, the chart's pages, and the keys that switch between them. */

import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useRef } from 'react';
import { patientName, referenceId } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useLive } from '../../fhir/live';
import { usePatient } from '../../fhir/queries';
import { readsCharts, useSession } from '../../fhir/session';
import { useTitle } from '../../lib/hooks';
import { type Key, useI18n } from '../../lib/i18n';
import { type Shortcuts, useShortcuts } from '../../lib/keys';
import { rememberPatient } from '../../lib/recent';
import { Notice } from '../../ui/Notice';
import { Banner } from './Banner';
import { BreakGlass, useMayBreakGlass } from './BreakGlass';

const route = getRouteApi('/patients/$id');

const PAGES = [
  ['/patients/$id', 'chart.summary'],
  ['/patients/$id/timeline', 'chart.timeline'],
  ['/patients/$id/vitals', 'chart.vitals'],
  ['/patients/$id/problems', 'chart.problems'],
  ['/patients/$id/allergies', 'chart.allergies'],
  ['/patients/$id/medicines', 'chart.medicines'],
  ['/patients/$id/orders', 'orders.title'],
  ['/patients/$id/results', 'chart.results'],
  ['/patients/$id/notes', 'chart.notes'],
  ['/patients/$id/documents', 'chart.documents'],
  ['/patients/$id/immunisations', 'chart.immunisations'],
  ['/patients/$id/plan', 'chart.plan'],
  ['/patients/$id/encounters', 'chart.encounters'],
  ['/patients/$id/person', 'chart.person'],
] as const satisfies readonly (readonly [string, Key])[];

/** What the desk opens of a chart: it begins with the person. */
const AT_DESK = [
  ['/patients/$id', 'chart.person'],
  ['/patients/$id/encounters', 'chart.encounters'],
] as const satisfies readonly (readonly [string, Key])[];

/** The pages of a chart for somebody with these roles. */
export function pagesFor(roles: readonly string[]) {
  if (readsCharts(roles)) return PAGES;
  return roles.includes('receptionist') ? AT_DESK : AT_DESK.slice(0, 1);
}

/** What a chart shows and others write while somebody looks. */
const LIVE = ['AllergyIntolerance', 'CarePlan', 'Composition', 'Condition', 'DiagnosticReport', 'DocumentReference', 'Encounter', 'Goal', 'Immunization', 'MedicationRequest', 'MedicationStatement', 'Observation', 'ServiceRequest', 'Task'];
/** The clinic says what kind of record changed, not whose: what is on screen is read again at most so often. */
const LIVE_EVERY = 2_000;

function useLiveChart(id: string): void {
  const client = useQueryClient();
  useLive(LIVE, (types) => {
    for (const type of types) void client.invalidateQueries({ queryKey: ['chart', id, type] });
  }, LIVE_EVERY);
}

export function ChartLayout() {
  const { t } = useI18n();
  const { id } = route.useParams();
  const { roles } = useSession();
  const pages = useMemo(() => pagesFor(roles), [roles]);
  useLiveChart(id);
  const navigate = useNavigate();
  const patient = usePatient(id);
  const known = patient.data?.body;
  useTitle(known ? patientName(known) : '');
  useEffect(() => {
    if (known) rememberPatient(known.id);
  }, [known]);
  const shortcuts = useMemo<Shortcuts>(() => {
    const keys: Shortcuts = { n: () => void navigate({ to: '/patients/$id/notes/new', params: { id } }) };
    for (const [index, [to]] of pages.entries()) if (index < 9) keys[`alt+${index + 1}`] = () => void navigate({ to, params: { id } });
    return keys;
  }, [navigate, id, pages]);
  useShortcuts(shortcuts);
  const tabs = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    // On a narrow screen the pages are one row, of which the open one must be seen.
    const row = known && pathname ? tabs.current : undefined;
    const open = row?.querySelector<HTMLElement>('[aria-current=page]');
    if (row && open) row.scrollLeft = open.offsetLeft - row.offsetWidth / 2 + open.offsetWidth / 2;
  }, [pathname, known]);
  const mayBreak = useMayBreakGlass(patient.error);
  if (mayBreak && patient.data === undefined) {
    return (
      <div className="page">
        <h1>{t('glass.closed')}</h1>
        <Failure error={patient.error} />
        <BreakGlass patient={id} onOpened={() => void patient.refetch()} />
      </div>
    );
  }
  return (
    <Loaded query={patient} rows={8}>
      {(answer) => (
        <div className="chart">
          <Banner patient={answer.body} />
          <Replaced by={referenceId(answer.body.link?.find((link) => link.type === 'replaced-by')?.other.reference)} />
          <nav ref={tabs} className="chart-nav" aria-label={t('chart.label')}>
            {pages.map(([to, label], index) => (
              <Link key={to} to={to} params={{ id }} activeOptions={{ exact: to === '/patients/$id' }} aria-keyshortcuts={index < 9 ? `Alt+${index + 1}` : undefined}>
                {t(label)}
              </Link>
            ))}
          </nav>
          <div className="chart-body">
            <Outlet />
          </div>
        </div>
      )}
    </Loaded>
  );
}

/** Says that the record was merged, and leads to the one that stands for it. */
function Replaced({ by }: { by: string | undefined }) {
  const { t } = useI18n();
  if (!by) return null;
  return (
    <Notice tone="warning" icon="alert" title={t('merge.replaced')}>
      <Link to="/patients/$id" params={{ id: by }}>
        {t('merge.replaced.open')}
      </Link>
    </Notice>
  );
}

/** Id of the patient whose chart is open. */
export function useChartPatient(): string {
  return route.useParams().id;
}
