/** Entry of public booking: a page of its own, made to stand in a frame on somebody's site. */

import './widget.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Booking } from './Booking';
import { organisationOf } from './person';
import { LanguageContext, languageOf } from './language';

const parameters = new URLSearchParams(location.search);
const language = languageOf(parameters.get('lang'));
document.documentElement.lang = language.locale;
document.title = language.say('title');

const place = document.getElementById('root');
if (place) {
  createRoot(place).render(
    <StrictMode>
      <LanguageContext.Provider value={language}>
        <Booking organisation={organisationOf(location.pathname)} preset={{ service: parameters.get('service') ?? undefined, clinician: parameters.get('clinician') ?? undefined }} />
      </LanguageContext.Provider>
    </StrictMode>,
  );
  // The page around us may fit its frame to our height; this is all that it is told.
  if (window.parent !== window) {
    new ResizeObserver(() => window.parent.postMessage({ type: 'meditrack-booking-height', height: document.documentElement.scrollHeight }, '*')).observe(document.body);
  }
}
