/** Shows a query's data, or its waiting, or its failure: one place for the states that every list has. */

import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useI18n } from '../lib/i18n';
import { formatDateTime } from '../lib/dates';
import { Loading, Notice } from '../ui/Notice';
import { Failure } from './Failure';

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}

export function Loaded<T>({ query, rows, children }: LoadedProps<T>) {
  const { t, locale } = useI18n();
  const retry = () => void query.refetch();
  if (query.data === undefined) {
    return query.isError ? <Failure error={query.error} onRetry={retry} /> : <Loading rows={rows} />;
  }
  return (
    <>
      {query.isError && (
        <Notice tone="warning" icon="offline" title={t('stale', { time: formatDateTime(new Date(query.dataUpdatedAt).toISOString(), locale) })} onRetry={retry} />
      )}
      {children(query.data)}
    </>
  );
}
