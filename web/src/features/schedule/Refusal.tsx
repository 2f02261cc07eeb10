/** Why a booking or a move was not done, in words of the reader's language; what was typed stays. */

import { Failure } from '../../fhir/Failure';
import { RequestError } from '../../fhir/http';
import { type Key, useI18n } from '../../lib/i18n';
import { Notice } from '../../ui/Notice';

/** The rules by the sentences in which the server refuses; another sentence is shown as it came. */
const RULES: Readonly<Record<string, Key>> = {
  'the time is taken': 'refusal.taken',
  'an appointment must be booked longer ahead': 'refusal.lead-time',
  'an appointment cannot be booked so far ahead': 'refusal.horizon',
  'appointments do not start at this minute': 'refusal.grid',
  'the patient has as many appointments to come as allowed': 'refusal.too-many-active',
  'the patient is not active': 'refusal.patient-inactive',
  'a hold is for 1 to 480 minutes to come': 'refusal.past',
};

function ruleOf(error: unknown): Key | undefined {
  return error instanceof RequestError ? error.issues.map((issue) => RULES[issue.diagnostics ?? '']).find(Boolean) : undefined;
}

/** Whether somebody else was there first. */
export function isTaken(error: unknown): boolean {
  return ruleOf(error) === 'refusal.taken';
}

/** Whether another time helps. */
export function wantsOtherTime(error: unknown): boolean {
  const rule = ruleOf(error);
  return rule !== undefined && rule !== 'refusal.too-many-active' && rule !== 'refusal.patient-inactive';
}

export function Refusal({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useI18n();
  const rule = ruleOf(error);
  if (!rule) return <Failure error={error} onRetry={onRetry} />;
  return (
    <Notice tone="warning" icon="alert" title={t(rule)} reference={error instanceof RequestError ? error.correlationId : undefined}>
      <p>{t('refusal.kept')}</p>
    </Notice>
  );
}
