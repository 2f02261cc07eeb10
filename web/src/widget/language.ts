/** The visitor's language: what the embedding page asks for, else the browser's. */

import { createContext, useContext } from 'react';
import { chosenLocale, type Say, sayIn } from './words';

export interface Language {
  locale: 'en' | 'es';
  say: Say;
}

export function languageOf(wished: string | null): Language {
  const locale = chosenLocale([wished ?? '', ...navigator.languages]);
  return { locale, say: sayIn(locale) };
}

export const LanguageContext = createContext<Language>({ locale: 'en', say: sayIn('en') });

export function useWords(): Language {
  return useContext(LanguageContext);
}
