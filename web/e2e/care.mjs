/** Journeys of giving care: medicines, orders, documents, visits and notes, over the demonstration's own patient. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean, fhir, holds } from './rig.mjs';

const CHART = '/patients/demo-patient';

/** `at` opens an address as the signed-in doctor; `rig` is what the journeys share. */
export function care(at, rig) {
  test('a medicine is typed in shorthand, checked against allergies, and signed with a reason', async () => {
    const seen = await at(`${CHART}/orders`);
    const { page, context } = seen;
    await page.getByRole('combobox', { name: 'Medicine' }).fill('amoxicillin 500 mg tid 7d');
    await holds(page.getByLabel('Dose'), '500');
    await holds(page.getByLabel('Days'), '7');
    await page.getByLabel('Route').selectOption('oral');
    await page.getByRole('button', { name: 'Add to basket' }).click();
    const basket = page.getByRole('region', { name: 'Basket, not signed' });
    await basket.getByText('Allergic to Penicillin').first().waitFor();
    await page.getByRole('button', { name: 'Laboratory test' }).click();
    await page.getByRole('combobox', { name: 'Laboratory test' }).fill('hemoglobin a1c');
    await page.getByRole('listbox', { name: 'Laboratory test' }).getByRole('option').first().click();
    await page.getByLabel('Priority').selectOption('urgent');
    await page.getByRole('button', { name: 'Add to basket' }).click();
    await basket.getByRole('button', { name: /Review and sign \d+ orders/ }).click();
    const dialog = page.getByRole('dialog', { name: /Sign \d+ orders\?/ });
    await dialog.getByText('HC-100042').waitFor();
    assert.ok(await dialog.getByRole('button', { name: /Sign \d+ orders/ }).isDisabled());
    await clean(seen, 'signing orders');
    await dialog.getByLabel(/Why in spite/).fill('Tolerated in 2024');
    await dialog.getByRole('button', { name: /Sign \d+ orders/ }).click();
    await basket.getByText('The basket is empty.', { exact: false }).waitFor();
    const { entry } = await fhir(rig(), 'MedicationRequest?patient=demo-patient&status=active&_sort=-_lastUpdated&_count=1');
    const [{ resource }] = entry;
    assert.deepEqual([resource.requester.reference, resource.medicationCodeableConcept.text], ['Practitioner/demo-doctor', 'amoxicillin']);
    assert.match(resource.note[0].text, /Tolerated in 2024/);
    await context.close();
  });

  test('medicines are reconciled line by line: one is kept, one stopped, and the day is on record', async () => {
    const seen = await at(`${CHART}/medicines/reconcile`);
    const { page, context } = seen;
    const taken = `melatonin ${Date.now()}`;
    await page.getByLabel('Medicine').fill(taken);
    await page.getByRole('button', { name: 'Add what the patient takes' }).click();
    await page.getByRole('row', { name: taken }).waitFor();
    for (const row of await page.locator('tbody tr').all()) {
      const stops = /amoxicillin/.test(await row.innerText());
      await row.getByRole('radio', { name: stops ? 'Stop' : 'Keep' }).check();
    }
    await page.getByLabel('Reason for stopping').fill('Finished');
    await clean(seen, 'reconciling');
    await page.getByRole('button', { name: 'Save reconciliation' }).click();
    await page.getByText(/Reconciled on .* by Dr. Dana Doctor/).waitFor();
    const past = page.getByRole('region', { name: 'Stopped and completed' });
    await past.getByRole('row', { name: /amoxicillin/ }).waitFor();
    await context.close();
  });

  test('a nurse may draft a test but is told why nothing is prescribed', async (t) => {
    if (!rig().hasSignIn) return t.skip('the server has no sign-in pages');
    const { page, context } = await at(`${CHART}/orders`, { storageState: await rig().signIn('nurse') });
    await page.getByRole('combobox', { name: 'Medicine' }).fill('paracetamol 500 mg qid');
    await page.getByRole('button', { name: 'Add to basket' }).click();
    await page.getByText('You may not do this').waitFor();
    await holds(page.getByRole('combobox', { name: 'Medicine' }), 'paracetamol 500 mg qid');
    await context.close();
  });

  test('a document is refused for its kind, filed, and shown in place', async () => {
    const seen = await at(`${CHART}/documents`);
    const { page, context } = seen;
    await page.getByText('Retinal screening').click();
    await page.getByText('No diabetic retinopathy', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'File a document' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('File', { exact: true }).setInputFiles({ name: 'page.pdf', mimeType: 'application/pdf', buffer: Buffer.from('<html></html>') });
    await dialog.getByText('This kind of file cannot be filed.', { exact: false }).waitFor();
    await dialog.getByLabel('File', { exact: true }).setInputFiles({ name: 'ecg.png', mimeType: 'image/png', buffer: PNG });
    await holds(dialog.getByLabel('Title'), 'ecg');
    await dialog.getByLabel('Kind of document').selectOption('18748-4');
    await dialog.getByLabel('Date of the document').fill('2026-11-01');
    await clean(seen, 'filing a document');
    await dialog.getByRole('button', { name: 'File document' }).click();
    const image = page.getByRole('img', { name: 'ecg' });
    await image.waitFor();
    await page.waitForFunction(() => document.querySelector('.preview img')?.naturalWidth === 1);
    await clean(seen, 'the preview of an image');
    await page.getByRole('button', { name: 'File a document' }).click();
    await dialog.getByLabel('File', { exact: true }).setInputFiles({ name: 'letter.pdf', mimeType: 'application/pdf', buffer: Buffer.from(PDF) });
    await dialog.getByLabel('Kind of document').selectOption('57133-1');
    await dialog.getByRole('button', { name: 'File document' }).click();
    await page.locator('.preview iframe[title=letter]').waitFor();
    assert.deepEqual(seen.complaints, []);
    await context.close();
  });

  test('an immunisation is recorded, one that was not given with its reason', async () => {
    const seen = await at(`${CHART}/immunisations`);
    const { page, context } = seen;
    await page.keyboard.press('a');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox', { name: 'Vaccine' }).fill('rabies');
    await dialog.getByRole('listbox').getByRole('option').first().click();
    await dialog.getByLabel('Lot', { exact: true }).fill('R77');
    await dialog.getByLabel('Lot expires on').fill('2020-01-01');
    await dialog.getByText('The lot had expired', { exact: false }).waitFor();
    await dialog.getByLabel('Lot expires on').fill('');
    await clean(seen, 'recording an immunisation');
    await dialog.getByRole('button', { name: 'Record', exact: true }).click();
    await page.getByRole('row', { name: /rabies/i }).getByText('R77').first().waitFor();
    await page.keyboard.press('a');
    await dialog.getByRole('combobox', { name: 'Vaccine' }).fill('Zoster vaccine');
    await dialog.getByLabel('Status').selectOption('not-done');
    await dialog.getByLabel('Reason why it was not given').fill('Declined');
    await dialog.getByRole('button', { name: 'Record', exact: true }).click();
    await page.getByRole('row', { name: /Zoster/ }).getByText('Declined').waitFor();
    await context.close();
  });

  test('a goal is set and a plan moves on', async () => {
    const seen = await at(`${CHART}/plan`);
    const { page, context } = seen;
    await page.getByRole('button', { name: 'Add goal' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Goal').fill('Walk 30 minutes a day');
    await dialog.getByRole('button', { name: 'Add goal' }).click();
    await page.getByRole('row', { name: /Walk 30 minutes/ }).getByRole('combobox').selectOption('completed');
    await page.getByLabel('Retinal screening').selectOption('completed');
    await page.waitForFunction(() => document.querySelector('[aria-label="Retinal screening"]')?.value === 'completed');
    await clean(seen, 'the care plan');
    await context.close();
  });
}

/** The smallest picture and the smallest letter that are ones. */
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const PDF = '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>';
