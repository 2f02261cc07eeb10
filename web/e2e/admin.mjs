/** Journeys of an administrator: people, roles, looks, places, setting up, and sessions. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean, fhir, holds, invited, settled } from './rig.mjs';

export function admin(at, rig) {
  const as = async (path, t) => {
    if (rig().hasSignIn) return at(path, { storageState: await rig().signIn('admin') });
    t.skip('the server has no sign-in pages');
    return undefined;
  };

  test('an administrator invites, assigns a role until a day, and takes it back', async (t) => {
    const seen = await as('/admin', t);
    if (!seen) return;
    const { page, context } = seen;
    await page.getByRole('row', { name: /Noor Nurse/ }).waitFor();
    await clean(seen, 'people');
    await page.getByRole('button', { name: 'Invite somebody' }).click();
    const invite = page.getByRole('dialog', { name: 'Invite somebody' });
    await invite.getByLabel('E-mail').fill(`new-${Date.now()}@clinic.example`);
    await invite.getByLabel('Role').selectOption('nurse');
    await invite.getByRole('combobox', { name: /Practitioner/ }).fill('Nurse');
    await invite.getByRole('option', { name: /demo-nurse/ }).click();
    await clean(seen, 'inviting');
    await invite.getByRole('button', { name: 'Invite', exact: true }).click();
    await page.getByRole('dialog', { name: 'Invited' }).getByText(/invitation\//).waitFor();
    await page.keyboard.press('Escape');
    const name = `Clerk ${Date.now()}`;
    await invited(rig(), { name, role: 'receptionist' });
    await page.reload();
    await page.getByRole('row', { name: new RegExp(name) }).getByRole('button', { name: /^Assign role/ }).click();
    const give = page.getByRole('dialog', { name: new RegExp(`Assign ${name}`) });
    await give.getByText('only what is assigned counts', { exact: false }).waitFor();
    await give.getByLabel('Role').selectOption('receptionist');
    await give.getByLabel('Until').fill('2099-12-31');
    await give.getByRole('button', { name: 'Assign role' }).click();
    const held = page.getByRole('region', { name: 'Assigned roles' }).getByRole('row', { name: new RegExp(`${name}.*Receptionist.*31-Dec-2099`) });
    await held.waitFor();
    await held.getByRole('button', { name: /Revoke/ }).click();
    await held.waitFor({ state: 'detached' });
    await context.close();
  });

  test('an administrator sees how every part is; others see whether it is ready', async (t) => {
    for (const colorScheme of ['light', 'dark']) {
      if (!rig().hasSignIn) return t.skip('the server has no sign-in pages');
      const seen = await at('/system', { storageState: await rig().signIn('admin'), colorScheme });
      const parts = seen.page.getByRole('region', { name: 'Parts of the installation' });
      await parts.getByRole('row', { name: /^Database up answers in/ }).waitFor();
      await parts.getByRole('row', { name: /^Backup unknown none was written/ }).waitFor();
      await parts.getByRole('row', { name: /^Disk .* free/ }).waitFor();
      await seen.page.getByText('Consumers in detail').click();
      await seen.page.getByRole('row', { name: /^timeline/ }).first().waitFor();
      await clean(seen, `how the installation is (${colorScheme})`);
      await seen.context.close();
    }
    const other = await at('/system');
    await other.page.getByText('Ready', { exact: true }).waitFor();
    assert.equal(await other.page.getByRole('region', { name: 'Parts of the installation' }).count(), 0);
    await other.context.close();
    return undefined;
  });

  test('a template becomes a role, colours must be legible, a place is added, steps are taken', async (t) => {
    const seen = await as('/admin/roles', t);
    if (!seen) return;
    const { page, context } = seen;
    const own = page.getByRole('region', { name: 'Roles of this organisation' });
    await page.getByRole('button', { name: 'Take over Scheduler' }).click();
    await own.getByRole('row', { name: /Scheduler/ }).waitFor();
    await clean(seen, 'roles');
    await own.getByRole('button', { name: 'Retire Scheduler' }).click();
    await own.getByRole('row', { name: /Scheduler/ }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Organisation', exact: true }).click();
    await page.getByLabel('Colour of buttons').fill('#ffee00');
    await page.getByText('Too faint on white', { exact: false }).waitFor();
    await page.getByLabel('Idle minutes').fill('90');
    await page.getByText('Between 5 and 15.').waitFor();
    await page.getByLabel('Idle minutes').fill('15');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.').waitFor();
    const limits = page.getByRole('region', { name: 'Limits' });
    await limits.getByRole('row', { name: /^People with a role \d+ no limit$/ }).waitFor();
    await limits.getByText(/^Storage as measured/).waitFor();
    await clean(seen, 'the organisation');
    await page.getByRole('link', { name: 'Locations' }).click();
    const name = `Room ${Date.now()}`;
    await page.getByRole('button', { name: 'Add location' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill(name);
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByLabel('Filter locations by name').fill(name);
    await page.getByRole('row', { name: new RegExp(name) }).waitFor();
    await clean(seen, 'locations');
    await page.getByRole('link', { name: 'Setting up' }).click();
    await page.locator('.steps li').first().waitFor();
    await clean(seen, 'setting up');
    await page.getByRole('link', { name: 'Emergency access' }).click();
    await page.getByRole('region', { name: 'Emergency access' }).waitFor();
    await context.close();
  });

  test('two administrators change the settings: the second is told, and sees what the first saved', async (t) => {
    const first = await as('/admin/organisation', t);
    if (!first) return;
    const second = await as('/admin/organisation', t);
    const idle = ({ page }) => page.getByLabel('Idle minutes');
    const save = async (seen, minutes) => {
      await idle(seen).fill(minutes);
      await seen.page.getByRole('button', { name: 'Save', exact: true }).click();
    };
    const saved = ({ page }) => page.getByText('Saved.').waitFor();
    await idle(second).waitFor();
    await save(first, '14');
    await saved(first);
    await save(second, '13');
    await second.page.getByText('Somebody else saved these first').waitFor();
    await holds(idle(second), '13');
    await clean(second, 'settings that somebody else saved first');
    await second.page.getByRole('button', { name: 'Load what is stored now' }).click();
    await holds(idle(second), '14');
    await save(second, '15');
    await saved(second);
    await first.context.close();
    await second.context.close();
  });

  test('the words of a message are looked at, changed and put back, and a trial says why it does not leave', async (t) => {
    const seen = await as('/admin/messages', t);
    if (!seen) return;
    const { page, context } = seen;
    const words = page.getByRole('region', { name: 'What people are told' });
    const row = words.getByRole('row', { name: /Appointment called off English/ });
    await row.getByText('as shipped').waitFor();
    await clean(seen, 'messages');
    await row.getByRole('button', { name: /Change words/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Appointment called off, English' });
    const short = dialog.getByLabel('Short text');
    await short.fill('{patient}, call us.');
    await dialog.getByText('This text cannot carry {patient}.').waitFor();
    assert.ok(await dialog.getByRole('button', { name: 'Save' }).isDisabled());
    await short.fill('Please call {organisation}: {link}');
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByText(/Please call [^{]+:/).last().waitFor();
    await clean(seen, 'words of a message');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await row.getByText('your own, version 1').waitFor();
    await row.getByRole('button', { name: /Change words/ }).click();
    await dialog.getByRole('button', { name: 'Shipped words again' }).click();
    await row.getByText('as shipped').waitFor();
    const left = page.getByRole('region', { name: 'What left in the last 90 days' });
    await left.getByLabel('Address or number').fill('desk@clinic.example');
    await left.getByRole('button', { name: 'Send a test message' }).click();
    await left.getByText(/it is not configured/).waitFor();
    await left.getByLabel('State').selectOption('failed');
    await left.getByText('Nothing left.').waitFor();
    await context.close();
  });

  test('one’s own sessions are listed, and a doctor is refused administration', async (t) => {
    const seen = await at('/sessions');
    const { page, context } = seen;
    if (!rig().hasSignIn) return t.skip('the server has no sign-in pages');
    await page.getByText('this device').waitFor();
    await clean(seen, 'sessions');
    assert.equal(await page.getByRole('link', { name: 'Administration' }).count(), 0);
    await page.goto(`${rig().url}/app/admin`);
    await page.getByText('You may not do this').first().waitFor();
    await context.close();
  });

  test('the integrity of the trail is verified on screen', async (t) => {
    const seen = await as('/audit', t);
    if (!seen) return;
    const { page, context } = seen;
    await clean(seen, 'the audit explorer');
    const panel = page.getByRole('region', { name: 'Integrity of the trail' });
    if ((await panel.count()) > 0) {
      await panel.getByRole('button', { name: 'Verify now' }).click();
      await panel.getByText('Everything is as it was written', { exact: false }).waitFor();
      await clean(seen, 'the verified trail');
    }
    await context.close();
  });

  test('a chart outside of one’s care is closed, opens in an emergency, and is reviewed', async (t) => {
    const seen = await as('/admin/organisation', t);
    if (!seen) return;
    const restrict = async (on) => {
      await seen.page.goto(`${rig().url}/app/admin/organisation`);
      await seen.page.getByLabel('Clinicians reach only the patients in their care').setChecked(on);
      await seen.page.getByRole('button', { name: 'Save', exact: true }).click();
      await seen.page.getByText('Saved.').waitFor();
    };
    const stranger = (await fhir(rig(), 'Patient?_count=5')).entry.map((entry) => entry.resource.id).find((id) => id !== 'demo-patient');
    const reason = `Found unconscious ${Date.now()}`;
    await restrict(true);
    try {
      // Who has just signed in: breaking the glass wants a recent proof of who it is.
      const doctor = await at('/system', { storageState: await rig().signIn('doctor') });
      const closed = doctor.page.getByRole('region', { name: 'Emergency access' });
      // Every part of the server learns of the setting within seconds.
      for (let attempt = 0; attempt < 15 && (await closed.count()) === 0; attempt += 1) {
        await doctor.page.goto(`${rig().url}/app/patients/${stranger}`);
        await settled(doctor.page);
        await doctor.page.waitForTimeout(1_000);
      }
      await clean(doctor, 'a closed chart');
      await closed.getByLabel('Why do you need this chart now?').fill(reason);
      await closed.getByRole('button', { name: 'Open in an emergency' }).click();
      await doctor.page.getByRole('navigation', { name: 'Chart' }).waitFor({ timeout: 40_000 });
      await doctor.context.close();
      await seen.page.goto(`${rig().url}/app/admin/emergency`);
      const row = seen.page.getByRole('row', { name: new RegExp(reason) });
      await row.getByRole('button', { name: /Decide/ }).click();
      await seen.page.getByLabel('Why it was or was not called for').fill('Seen by the whole team');
      await clean(seen, 'deciding on emergency access');
      await seen.page.getByRole('button', { name: 'Called for', exact: true }).click();
      await row.waitFor({ state: 'detached' });
    } finally {
      await restrict(false);
      await seen.context.close();
    }
  });
}
