/** System health (S50): whether this server is ready, what it is, and, for administrators, how every part is. No health information. */

import { useQuery } from '@tanstack/react-query';
import { Failure } from '../../fhir/Failure';
import { RequestError, send } from '../../fhir/http';
import { Loaded } from '../../fhir/Loaded';
import { useSession } from '../../fhir/session';
import { formatDateTime } from '../../lib/dates';
import { useTitle } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { Icon } from '../../ui/icons';
import { Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { HealthPanel } from './HealthPanel';
import './system.css';

const EVERY = 10_000;

/** Roles that see how every part is; others would only be refused. */
const OPERATORS = new Set(['org_admin', 'super_admin']);

interface Capability {
  software?: { name?: string; version?: string };
  fhirVersion?: string;
  date?: string;
  rest?: { resource?: unknown[]; operation?: unknown[] }[];
}

interface Readiness {
  ready: boolean;
  reason: string;
  milliseconds: number;
}

/** `/readyz` answers 503 with a reason; that is news, not a failure of the request. */
async function readiness(signal: AbortSignal): Promise<Readiness> {
  const began = performance.now();
  const took = () => Math.round(performance.now() - began);
  try {
    await send('/readyz', { signal, accept: 'text/plain' });
    return { ready: true, reason: '', milliseconds: took() };
  } catch (error) {
    if (error instanceof RequestError && error.kind === 'busy') return { ready: false, reason: error.message, milliseconds: took() };
    throw error;
  }
}

export function SystemPage() {
  const { t, locale } = useI18n();
  useTitle(t('system.title'));
  const { roles } = useSession();
  const ready = useQuery({ queryKey: ['readyz'], queryFn: ({ signal }) => readiness(signal), refetchInterval: EVERY, staleTime: 0 });
  const about = useQuery({
    queryKey: ['metadata'],
    queryFn: async ({ signal }) => (await send<Capability>('/fhir/R4/metadata', { signal, accept: 'application/fhir+json' })).body,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <div className="page">
      <h1>{t('system.title')}</h1>
      <Panel title={t('system.readiness')} aside={ready.dataUpdatedAt ? t('system.checked', { time: formatDateTime(new Date(ready.dataUpdatedAt).toISOString(), locale) }) : undefined}>
        {ready.isError && !ready.data ? (
          <Failure error={ready.error} onRetry={() => void ready.refetch()} />
        ) : (
          <Loaded query={ready} rows={2}>
            {({ ready: up, milliseconds }) =>
              up ? (
                <p className="state"><Icon name="check" /> <strong>{t('system.ready')}</strong> <span className="quiet">{t('system.took', { milliseconds })}</span></p>
              ) : (
                <Notice tone="danger" icon="alert" title={t('system.notReady')} />
              )
            }
          </Loaded>
        )}
      </Panel>
      {roles.some((role) => OPERATORS.has(role)) && <HealthPanel />}
      <Panel title={t('system.about')}>
        <Loaded query={about} rows={4}>
          {(capability) => (
            <dl className="pairs">
              <div><dt>{t('system.software')}</dt><dd>{capability.software?.name} {capability.software?.version}</dd></div>
              <div><dt>FHIR</dt><dd>{capability.fhirVersion}</dd></div>
              <div><dt>{t('system.types')}</dt><dd>{capability.rest?.[0]?.resource?.length ?? 0}</dd></div>
            </dl>
          )}
        </Loaded>
      </Panel>
    </div>
  );
}
