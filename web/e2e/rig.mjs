/** Starts the real binary with its demonstration data and a real Chromium, and watches what must never happen. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const root = new URL('../../', import.meta.url).pathname;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

/** A server that is ready: the one that the environment names, else a demonstration of our own. */
async function server({ listen = '127.0.0.1:0', origin } = {}) {
  if (process.env.MEDITRACK_URL) return { url: process.env.MEDITRACK_URL, token: process.env.MEDITRACK_TOKEN, stop: () => undefined };
  const binary = process.env.MEDITRACK_BIN ?? `${process.env.CARGO_TARGET_DIR ?? `${root}target`}/debug/meditrack`;
  const data = mkdtempSync(join(tmpdir(), 'meditrack-web-'));
  const child = spawn(binary, ['demo', '--data-dir', data, '--listen', listen, '--samples', `${root}samples`], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...(origin && { MEDITRACK__SERVER__PUBLIC_URL: origin }) } });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  // Whatever goes wrong here, no server stays behind.
  process.once('exit', () => child.kill('SIGINT'));
  const stop = async () => {
    child.kill('SIGINT');
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  let said = '';
  for await (const chunk of child.stdout) {
    said += chunk;
    const url = /serves (http:\/\/[^/\s]+)\//.exec(said)?.[1];
    const token = /^(ey[\w.-]+)$/m.exec(said)?.[1];
    if (url && token && said.includes('Stop with')) return { url: origin ?? url, token, stop };
  }
  throw new Error(`the server did not start: ${said}`);
}

/** Everything that a journey needs, and what was seen on the way. */
export async function open(options = {}) {
  const { url, token, stop } = await server(options);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
  const rig = { url, token, browser, contexts: [], proofs: new Map() };
  rig.close = async () => {
    await browser.close();
    await stop();
  };
  rig.signIn = (username) => signIn(rig, username);
  rig.visit = (more = {}) => visit(rig, { ...options, ...more });
  // A server without sign-in pages is driven with the operator's token; journeys about signing in are skipped then.
  rig.hasSignIn = (await fetch(`${url}/t/demo/sign-in`)).ok;
  if (rig.hasSignIn) rig.signedIn = await invited(rig, { name: 'Dr. Dana Doctor', role: 'doctor', fhirUser: 'Practitioner/demo-doctor' });
  return rig;
}

/** The demonstration's own people: the server prints their password and the secret of their authenticator app. */
const PASSWORD = 'clinic-demo-only-2026-kettle';
const APP_SECRET = 'meditrack-demo-users';

/** The code of an authenticator app at this moment (RFC 6238). */
function code(secret = APP_SECRET) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac('sha1', secret).update(counter).digest();
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** Signs in through the server's pages, both factors; returns what the browser then holds. */
export async function signIn({ url, browser }, username) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/t/demo/sign-in?return=${encodeURIComponent('/app/system')}`);
  await page.locator('[name=username]').fill(username);
  await page.locator('[name=password]').fill(PASSWORD);
  await page.locator('form button[type=submit]').first().click();
  await page.waitForURL(/sign-in\/code|\/app\/system/);
  // A code is good once: who signed in within its half minute waits for the next.
  while (page.url().includes('/sign-in/code')) {
    await page.locator('[name=code]').fill(code());
    await page.locator('form button[type=submit]').first().click();
    await page.waitForLoadState();
    if (page.url().includes('/sign-in/code')) await page.waitForTimeout(30_000 - (Date.now() % 30_000));
  }
  await page.waitForURL('**/app/system');
  await page.getByRole('heading', { name: 'System' }).waitFor();
  const state = await context.storageState();
  await context.close();
  return state;
}

/** The bytes of an authenticator app's secret (RFC 4648). */
function base32(text) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...text.replaceAll(/\s/g, '')].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

/** Somebody new: invited by the administrator, linked to a resource of their own, enrolled through the server's pages. */
export async function invited(rig, { name, role, fhirUser }) {
  const { url, browser } = rig;
  const admin = await browser.newContext({ storageState: await signIn(rig, 'admin') });
  const { csrfToken } = await (await admin.request.get(`${url}/api/v1/session`)).json();
  const username = `${role}-${Date.now().toString(36)}`;
  const invitation = { email: `${username}@clinic.example`, name, fhirUser, roles: [{ role, locations: [] }] };
  const answer = await admin.request.post(`${url}/api/v1/invitations`, { data: invitation, headers: { 'x-csrf-token': csrfToken, origin: url } });
  assert.equal(answer.status(), 201, await answer.text());
  const { link } = await answer.json();
  await admin.close();
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}${new URL(link, url).pathname}`);
  await page.locator('input[name=username]').fill(username);
  await page.locator('[name=password]').fill(PASSWORD);
  await page.locator('form button[type=submit]').first().click();
  await page.waitForLoadState();
  await page.goto(`${url}/t/demo/sign-in?return=${encodeURIComponent('/app/system')}`);
  await page.locator('[name=username]').fill(username);
  await page.locator('[name=password]').fill(PASSWORD);
  await page.locator('form button[type=submit]').first().click();
  await page.waitForURL(/sign-in\/enrol|\/app\/system/);
  // Not every role must have a second factor.
  let secret;
  if (page.url().includes('/sign-in/enrol')) {
    secret = base32(await page.locator('.secret').innerText());
    await page.locator('[name=code]').fill(code(secret));
    await page.locator('form button[type=submit]').first().click();
    await page.waitForLoadState();
  }
  await page.goto(`${url}/app/system`);
  await page.getByRole('heading', { name: 'System' }).waitFor();
  const state = await context.storageState();
  rig.proofs.set(state, { secret, state, at: Date.now() });
  await context.close();
  return state;
}

