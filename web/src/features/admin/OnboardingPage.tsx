/** Setting up an organisation (S03): six steps in order, left and taken up at any time. */

import { Button, Checkbox } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useI18n } from '../../lib/i18n';
import { Icon } from '../../ui/icons';
import { Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { STEPS, type Step, useAct, useDocument } from './api';

/** Where a step is worked at; agreements are accepted here. */
const PLACES = { organisation: '/admin/organisation', branding: '/admin/organisation', locations: '/admin/locations', settings: '/admin/organisation', staff: '/admin' } as const;

export function OnboardingPage() {
  const { t } = useI18n();
  const progress = useDocument('/admin/onboarding');
  const act = useAct();
  const finish = (step: Step, body: object) => act.mutate({ method: 'PUT', path: `/admin/onboarding/${step}`, body });
  return (
    <Panel title={t('admin.onboarding')}>
      <Loaded query={progress} rows={6}>
        {({ next, done }) => (
          <div className="stack">
            {!next && <Notice tone="info" icon="check" title={t('onboarding.finished')} />}
            {act.isError && <Failure error={act.error} />}
            <ol className="steps">
              {STEPS.map((step) => (
                <li key={step} aria-current={step === next ? 'step' : undefined}>
                  {done[step] ? <Icon name="check" /> : <Icon name="steady" />}
                  <span><strong>{t(`onboarding.${step}`)}</strong> <span className="quiet">{t(done[step] ? 'onboarding.done' : step === next ? 'onboarding.now' : 'onboarding.later')}</span></span>
                  {step !== 'agreements' && <Link to={PLACES[step]}>{t('summary.open')}<span className="visually-hidden"> {t(`onboarding.${step}`)}</span></Link>}
                  {step === next && step !== 'agreements' && <Button loading={act.isPending} onClick={() => finish(step, {})}>{t('onboarding.do')}</Button>}
                </li>
              ))}
            </ol>
            {next === 'agreements' && <Agreements busy={act.isPending} onAccept={() => finish('agreements', { terms: true, baa: true })} />}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

function Agreements({ busy, onAccept }: { busy: boolean; onAccept: () => void }) {
  const { t } = useI18n();
  const [terms, setTerms] = useState(false);
  const [baa, setBaa] = useState(false);
  return (
    <div className="stack">
      <Checkbox label={t('onboarding.terms')} checked={terms} onChange={(event) => setTerms(event.currentTarget.checked)} />
      <Checkbox label={t('onboarding.baa')} checked={baa} onChange={(event) => setBaa(event.currentTarget.checked)} />
      <div className="form-actions"><Button size="sm" disabled={!terms || !baa} loading={busy} onClick={onAccept}>{t('onboarding.accept')}</Button></div>
    </div>
  );
}
