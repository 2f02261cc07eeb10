/** Entry of the application. */

import '../ui/mantine.css';
import '../ui/base.css';
import '../ui/chart.css';
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { type Bring, I18nProvider } from '../lib/i18n';
import { en } from '../lib/i18n/en';
import { theme, variables } from '../ui/theme';
import { queries } from './queries';
import { router } from './router';

/** The nonce of this very response: styles made at run time are allowed by it and by nothing else. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;

const words: Bring = async (locale) => (locale === 'es' ? (await import('../lib/i18n/es')).es : en);

const place = document.getElementById('root');
if (place) {
  createRoot(place).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto" getStyleNonce={() => nonce ?? ''}>
        <I18nProvider bring={words}>
          <QueryClientProvider client={queries}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </I18nProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
