/** Keyboard shortcuts that never fire while somebody types, and can be switched off (WCAG 2.1.4). */

import { useEffect } from 'react';

const OFF = 'single-keys-off';

export function singleKeysOff(): boolean {
  return localStorage.getItem(OFF) === '1';
}

export function switchSingleKeys(on: boolean): void {
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, '1');
}

/** True where a letter is text. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable="true"], [role="combobox"]') !== null;
}

/** A shortcut as `mod+k`, `alt+1`, `g p` (in sequence) or `?`. */
export type Shortcuts = Record<string, () => void>;

function name(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const prefix = event.ctrlKey || event.metaKey ? 'mod+' : event.altKey ? 'alt+' : '';
  // With Alt, some layouts type another character; the digit of the key is meant.
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  return prefix + (event.altKey && digit ? digit : key);
}

/** Listens while the component is mounted and `active`. */
export function useShortcuts(shortcuts: Shortcuts, active = true): void {
  useEffect(() => {
    if (!active) return undefined;
    let first = '';
    let since = 0;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const pressed = name(event);
      const plain = !pressed.startsWith('mod+') && !pressed.startsWith('alt+');
      if (plain && (isTyping(event.target) || singleKeysOff() || document.querySelector('[role="dialog"]'))) return;
      const sequence = event.timeStamp - since < 1500 ? `${first} ${pressed}` : '';
      const act = shortcuts[sequence] ?? shortcuts[pressed];
      first = pressed;
      since = event.timeStamp;
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [shortcuts, active]);
}
