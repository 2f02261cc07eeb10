/** What every page of the portal is made of. */

import type { UseQueryResult } from '@tanstack/react-query';
import type { MouseEvent, ReactNode } from 'react';
import { RequestError } from '../fhir/http';
import { formatDateTime } from '../lib/dates';
import { useLater } from '../lib/hooks';
import { type Key, useI18n } from '../lib/i18n';
import { type PageName, go, pathOf } from './route';

export function Card({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <section className="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {action}
      </header>
      {children}
    </section>
  );
}

interface ToProps {
  page: PageName;
  children: ReactNode;
  current?: boolean;
  /** The name of a link that shows no words. */
  label?: string;
  className?: string;
  onFollow?: () => void;
}

/** A link inside of the portal. */
export function To({ page, children, current, label, className, onFollow }: ToProps) {
  const follow = (event: MouseEvent) => {
    onFollow?.();
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(page);
  };
  return <a href={pathOf(page)} onClick={follow} className={className} aria-label={label} aria-current={current ? 'page' : undefined}>{children}</a>;
}

/** What went wrong, what is safe, what to do. */
export function Trouble({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useI18n();
  const known = error instanceof RequestError ? error : undefined;
  const kind = known && ['offline', 'denied', 'missing', 'busy', 'invalid'].includes(known.kind) ? known.kind : 'failed';
  return (
    <div className="trouble" role="alert">
      <strong>{t(`portal.error.${kind}` as Key)}</strong>
      {known?.correlationId && <p className="quiet">{t('error.reference')} <code>{known.correlationId}</code></p>}
      {onRetry && <button type="button" onClick={onRetry}>{t('error.retry')}</button>}
    </div>
  );
}

export function Wait() {
  const { t } = useI18n();
  const late = useLater(300);
  return <p className="loading quiet" role="status">{late ? t('loading') : ' '}</p>;
}

interface ShownProps<T> {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}

/** Data, or waiting, or trouble; what was read before stays with its time. */
export function Shown<T>({ query, children }: ShownProps<T>) {
  const { t, locale } = useI18n();
  const retry = () => void query.refetch();
  if (query.data === undefined) return query.isError ? <Trouble error={query.error} onRetry={retry} /> : <Wait />;
  return (
    <>
      {query.isError && <p className="stale" role="status">{t('stale', { time: formatDateTime(new Date(query.dataUpdatedAt).toISOString(), locale) })}</p>}
      {children(query.data)}
    </>
  );
}

export function None({ children }: { children: ReactNode }) {
  return <p className="quiet">{children}</p>;
}
