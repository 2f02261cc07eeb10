/** The tamper-evident log behind the trail (S44): how far it is, whether it is sound, and what that proves. */

import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Failure } from '../../fhir/Failure';
import { RequestError, send } from '../../fhir/http';
import { Loaded } from '../../fhir/Loaded';
import { formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import type { Decimal } from '../../lib/json';
import { Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';

interface Verification {
  at: Decimal;
  by: string;
  sound: boolean;
  leaves: Decimal;
  checkpoints: Decimal;
  waiting: Decimal;
  unreadable: Decimal;
  findings: string[];
}

interface Standing {
  size: Decimal;
  key?: string;
  checkpoint?: string;
  lastVerification?: Verification;
}

export function LogPanel() {
  const { t } = useI18n();
  const client = useQueryClient();
  const query = useQuery({ queryKey: ['audit-log'], queryFn: async ({ signal }) => (await send<Standing>('/api/v1/audit/log', { signal })).body });
  const verify = useMutation({
    mutationFn: async () => (await send<Verification>('/api/v1/audit/log/verification', { method: 'POST' })).body,
    onSuccess: () => client.invalidateQueries({ queryKey: ['audit-log'] }),
  });
  // A server without the log's interface has nothing to show here.
  if (query.error instanceof RequestError && query.error.kind === 'missing') return null;
  return (
    <Panel title={t('log.title')} actions={<Button loading={verify.isPending} onClick={() => verify.mutate()}>{t('log.verify')}</Button>}>
      <div className="stack">
        <Loaded query={query} rows={3}>{(standing) => <Shown standing={standing} fresh={verify.data} />}</Loaded>
        {verify.isError && <Failure error={verify.error} onRetry={() => verify.mutate()} />}
        <p className="quiet">{t('log.means')}</p>
      </div>
    </Panel>
  );
}

function Shown({ standing, fresh }: { standing: Standing; fresh: Verification | undefined }) {
  const { t, locale } = useI18n();
  const last = fresh ?? standing.lastVerification;
  const head = standing.checkpoint?.split('\n')[2];
  return (
    <>
      <dl className="pairs">
        <div><dt>{t('log.size')}</dt><dd>{standing.size.text}</dd></div>
        {head && <div><dt>{t('log.head')}</dt><dd className="mono">{head}</dd></div>}
        {last && <div><dt>{t('log.verified')}</dt><dd>{t('log.verifiedBy', { time: formatDateTime(new Date(last.at.toNumber() / 1000).toISOString(), locale), name: last.by })}</dd></div>}
      </dl>
      {!last && <Notice tone="warning" icon="alert" title={t('log.never')} />}
      {last?.sound && <Notice tone="info" icon="check" title={t('log.sound', { leaves: last.leaves.text, checkpoints: last.checkpoints.text })} />}
      {last && !last.sound && (
        <Notice tone="danger" icon="alert" title={t('log.broken')}>
          {last.findings.map((finding) => <p key={finding} className="mono">{finding}</p>)}
        </Notice>
      )}
    </>
  );
}
