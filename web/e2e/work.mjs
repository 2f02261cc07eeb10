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
    await page.getByRole('button', { name: /^Mine/ }).click();
    await row.getByText('Dr. Dana Doctor').waitFor();
    await row.getByRole('button', { name: /^Done/ }).focus();
    await page.keyboard.press('e');
    await row.waitFor({ state: 'detached' });
    const { entry } = await fhir(rig(), 'Task?patient=demo-patient&_sort=-_lastUpdated&_count=1');
    assert.deepEqual([entry[0].resource.status, entry[0].resource.focus.reference.split('/')[0]], ['completed', 'Observation']);
    await context.close();
  });

  test('tasks are handed over, done several at once, and put back, with keys alone', async () => {
    const mark = `Batch ${Date.now()}`;
    const own = { reference: 'Practitioner/demo-doctor', display: 'Dr. Dana Doctor' };
    for (const [index, due] of ['2020-01-01', undefined].entries()) {
      await fhir(rig(), 'Task', { method: 'POST', body: { resourceType: 'Task', status: 'accepted', intent: 'order', description: `${mark} ${index}`, owner: own, ...(due && { restriction: { period: { end: due } } }) } });
    }
    const seen = await at('/tasks?view=mine');
    const { page, context } = seen;
    const row = (index) => page.getByRole('row', { name: new RegExp(`${mark} ${index}`) });
    await page.getByRole('button', { name: /^Late/ }).click();
    await row(0).getByText('overdue', { exact: true }).waitFor();
    assert.equal(await row(1).count(), 0);
    await page.getByRole('button', { name: /^Mine/ }).click();
    for (const index of [0, 1]) {
      await row(index).getByRole('button', { name: /^Done/ }).focus();
      await page.keyboard.press('x');
    }
    await page.getByText('2 tasks are chosen').waitFor();
    await clean(seen, 'chosen tasks');
    await page.getByRole('button', { name: 'All done' }).click();
    await page.getByText('2 tasks are done.').waitFor();
    await row(0).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await row(0).getByRole('button', { name: /^Done/ }).focus();
    await page.keyboard.press('h');
    const dialog = page.getByRole('dialog', { name: 'Hand over to whom?' });
    await dialog.getByLabel('Owner').selectOption('Practitioner/demo-nurse');
    await clean(seen, 'handing over');
    await dialog.getByRole('button', { name: 'Hand over' }).click();
    await row(0).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: /^All/ }).click();
    await row(0).getByText(/Noor/).waitFor();
    await context.close();
  });

  test('a message arrives without a reload, and is taken note of without an answer', async () => {
    const patient = await fhir(rig(), 'Patient', { method: 'POST', body: { resourceType: 'Patient', active: true, name: [{ family: 'Writer', given: [`Wes${Date.now()}`] }], gender: 'male', birthDate: '1970-01-02' } });
    const subject = { reference: `Patient/${patient.id}`, display: `Wes ${Date.now()}` };
    const seen = await at('/messages');
    const { page, context } = seen;
    const text = `Thank you, all is well ${Date.now()}`;
    await page.getByRole('list').first().waitFor();
    await page.waitForTimeout(500);
    await fhir(rig(), 'Communication', { method: 'POST', body: { resourceType: 'Communication', status: 'completed', subject, sender: subject, sent: new Date().toISOString(), payload: [{ contentString: text }] } });
    const thread = page.getByRole('link', { name: new RegExp(subject.display) });
    // Asked for every half minute anyway; heard of at once.
    await thread.waitFor({ timeout: 10_000 });
    await thread.getByText(/waiting since/).waitFor();
    await thread.click();
    await page.getByRole('heading', { name: 'Messages' }).click();
    await page.keyboard.press('e');
    await page.locator('.conversation').getByText(/taken note of/).waitFor();
    await thread.getByText(/waiting since/).waitFor({ state: 'detached' });
    await clean(seen, 'a settled conversation');
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
