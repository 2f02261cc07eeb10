/** Journeys of a visit: it begins, is written in, signed, added to, amended, and closed after a check. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean, fhir, holds } from './rig.mjs';

const CHART = '/patients/demo-patient';

export function visits(at, rig) {
  test('a visit: vitals, a note left unsigned, the exit check, signing, an addendum, an amendment', async () => {
    const seen = await at(`${CHART}/encounters`);
    const { page, context } = seen;
    await page.getByRole('button', { name: 'Begin a visit' }).click();
    const begin = page.getByRole('dialog', { name: 'Begin a visit' });
    const reason = `Cough ${Date.now()}`;
    await begin.getByLabel('Reason').fill(reason);
    await begin.getByLabel('Stage').selectOption('arrived');
    await clean(seen, 'beginning a visit');
    await begin.getByRole('button', { name: 'Begin a visit' }).click();
    await page.getByRole('button', { name: 'Move to: Roomed' }).click();
    await page.getByRole('button', { name: 'Move to: With the clinician' }).click();
    await page.getByRole('link', { name: 'Record vital signs' }).click();
    await page.getByLabel('Heart rate').fill('88');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('row', { name: /Heart rate/ }).getByText('88').first().waitFor();
    const open = async () => {
      await page.goto(`${rig().url}/app${CHART}/encounters`);
      await page.getByRole('link', { name: new RegExp(reason) }).click();
    };
    await open();
    await page.getByRole('link', { name: 'New note' }).click();
    assert.ok((await page.getByLabel('Visit').locator('option:checked').innerText()).includes(reason));
    await page.getByLabel('Title').fill(reason);
    await page.getByLabel('Subjective').fill('Dry cough.');
    await page.getByRole('button', { name: 'Save unsigned' }).click();
    await page.waitForURL('**/notes');
    await open();
    await page.getByRole('button', { name: 'Close the visit …' }).click();
    const close = page.getByRole('dialog', { name: 'Close this visit?' });
    await close.getByText('1 note is not signed').waitFor();
    await clean(seen, 'the exit check');
    assert.ok(await close.getByRole('button', { name: 'Close visit' }).isDisabled());
    await close.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('link', { name: reason, exact: true }).click();
    await holds(page.getByLabel('Subjective'), 'Dry cough.');
    await page.getByLabel('Plan').fill('Fluids.');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Sign note' }).click();
    const note = page.locator('details').filter({ hasText: reason });
    await note.locator('summary').click();
    await note.getByRole('button', { name: 'Addendum' }).click();
    await page.getByRole('dialog').getByLabel('Addendum').fill('Chest film clear.');
    await page.getByRole('dialog').getByRole('button', { name: 'Sign addendum' }).click();
    await note.getByText('Chest film clear.').waitFor();
    await note.getByRole('link', { name: 'Amend' }).click();
    await page.getByLabel('Plan').fill('Fluids and rest.');
    await page.getByLabel('Reason for the amendment').fill('Plan was incomplete');
    await page.getByRole('button', { name: 'Sign …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign note' }).click();
    await note.getByText('amended', { exact: true }).waitFor();
    await note.locator('summary').click();
    await note.getByText('Plan was incomplete').waitFor();
    await note.getByRole('button', { name: /Earlier versions/ }).click();
    await note.getByText('Version 2').waitFor();
    await clean(seen, 'a note with its versions');
    await open();
    await page.getByRole('button', { name: 'Close the visit …' }).click();
    await close.getByText('Nothing is missing.').waitFor();
    await close.getByRole('button', { name: 'Close visit' }).click();
    await page.locator('.stages [aria-current=step]').getByText('Closed').waitFor();
    const stored = await fhir(rig(), `Encounter/${page.url().split('/').at(-1)}`);
    assert.equal(stored.status, 'finished');
    assert.deepEqual(stored.statusHistory.map((one) => one.status), ['arrived', 'triaged', 'in-progress']);
    await context.close();
  });
}
