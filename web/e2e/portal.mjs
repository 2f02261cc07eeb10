/** Journeys of a patient on a telephone: the own record, messages, and who looked. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean, fhir, invited, settled } from './rig.mjs';

const PHONE = { width: 320, height: 640 };

export function portal(rig) {
  const visit = async (options = {}) => {
    const seen = await rig().visit({ viewport: PHONE, storageState: await rig().signIn('patient'), ...options });
    seen.open = async (page) => {
      await seen.page.goto(`${rig().url}/app/portal/${page}`);
      await settled(seen.page);
    };
    return seen;
  };
  const served = async (t) => {
    const page = await (await fetch(`${rig().url}/app/portal/`)).text();
    if (rig().hasSignIn && page.includes('<body class="portal">')) return true;
    t.skip('the server serves no portal page');
    return false;
  };

  test('the portal is accessible, narrow and within the policy on every page', async (t) => {
    if (!(await served(t))) return;
    for (const colorScheme of ['light', 'dark']) {
      const seen = await visit({ colorScheme });
      for (const page of ['', 'results', 'medicines', 'visits', 'papers', 'messages', 'access', 'settings', 'notices']) {
        await seen.open(page);
        await clean(seen, `the portal's ${page || 'home'} (${colorScheme})`);
        const over = await seen.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(over <= 0, `${page} is ${over} px too wide`);
      }
      await seen.context.close();
    }
  });

  test('a patient reads results in plain words, a signed note, and writes to the clinic', async (t) => {
    if (!(await served(t))) return;
    const seen = await visit();
    const { page, context } = seen;
    await seen.open('');
    await page.getByText('Hello Pat').waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Results' }).click();
    const potassium = page.getByRole('region', { name: 'Potassium' });
    await potassium.getByText('Above the usual range', { exact: false }).waitFor();
    await potassium.getByText('3 earlier results').click();
    await potassium.getByText('4.9 mmol/L').waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Notes & documents' }).click();
    await page.getByText('Diabetes review').first().click();
    await page.getByText('Walks half an hour a day', { exact: false }).waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Messages' }).click();
    const text = `Thank you ${Date.now()}`;
    await page.getByLabel('Your message').fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('.mine').getByText(text).waitFor();
    await context.close();
  });

  test('what the clinic tells a patient is counted on the bell, leads to its page, and is read with the keyboard', async (t) => {
    if (!(await served(t))) return;
    const start = Date.now() + 3 * 86_400_000 - (Date.now() % 3_600_000);
    const free = await fhir(rig(), 'Practitioner', { method: 'POST', body: { resourceType: 'Practitioner', active: true, name: [{ family: 'Free', given: ['Fay'] }] } });
    const participant = [{ actor: { reference: 'Patient/demo-patient' }, status: 'accepted' }, { actor: { reference: `Practitioner/${free.id}` }, status: 'accepted' }];
    await fhir(rig(), 'Appointment', { method: 'POST', body: { resourceType: 'Appointment', status: 'booked', start: new Date(start).toISOString(), end: new Date(start + 1_800_000).toISOString(), participant } });
    const seen = await visit({ locale: 'es' });
    const { page, context } = seen;
    const bell = page.getByRole('banner').getByRole('link', { name: /Notificaciones: \d+ sin leer/ });
    // The clinic tells of it a moment after it was booked.
    for (let attempt = 0; attempt < 20 && (await bell.count()) === 0; attempt += 1) {
      await seen.open('');
      await page.waitForTimeout(500);
    }
    await bell.click();
    await page.getByRole('heading', { name: 'Notificaciones', level: 1 }).waitFor();
    const fresh = page.locator('.notice.fresh');
    await fresh.first().waitFor();
    await clean(seen, 'what a patient was told');
    await fresh.first().getByRole('link', { name: /^Abrir/ }).click();
    await page.getByRole('heading', { name: 'Visitas', level: 1 }).waitFor();
    await page.goBack();
    const all = page.getByRole('button', { name: 'Marcar todas como leídas' });
    await all.waitFor();
    const nothing = page.getByRole('link', { name: 'Notificaciones: nada nuevo' });
    // While the one that was opened is being marked, the button rests; more may arrive meanwhile.
    for (let attempt = 0; attempt < 20 && (await nothing.count()) === 0; attempt += 1) {
      if (await all.isEnabled()) {
        await all.focus();
        await page.keyboard.press('Enter');
      }
      await page.waitForTimeout(500);
    }
    await nothing.waitFor();
    assert.equal(await fresh.count(), 0);
    await context.close();
  });

  test('somebody acts for a patient: given by an administrator, seen in the portal, and taken back', async (t) => {
    if (!(await served(t))) return;
    const record = await fhir(rig(), 'RelatedPerson', { method: 'POST', body: { resourceType: 'RelatedPerson', active: true, patient: { reference: 'Patient/demo-patient' }, name: [{ family: 'Patient', given: ['Cara'] }] } });
    const name = `Cara ${Date.now().toString(36)}`;
    const state = await invited(rig(), { name, role: 'caregiver', fhirUser: `RelatedPerson/${record.id}` });
    const carer = await visit({ storageState: state });
    await carer.open('');
    await carer.page.getByText('This account has no record of its own.').waitFor();

    const admin = await rig().visit({ storageState: await rig().signIn('admin') });
    await admin.page.goto(`${rig().url}/app/patients/demo-patient/person`);
    const panel = admin.page.getByRole('region', { name: 'Who may act for this patient' });
    await panel.getByLabel('Account').selectOption({ label: name });
    await clean(admin, 'giving a proxy');
    await panel.getByRole('button', { name: 'Give a proxy' }).click();
    await panel.getByText('The patient’s own wish').first().waitFor();

    // What somebody may do is looked up anew after seconds at most.
    const chosen = carer.page.getByRole('combobox', { name: 'Record of' });
    for (let tries = 0; tries < 20 && (await chosen.count()) === 0; tries += 1) {
      await carer.page.waitForTimeout(500);
      await carer.open('results');
    }
    await carer.page.getByRole('region', { name: 'Potassium' }).waitFor();
    assert.match(await chosen.locator('option:checked').innerText(), /Pat/);
    await clean(carer, 'the record of somebody else');
    await carer.open('messages');
    const text = `On behalf of Pat ${Date.now()}`;
    await carer.page.getByLabel('Your message').fill(text);
    await carer.page.getByRole('button', { name: 'Send' }).click();
    await carer.page.locator('.mine').getByText(text).waitFor();

    await panel.getByRole('button', { name: `Revoke ${name}` }).click();
    await panel.getByRole('button', { name: `Revoke ${name}` }).waitFor({ state: 'detached' });
    for (let tries = 0; tries < 20 && (await carer.page.getByText('This account has no record of its own.').count()) === 0; tries += 1) {
      await carer.page.waitForTimeout(500);
      await carer.open('results');
    }
    await carer.page.getByText('This account has no record of its own.').waitFor();
    await Promise.all([carer.context.close(), admin.context.close()]);
  });

  test('a patient never sees what is another’s, nor the screens of staff with data', async (t) => {
    if (!(await served(t))) return;
    const { page, context } = await visit();
    await page.goto(`${rig().url}/app/patients?q=ro`);
    await settled(page);
    assert.equal(await page.locator('tbody a').count(), 0);
    await context.close();
  });
}
