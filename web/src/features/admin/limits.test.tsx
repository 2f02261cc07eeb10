import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it, vi } from 'vitest';
import { RequestError } from '../../fhir/http';
import { Decimal } from '../../lib/json';
import type { Limits } from './api';
import { fill, isLimit, sent, typedOf, usedOf } from './limits';
import { LimitsPanel } from './LimitsPanel';

vi.mock('../../lib/i18n', async (original) => {
  const real = await original<typeof import('../../lib/i18n')>();
  const { en } = await import('../../lib/i18n/en');
  return { ...real, useI18n: () => ({ t: real.translator('en', en), locale: 'en', setLocale: () => undefined }) };
});

const n = (value: number) => new Decimal(String(value));
const limits = (users: number | null, storageMib: number | null, used: [number, number]): Limits => ({
  users: users === null ? null : n(users),
  storageMib: storageMib === null ? null : n(storageMib),
  perSecond: null,
  used: { users: n(used[0]), storageBytes: n(used[1]), measuredAt: new Decimal('1795395807000000') },
});
const MIB = 1024 * 1024;

it('says what is nearly or wholly used up', () => {
  const some = limits(10, 100, [10, 95 * MIB]);
  expect([fill('users', some), fill('storageMib', some), fill('perSecond', some)]).toEqual(['full', 'near', 'free']);
  expect([usedOf('users', some), usedOf('storageMib', some), usedOf('perSecond', some)]).toEqual([10, 95, undefined]);
  const none = limits(null, null, [10, 95 * MIB]);
  expect([fill('users', none), fill('storageMib', none)]).toEqual(['free', 'free']);
});

it.each([
  ['', true],
  [' 12 ', true],
  ['0', false],
  ['-1', false],
  ['1.5', false],
  ['many', false],
  ['99999999999', false],
])('takes “%s” for a number of people: %s', (text, good) => expect(isLimit('users', text)).toBe(good));

it('sends nothing for no limit, and numbers as they were typed', () => {
  expect(typedOf(limits(5, null, [0, 0]))).toEqual({ users: '5', storageMib: '', perSecond: '' });
  expect(sent({ users: ' 5 ', storageMib: '', perSecond: '20' })).toEqual({ users: n(5), storageMib: null, perSecond: n(20) });
});

/** The panel as it is with this state of its request. */
function shown(state?: Limits | RequestError): string {
  const client = new QueryClient({ defaultOptions: { queries: { retryOnMount: false } } });
  const queryKey = ['api', '/admin/limits'];
  if (state instanceof RequestError) client.getQueryCache().build(client, { queryKey }).setState({ status: 'error', error: state, errorUpdatedAt: Date.now() });
  else if (state) client.setQueryData(queryKey, state);
  const html = renderToStaticMarkup(<QueryClientProvider client={client}><MantineProvider><LimitsPanel /></MantineProvider></QueryClientProvider>);
  return html.replaceAll(/<style[\s\S]*?<\/style>/g, '').replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
}

it('shows what is used beside the limits', () => {
  const text = shown(limits(10, null, [4, 1.5 * MIB]));
  expect(text).toContain('People with a role 4 10');
  expect(text).toContain('Storage, MiB 1.5 no limit');
  expect(text).toContain('Requests per second not counted no limit');
  expect(text).not.toContain('used up');
  expect(shown(limits(4, null, [4, 0]))).toContain('People with a role 4 4 used up');
});

it('says that it waits, that it failed, and that it is not theirs to see', () => {
  expect(shown()).toMatch(/Loading/);
  expect(shown(new RequestError('failed', 500, [], undefined))).toContain('Try again');
  const denied = shown(new RequestError('denied', 403, [{ severity: 'error', code: 'forbidden', diagnostics: 'this act of administration is not open to you' }], undefined));
  expect(denied).toContain('You may not do this');
  expect(denied).toContain('this act of administration is not open to you');
});
