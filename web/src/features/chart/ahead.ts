/**
 * What a chart needs first, asked for while its code is still on the way.
 *
 * Nothing is asked for twice: what is known, or asked for already, stays as it is, and the pages take it from the cache.
 */

import type { QueryClient } from '@tanstack/react-query';
import { chartQuery, medicationRequestQuery, patientQuery } from '../../fhir/queries';
import { readsCharts, sessionQuery } from '../../fhir/session';

const LATEST = { _sort: '-date' };

export const vitalsQuery = (id: string) => chartQuery('Observation', id, { category: 'vital-signs', ...LATEST });
export const resultsQuery = (id: string) => chartQuery('Observation', id, { category: 'laboratory', ...LATEST });
export const visitsQuery = (id: string) => chartQuery('Encounter', id, LATEST);
export const vaccinesQuery = (id: string) => chartQuery('Immunization', id, LATEST);

/** Asks on behalf of those who read charts; the desk would only be refused, each time with an entry in the trail. */
function asReader(client: QueryClient, ask: () => void): void {
  const known = client.getQueryData(sessionQuery.queryKey);
  if (known) {
    if (readsCharts(known.roles)) ask();
    return;
  }
  const told = client.ensureQueryData(sessionQuery);
  told.then(({ roles }) => readsCharts(roles) && ask(), () => undefined);
}

/** The banner, which every page of a chart has. */
export function askChart(client: QueryClient, id: string): void {
  void client.prefetchQuery({ ...patientQuery(id), staleTime: 'static' });
  asReader(client, () => {
    void client.prefetchQuery({ ...chartQuery('AllergyIntolerance', id), staleTime: 'static' });
    void client.prefetchQuery({ ...chartQuery('Flag', id), staleTime: 'static' });
    void client.prefetchQuery({ ...vitalsQuery(id), staleTime: 'static' });
  });
}

/** The cards of the summary. */
export function askSummary(client: QueryClient, id: string): void {
  asReader(client, () => {
    void client.prefetchQuery({ ...chartQuery('Condition', id), staleTime: 'static' });
    void client.prefetchQuery({ ...medicationRequestQuery(id), staleTime: 'static' });
    void client.prefetchQuery({ ...resultsQuery(id), staleTime: 'static' });
    void client.prefetchQuery({ ...visitsQuery(id), staleTime: 'static' });
    void client.prefetchQuery({ ...vaccinesQuery(id), staleTime: 'static' });
  });
}
