/** The one cache of what the server has said. */

import { QueryClient } from '@tanstack/react-query';
import { RequestError } from '../fhir/http';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // Without a network a request fails at once and says so, instead of waiting unseen.
      networkMode: 'always',
      retry: (count, error) => error instanceof RequestError && error.kind === 'busy' && count < 2,
    },
    mutations: { networkMode: 'always' },
  },
});
