import { readFileSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';

/** From the ground up: a folder imports from itself and from those before it. */
const LAYERS = ['lib', 'ui', 'fhir', 'features', 'portal', 'app', 'widget'];

it('imports only point downwards', () => {
  const root = new URL('.', import.meta.url).pathname;
  const wrong: string[] = [];
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!/\.tsx?$/.test(name) || name.startsWith('layers.')) continue;
    const own = LAYERS.indexOf(name.split('/')[0] ?? '');
    for (const [, to] of readFileSync(root + name, 'utf8').matchAll(/from '((?:\.\.\/)+[^']+)'/g)) {
      const parts = new URL(to as string, `file:///${name}`).pathname.split('/').filter(Boolean);
      if (LAYERS.indexOf(parts[0] ?? '') > own) wrong.push(`${name} imports ${to}`);
    }
  }
  expect(wrong).toEqual([]);
});
