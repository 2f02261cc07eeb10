/** Entry of the application. */

import '../ui/mantine.css';
import '../ui/base.css';
import '../ui/chart.css';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RequestError } from '../fhir/http';
import { I18nProvider } from '../lib/i18n';
import { theme, variables } from '../ui/theme';
import { router } from './router';

const queries = new QueryClient({
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

/** The nonce of this very response: styles made at run time are allowed by it and by nothing else. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;

const place = document.getElementById('root');
if (place) {
  createRoot(place).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto" getStyleNonce={() => nonce ?? ''}>
        <I18nProvider>
          <QueryClientProvider client={queries}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </I18nProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
