/** Entry of the patient portal: small, for a phone, with nothing of the clinicians' screens in it. */

import './portal.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { type Bring, I18nProvider } from '../lib/i18n';
import { portalWords } from '../lib/i18n/en/portalWords';
import { Portal } from './Portal';

const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 30_000, networkMode: 'always', retry: false }, mutations: { networkMode: 'always' } },
});

const words: Bring = async (locale) => (locale === 'es' ? (await import('../lib/i18n/es/portalWords')).portalWords : portalWords);

const place = document.getElementById('root');
if (place) {
  createRoot(place).render(
    <StrictMode>
      <I18nProvider bring={words}>
        <QueryClientProvider client={queries}>
          <Portal />
        </QueryClientProvider>
      </I18nProvider>
    </StrictMode>,
  );
}
