import { readFileSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { chosenLocale, en, es, sayIn, type Word } from './words';

const keys = Object.keys(en) as Word[];
const values = (message: string) => [...message.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();

it('Spanish has every word, with the values of the English one', () => {
  for (const key of keys) {
    expect(es[key].trim(), key).not.toBe('');
    expect(values(es[key]), key).toEqual(values(en[key]));
  }
  expect(sayIn('es')('title.at', { organisation: 'Clínica Sol' })).toBe('Pedir cita en Clínica Sol');
});

it('says nothing that no page asks for', () => {
  const folder = new URL('.', import.meta.url).pathname;
  const code = readdirSync(folder).filter((name) => /\.tsx?$/.test(name) && !name.startsWith('words')).map((name) => readFileSync(folder + name, 'utf8')).join('\n');
  expect(keys.filter((key) => !code.includes(`'${key}'`))).toEqual([]);
});

it.each([
  [['es-MX', 'en'], 'es'],
  [['fr', 'es'], 'es'],
  [['fr'], 'en'],
  [[], 'en'],
])('of %j the language is %s', (wishes, expected) => expect(chosenLocale(wishes)).toBe(expected));
