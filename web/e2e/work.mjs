/** Journeys of shared work: tasks and messages. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean, fhir } from './rig.mjs';

export function work(at, rig) {
  test('a result becomes a task, is taken by keyboard and done', async () => {
    const seen = await at('/patients/demo-patient/results');
    const { page, context } = seen;
    await page.getByRole('button', { name: /^Potassium/ }).click();
    await page.getByRole('button', { name: 'Follow-up task …' }).click();
    const dialog = page.getByRole('dialog');
    const text = `Repeat potassium ${Date.now()}`;
    await dialog.getByLabel('Task').fill(text);
    await dialog.getByLabel('Owner').selectOption('');
    await clean(seen, 'a follow-up task');
    await dialog.getByRole('button', { name: 'Add task' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.goto(`${rig().url}/app/tasks?view=pool`);
    const row = page.getByRole('row', { name: new RegExp(text) });
    await row.getByRole('button', { name: /^Done/ }).focus();
    await clean(seen, 'tasks');
    await page.keyboard.press('y');
    await row.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Mine' }).click();
    await row.getByText('Dr. Dana Doctor').waitFor();
    await row.getByRole('button', { name: /^Done/ }).focus();
    await page.keyboard.press('e');
    await row.waitFor({ state: 'detached' });
    const { entry } = await fhir(rig(), 'Task?patient=demo-patient&_sort=-_lastUpdated&_count=1');
    assert.deepEqual([entry[0].resource.status, entry[0].resource.focus.reference.split('/')[0]], ['completed', 'Observation']);
    await context.close();
  });

  test('a patient who waits is first, and is answered', async () => {
    const text = `May I take ibuprofen? ${Date.now()}`;
    const patient = { reference: 'Patient/demo-patient', display: 'Pat Patient' };
    await fhir(rig(), 'Communication', { method: 'POST', body: { resourceType: 'Communication', status: 'completed', subject: patient, sender: patient, sent: new Date().toISOString(), payload: [{ contentString: text }] } });
    const seen = await at('/messages');
    const { page, context } = seen;
    await page.getByRole('link', { name: new RegExp(text.replace('?', '\\?')) }).click();
    await page.locator('.conversation').getByText(text).waitFor();
    await clean(seen, 'a conversation');
    await page.getByLabel('Your message').fill('No, because of your kidneys.');
    await page.keyboard.press('Control+Enter');
    await page.locator('.message-ours').getByText('No, because of your kidneys.').first().waitFor();
    await page.locator('.thread-chosen').getByText(/waiting since/).waitFor({ state: 'detached' });
    await context.close();
  });
}
