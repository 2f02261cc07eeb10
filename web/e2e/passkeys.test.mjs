/**
 * Passkeys with a virtual authenticator of the browser (WebAuthn over the DevTools protocol): added at the screen of
 * one's own sessions, then used without a name or password, and as a second factor.
 *
 * Browsers allow passkeys at names only, so the server is told that it is `localhost`, at a port of its own.
 */

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { open } from './rig.mjs';

/** A port that is free now. */
const free = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

/** A security key that is plugged in, and whose user touches and unlocks it at once. */
async function authenticator(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
  return {
    credentials: async () => (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    verifies: (isUserVerified) => devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
  };
}

describe('passkeys', () => {
  let rig;
  before(async () => {
    const port = await free();
    rig = await open({ listen: `127.0.0.1:${port}`, origin: `http://localhost:${port}` });
  });
  after(() => rig?.close());

  test('a passkey is added, signs in alone, and is removed', async (t) => {
    if (!rig.hasSignIn || process.env.MEDITRACK_URL) return t.skip('needs a server of its own');
    const { url } = rig;
    const { page, context } = await rig.visit();
    const key = await authenticator(page);
    await page.goto(`${url}/app/sessions`);
    const panel = page.getByRole('region', { name: 'Passkeys' });
    await panel.getByLabel('Name of the passkey').fill('Blue key');
    await panel.getByRole('button', { name: 'Add a passkey' }).click();
    await panel.getByRole('row', { name: /Blue key/ }).waitFor();
    assert.equal((await key.credentials()).length, 1);

    // Without name and password, after the session is gone.
    await context.clearCookies();
    await page.goto(`${url}/t/demo/sign-in?return=${encodeURIComponent('/app/sessions')}`);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.waitForURL('**/app/sessions');
    await panel.getByRole('row', { name: /Blue key/ }).waitFor();

    // A user who is not verified does not get in, and is told so.
    await key.verifies(false);
    await context.clearCookies();
    await page.goto(`${url}/t/demo/sign-in`);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('alert').filter({ hasText: 'The passkey was not used' }).waitFor();
    await key.verifies(true);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.waitForURL('**/t/demo/account');

    await page.goto(`${url}/app/sessions`);
    await panel.getByRole('button', { name: 'Remove Blue key' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click();
    await panel.getByText('No passkeys yet').waitFor();
    await context.close();
  });
});
