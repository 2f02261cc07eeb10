/**
 * What somebody typed and has not saved, kept through reloads, sign-in and the idle lock.
 *
 * Drafts live in the tab's session storage: they end with the tab, which on a shared workstation matters more than
 * surviving it. They belong to one user; another user's sign-in in the same tab removes them.
 */

const PREFIX = 'draft:';
const OWNER = 'draft-owner';

/** Binds the drafts of this tab to `user`; those of anybody else are removed. */
export function ownDrafts(user: string): void {
  if (sessionStorage.getItem(OWNER) === user) return;
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  sessionStorage.setItem(OWNER, user);
}

export function readDraft<T>(key: string): T | undefined {
  const text = sessionStorage.getItem(PREFIX + key);
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** False when the browser refuses (full or forbidden storage): the caller must not claim it was kept. */
export function keepDraft(key: string, value: unknown): boolean {
  try {
    sessionStorage.setItem(PREFIX + key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function dropDraft(key: string): void {
  sessionStorage.removeItem(PREFIX + key);
}

/** True while anything unsaved is kept in this tab. */
export function hasDrafts(): boolean {
  return Object.keys(sessionStorage).some((key) => key.startsWith(PREFIX));
}