/** Signing asks for a proof of the last five minutes and journeys take longer: the session of somebody invited, proved anew. */
async function proven(rig, state) {
  const proof = rig.proofs.get(state);
  if (!proof?.secret) return state;
  if (Date.now() - proof.at < 120_000) return proof.state;
  const context = await rig.browser.newContext({ storageState: proof.state });
  const page = await context.newPage();
  await page.goto(`${rig.url}/t/demo/step-up?return=${encodeURIComponent('/app/system')}`);
  while (page.url().includes('/step-up')) {
    await page.locator('[name=password]').fill(PASSWORD);
    await page.locator('[name=code]').fill(code(proof.secret));
    await page.locator('form:has([name=password]) button[type=submit]').click();
    await page.waitForLoadState();
    if (page.url().includes('/step-up')) await page.waitForTimeout(30_000 - (Date.now() % 30_000));
  }
  proof.state = await context.storageState();
  proof.at = Date.now();
  await context.close();
  return proof.state;
}

/** A browser of a person who is signed in. */
async function visit(rig, { viewport = { width: 1280, height: 800 }, colorScheme = 'light', locale = 'en-GB', storageState = rig.signedIn } = {}) {
  const context = await rig.browser.newContext({ viewport, colorScheme, locale, storageState: await proven(rig, storageState), reducedMotion: 'reduce' });
  if (!rig.hasSignIn) {
    const session = { account: 'demo', name: 'Demo', tenant: 'demo', roles: ['doctor'], csrfToken: 'none' };
    await context.setExtraHTTPHeaders({ authorization: `Bearer ${rig.token}` });
    await context.route('**/api/v1/session', (route) => route.fulfill({ json: session }));
  }
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy|Content-Security-Policy/i.test(message.text())) complaints.push(`policy: ${message.text()}`);
  });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`Content Security Policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  await context.addInitScript(axe);
  return { context, page, complaints };
}

/** Waits until a field holds this value, or one that matches. */
export async function holds(field, wanted) {
  const fits = (value) => (wanted instanceof RegExp ? wanted.test(value) : value === wanted);
  let value;
  for (const end = Date.now() + 15_000; Date.now() < end; await field.page().waitForTimeout(50)) {
    value = await field.inputValue();
    if (fits(value)) return;
  }
  assert.fail(`the field holds ${JSON.stringify(value)}, not ${wanted}`);
}

/** No violation of WCAG 2.2 A and AA, and no complaint of the browser. */
export async function clean({ page, complaints }, where) {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }), tags);
  const told = violations.map((one) => `${one.id} (${one.impact}): ${one.help}\n    ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)}\n      ${node.failureSummary?.split('\n').slice(1, 3).join(' ')}`).join('\n    ')}`);
  assert.deepEqual(told, [], `axe on ${where}:\n  ${told.join('\n  ')}`);
  assert.deepEqual(complaints, [], `complaints on ${where}`);
}

/** Waits until nothing on the page is loading. */
export async function settled(page) {
  await page.waitForFunction(() => document.querySelector('main') && !document.querySelector('.loading'));
}

/** A request beside the browser, as another client would make it. */
export async function fhir(rig, path, { method = 'GET', body, headers = {} } = {}) {

  const response = await fetch(`${rig.url}/fhir/R4/${path}`, {
    method,
    headers: { authorization: `Bearer ${rig.token}`, 'content-type': 'application/fhir+json', accept: 'application/fhir+json', ...headers },
    // oxlint-disable-next-line unicorn/no-invalid-fetch-options -- a GET is called without a body
    body: body && JSON.stringify(body),
  });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return response.json();
}
