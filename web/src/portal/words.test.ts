import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { en } from '../lib/i18n/en';
import { portalWords } from '../lib/i18n/en/portalWords';

/** Every file that the portal may load, with what it imports when it is needed. */
function reached(from: string, seen = new Set<string>()): Set<string> {
  if (seen.has(from)) return seen;
  seen.add(from);
  for (const found of readFileSync(from, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
    const path = resolve(dirname(from), found[1] as string);
    const file = [`${path}.tsx`, `${path}.ts`, `${path}/index.tsx`, `${path}/index.ts`].find((one) => existsSync(one));
    if (file && !file.includes('/i18n/')) reached(file, seen);
  }
  return seen;
}

test('the portal has every word that its pages may say', () => {
  const files = [...reached(fileURLToPath(new URL('main.tsx', import.meta.url)))];
  const code = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  const made = [...code.matchAll(/`([a-z.]+\.)\$\{/gi)].map((found) => found[1] as string);
  const said = Object.keys(en).filter((key) => code.includes(`'${key}'`) || made.some((start) => key.startsWith(start)));
  expect(said.length).toBeGreaterThan(100);
  expect(said.filter((key) => !(key in portalWords))).toEqual([]);
});
