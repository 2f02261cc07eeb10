/** The addresses of the portal: one segment below `/app/portal/`, kept by the browser's history. */

import { useSyncExternalStore } from 'react';

const BASE = '/app/portal/';

export const PAGES = ['home', 'results', 'medicines', 'visits', 'papers', 'messages', 'access', 'settings'] as const;
/** Pages that are reached from others only. */
const INNER = ['call', 'appointment', 'notices'] as const;
export type PageName = (typeof PAGES)[number] | (typeof INNER)[number];

export function pageOf(path: string): PageName {
  const name = path.startsWith(BASE) ? path.slice(BASE.length).split('/')[0] : '';
  return [...PAGES, ...INNER].find((page) => page === name) ?? 'home';
}

export function pathOf(page: PageName): string {
  return page === 'home' ? BASE : `${BASE}${page}`;
}

const MOVED = 'portal-moved';

function watch(changed: () => void): () => void {
  window.addEventListener('popstate', changed);
  window.addEventListener(MOVED, changed);
  return () => {
    window.removeEventListener('popstate', changed);
    window.removeEventListener(MOVED, changed);
  };
}

export function usePage(): PageName {
  return useSyncExternalStore(watch, () => pageOf(location.pathname));
}

export function go(page: PageName): void {
  history.pushState(null, '', pathOf(page));
  window.dispatchEvent(new Event(MOVED));
  window.scrollTo(0, 0);
}
