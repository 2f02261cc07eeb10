import { readFileSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Key, LOCALES, translator } from '.';
import { en } from './en';
import { portalWords } from './en/portalWords';
import { es } from './es';
import { portalWords as palabras } from './es/portalWords';

const catalogues = { en, es };
const keys = Object.keys(en) as Key[];

/** Names between braces, at any depth. */
const names = (message: string) => [...new Set([...message.matchAll(/\{(\w+)/g)].map((found) => found[1]).filter((name) => new RegExp(`\\{${name}[,}]`).test(message)))].sort();

it.each(Object.keys(LOCALES) as (keyof typeof LOCALES)[])('%s has every message, none empty, with the values of the English one', (locale) => {
  const messages = catalogues[locale];
  expect(Object.keys(messages).sort()).toEqual([...keys].sort());
  for (const key of keys) {
    expect(messages[key].trim(), key).not.toBe('');
    expect(names(messages[key]), key).toEqual(names(en[key]));
  }
});

it.each(Object.keys(LOCALES) as (keyof typeof LOCALES)[])('every message of %s can be said', (locale) => {
  const t = translator(locale, catalogues[locale]);
  for (const key of keys) {
    const values = Object.fromEntries(names(en[key]).map((name) => [name as string, 2]));
    const said = t(key, values);
    expect(said, key).not.toMatch(/[{}]|plural|undefined/);
  }
});

it('the portal says the same in every language', () => {
  expect(Object.keys(palabras).sort()).toEqual(Object.keys(portalWords).sort());
});

it('counts as people do', () => {
  const t = translator('es', es);
  expect([t('age.years', { years: 1 }), t('age.years', { years: 30 })]).toEqual(['1 año', '30 años']);
});

it('says nothing that no page asks for', () => {
  const root = new URL('../../', import.meta.url).pathname;
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name) && !name.includes('i18n'));
  const code = files.map((name) => readFileSync(root + name, 'utf8')).join('\n');
  // Keys that are made of a fixed beginning and a code of the record.
  const made = [...code.matchAll(/`([a-z.]+\.)\$\{/gi)].map((found) => found[1] as string);
  const unused = keys.filter((key) => !code.includes(`'${key}'`) && !made.some((start) => key.startsWith(start)));
  expect(unused).toEqual([]);
});
