/** Nothing is shown before the server says who is signed in; who is not is sent to the server's sign-in page. */

import { TextInput, Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { Failure } from '../fhir/Failure';
import { RequestError } from '../fhir/http';
import { SessionContext, hasEnded, lastTenant, rememberTenant, signInUrl, useSessionQuery } from '../fhir/session';
import { useI18n } from '../lib/i18n';
import { Loading } from '../ui/Notice';

export function Gate({ children }: { children: ReactNode }) {
  const session = useSessionQuery();
  const client = useQueryClient();
  const out = session.error instanceof RequestError && session.error.kind === 'signed-out';
  useEffect(() => {
    if (session.data?.tenant) rememberTenant(session.data.tenant);
  }, [session.data]);
  useEffect(() => {
    // Any later request that finds the session ended asks again who is signed in: nobody.
    const seen = (error: unknown) => {
      if (error instanceof RequestError && error.kind === 'signed-out' && !hasEnded()) void client.invalidateQueries({ queryKey: ['session'] });
    };
    const queries = client.getQueryCache().subscribe((event) => {
      if (event.type === 'updated' && event.action.type === 'error' && event.query.queryKey[0] !== 'session') seen(event.action.error);
    });
    const mutations = client.getMutationCache().subscribe((event) => {
      if (event.type === 'updated' && event.action.type === 'error') seen(event.action.error);
    });
    return () => {
      queries();
      mutations();
    };
  }, [client]);
  if (out) return <SignedOut />;
  if (session.data) return <SessionContext.Provider value={session.data}>{children}</SessionContext.Provider>;
  return <main className="gate">{session.isError ? <Failure error={session.error} onRetry={() => void session.refetch()} /> : <Loading rows={3} />}</main>;
}

/** Goes to sign-in by itself when the organisation is known from last time; drafts stay in this tab. */
function SignedOut() {
  const { t } = useI18n();
  const known = lastTenant();
  const [name, setName] = useState('');
  useEffect(() => {
    if (known) location.replace(signInUrl(known));
  }, [known]);
  if (known) return <main className="gate"><Loading rows={3} /></main>;
  return (
    <main className="gate">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) location.assign(signInUrl(name.trim()));
        }}
      >
        <h1>MediTrack</h1>
        <TextInput label={t('signIn.organisation')} description={t('signIn.organisation.help')} value={name} onChange={(event) => setName(event.currentTarget.value)} autoComplete="organization" autoCapitalize="none" spellCheck={false} />
        <Button type="submit" size="sm" disabled={!name.trim()}>{t('signIn.go')}</Button>
      </form>
    </main>
  );
}
