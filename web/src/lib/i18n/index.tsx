/** The words on screen: ICU messages by key, one catalogue a language, loaded when it is chosen. An entry brings those that it says. */

import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import type { en } from './en';
import { translatorOf, type Values } from './translator';

export type Key = keyof typeof en;
export type Catalogue = Record<Key, string>;
export type { Values };

/** Languages on offer, by their own names. */
export const LOCALES = { en: 'English', es: 'Español' } as const;
export type Locale = keyof typeof LOCALES;

const CHOSEN = 'locale';
const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur']);

/** The chosen language, else the first of the browser's that is on offer. */
export function initialLocale(): Locale {
  const wishes = [localStorage.getItem(CHOSEN) ?? '', ...navigator.languages].map((tag) => tag.split('-')[0] ?? '');
  return wishes.find((tag): tag is Locale => tag in LOCALES) ?? 'en';
}

/** Brings the words of a language, as far as this entry says them. */
export type Bring = (locale: Locale) => Promise<Partial<Catalogue>>;

export interface Translation {
  t: (key: Key, values?: Values) => string;
  locale: Locale;
  setLocale: (locale: Locale) => void;
}

/** A translator over one catalogue. */
export function translator(locale: Locale, messages: Partial<Catalogue>): Translation['t'] {
  return translatorOf(locale, messages as Catalogue);
}

const Context = createContext<Translation>({ t: (key) => key, locale: 'en', setLocale: () => {} });

export function I18nProvider({ bring, children }: { bring: Bring; children: ReactNode }) {
  const [locale, choose] = useState(initialLocale);
  const [loaded, setLoaded] = useState<{ locale: Locale; messages: Partial<Catalogue> }>();
  useEffect(() => {
    let current = true;
    void bring(locale).then((messages) => {
      if (!current) return;
      document.documentElement.lang = locale;
      document.documentElement.dir = RIGHT_TO_LEFT.has(locale) ? 'rtl' : 'ltr';
      setLoaded({ locale, messages });
    });
    return () => {
      current = false;
    };
  }, [bring, locale]);
  const value = useMemo(() => {
    if (!loaded) return undefined;
    const setLocale = (next: Locale) => {
      localStorage.setItem(CHOSEN, next);
      choose(next);
    };
    return { t: translator(loaded.locale, loaded.messages), locale: loaded.locale, setLocale };
  }, [loaded]);
  return value ? <Context.Provider value={value}>{children}</Context.Provider> : null;
}

export function useI18n(): Translation {
  return useContext(Context);
}
