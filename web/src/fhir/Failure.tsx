/** A failed request in plain words: what happened, what is safe, what to do, and the reference to quote. */

import { useI18n, type Key } from '../lib/i18n';
import type { IconName } from '../ui/icons';
import { Notice } from '../ui/Notice';
import { type Kind, RequestError } from './http';
import { stepUpUrl } from './session';

const WORDS: Record<Kind, { title: Key; help: Key; tone: 'danger' | 'warning' | 'info'; icon: IconName }> = {
  offline: { title: 'error.offline', help: 'error.offline.help', tone: 'warning', icon: 'offline' },
  'signed-out': { title: 'error.signedOut', help: 'error.signedOut.help', tone: 'warning', icon: 'lock' },
  'step-up': { title: 'error.stepUp', help: 'error.stepUp.help', tone: 'info', icon: 'lock' },
  denied: { title: 'error.denied', help: 'error.denied.help', tone: 'warning', icon: 'shield' },
  missing: { title: 'error.missing', help: 'error.missing.help', tone: 'warning', icon: 'info' },
  gone: { title: 'error.gone', help: 'error.gone.help', tone: 'warning', icon: 'info' },
  conflict: { title: 'error.conflict', help: 'error.conflict.help', tone: 'warning', icon: 'alert' },
  invalid: { title: 'error.invalid', help: 'error.invalid.help', tone: 'danger', icon: 'alert' },
  busy: { title: 'error.busy', help: 'error.busy.help', tone: 'warning', icon: 'alert' },
  failed: { title: 'error.failed', help: 'error.failed.help', tone: 'danger', icon: 'alert' },
};

/** The server's own words, where they help: why it was denied, what is wrong with the content. */
function reasons(error: RequestError): string[] {
  if (error.kind !== 'denied' && error.kind !== 'invalid' && error.kind !== 'conflict') return [];
  return error.issues.flatMap((issue) => issue.diagnostics ?? issue.details?.text ?? []);
}

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useI18n();
  const known = error instanceof RequestError ? error : new RequestError('failed', 0, [], undefined);
  const words = WORDS[known.kind];
  return (
    <Notice tone={words.tone} icon={words.icon} title={t(words.title)} reference={known.correlationId} onRetry={known.passing ? onRetry : undefined}>
      <p>{t(words.help)}</p>
      {reasons(known).map((reason) => (
        <p key={reason} className="reason">{reason}</p>
      ))}
      {known.kind === 'step-up' && <p><a href={stepUpUrl()}>{t('error.stepUp.do')}</a></p>}
    </Notice>
  );
}
