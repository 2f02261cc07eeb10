/** Journeys of signatures, merged records and what changes while one looks: `npm run e2e:charting`. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, fhir, invited, open, settled } from './rig.mjs';
import { administrator } from './schedule.mjs';

let rig;
let admin;
let nurse;
let stamp;
const people = {};

before(async () => {
  rig = await open();
  if (!rig.hasSignIn) return;
  stamp = [...Date.now().toString(26)].map((digit) => String.fromCodePoint(97 + Number.parseInt(digit, 26))).join('');
  admin = await administrator(rig);
  for (const given of ['Ada', 'Grace', 'Rosa']) people[given] = await admin.create({ resourceType: 'Patient', active: true, name: [{ family: `Z${stamp}`, given: [given] }], gender: 'female', birthDate: '1980-02-29' });
  const { id } = await admin.create({ resourceType: 'Practitioner', active: true, name: [{ family: `Nurse-${stamp}`, given: ['Nia'] }] });
  nurse = await invited(rig, { name: 'Nia Nurse', role: 'nurse', fhirUser: `Practitioner/${id}` });
});

after(() => rig?.close());

const journey = (name, run) =>
  test(name, async (t) => {
    if (!rig.hasSignIn) {
      t.skip('the server has no sign-in pages');
      return;
    }
    await run(t);
  });

const chart = (given, page = '') => `${rig.url}/app/patients/${people[given].id}${page}`;

/** Notes of nurses need a second signature while `run` runs. */
async function cosigned(run) {
  const path = '/api/v1/notes/settings/cosign';
  const decide = async (roles) => {
    const { etag } = await admin.ask('GET', path);
    await admin.ask('PUT', path, { roles, practitioners: [] }, { 'if-match': etag });
  };
  await decide(['nurse']);
  try {
    await run();
  } finally {
    await decide([]);
  }
}

journey('a nurse’s note waits, a doctor sends it back, and then co-signs it from the inbox; its PDF says who stands for it', () =>
  cosigned(async () => {
    const title = `Wound care ${stamp}`;
    const seen = await rig.visit({ storageState: nurse });
    const { page, context } = seen;
    await page.goto(chart('Ada', '/notes/new'));
    await settled(page);
    await page.getByLabel('Title').fill(title);
    await page.getByLabel('Objective').fill('Dry, no redness. Señora “Ñandú” ≥ 37.5 °C');
    await page.keyboard.press('Control+Enter');
    const dialog = page.getByRole('dialog', { name: 'Sign this note?' });
    await dialog.getByText('Your notes need a second signature').waitFor();
    await clean(seen, 'asking for a co-signature');
    await dialog.getByRole('button', { name: 'Sign note' }).click();
    const note = page.locator('details').filter({ hasText: title });
    await note.getByText('waits for a co-signature').waitFor();
    await note.locator('summary').click();
    await note.getByRole('button', { name: 'Take the signature back' }).waitFor();
    assert.equal(await note.getByRole('link', { name: 'Continue the note' }).count(), 0, 'what waits is closed');

    const doctor = await rig.visit();
    await doctor.page.goto(`${rig.url}/app/tasks?view=pool`);
    await settled(doctor.page);
    const row = doctor.page.getByRole('row', { name: new RegExp(title) });
    await row.getByRole('link', { name: /Open the note/ }).click();
    const open = doctor.page.locator('details[open]').filter({ hasText: title });
    await open.getByRole('button', { name: 'Send back' }).click();
    await doctor.page.getByLabel('What is missing or wrong').fill('Which leg?');
    await clean(doctor, 'sending a note back');
    await doctor.page.getByRole('dialog').getByRole('button', { name: 'Send back' }).click();
    await doctor.page.getByRole('dialog').waitFor({ state: 'detached' });

    await page.goto(`${rig.url}/app/tasks?view=mine`);
    await settled(page);
    await page.getByRole('row', { name: new RegExp(title) }).getByText('Which leg?').waitFor();
    await page.goto(chart('Ada', '/notes'));
    await note.locator('summary').click();
    await note.getByRole('button', { name: 'Take the signature back' }).click();
    await note.getByRole('link', { name: 'Continue the note' }).click();
    await page.getByLabel('Assessment').fill('Left leg heals well.');
    await page.keyboard.press('Control+Enter');
    await dialog.getByRole('button', { name: 'Sign note' }).click();
    await note.getByText('waits for a co-signature').waitFor();

    await doctor.page.goto(chart('Ada', '/notes'));
    const theirs = doctor.page.locator('details').filter({ hasText: title });
    await theirs.locator('summary').click();
    await theirs.getByText('Left leg heals well.').waitFor();
    await theirs.getByRole('button', { name: 'Co-sign' }).click();
    const giving = doctor.page.getByRole('dialog', { name: new RegExp(`Co-sign “${title}`) });
    await clean(doctor, 'co-signing');
    await giving.getByRole('button', { name: 'Co-sign' }).click();
    await theirs.getByText(/^Co-signed by /).waitFor();
    await theirs.getByText('waits for a co-signature').waitFor({ state: 'detached' });

    const { entry } = await fhir(rig, `Composition?patient=${people.Ada.id}&title=${encodeURIComponent(title)}`);
    const [{ resource }] = entry;
    assert.deepEqual([resource.status, resource.attester.map((one) => one.mode)], ['final', ['professional', 'legal']]);
    const answer = await doctor.context.request.get(`${rig.url}/api/v1/notes/${resource.id}/pdf`);
    assert.equal(answer.headers()['content-type'], 'application/pdf', await answer.text());
    assert.match(answer.headers()['content-disposition'], new RegExp(`^inline; filename="note-${resource.id}-\\d+.pdf"$`));
    assert.equal((await answer.body()).subarray(0, 5).toString(), '%PDF-');
    const [popup] = await Promise.all([doctor.context.waitForEvent('page'), theirs.getByRole('button', { name: /^PDF/ }).click()]);
    await popup.close();
    assert.deepEqual(doctor.complaints, []);
    await Promise.all([context.close(), doctor.context.close()]);
  }),
);

journey('two records of one person are merged field by field, and parted again', async () => {
  const seen = await rig.visit({ storageState: admin.storageState });
  const { page, context } = seen;
  const merge = `${rig.url}/app/patients/${people.Grace.id}/merge?with=${people.Rosa.id}`;
  await page.goto(merge);
  await settled(page);
  await page.getByLabel('Why they are one person').fill('Registered twice on one day');
  await clean(seen, 'merging');
  await page.getByRole('button', { name: 'Merge', exact: true }).click();
  await page.waitForURL(`**/patients/${people.Grace.id}*`);
  const gone = await fhir(rig, `Patient/${people.Rosa.id}`);
  assert.deepEqual([gone.active, gone.link.map((one) => [one.type, one.other.reference])], [false, [['replaced-by', `Patient/${people.Grace.id}`]]]);
  await page.goto(`${rig.url}/app/patients/${people.Grace.id}/merge`);
  await page.getByLabel('Why they are two people').fill('Two sisters after all');
  await page.getByRole('button', { name: /Undo the merge/ }).click();
  await page.getByRole('button', { name: /Undo the merge/ }).waitFor({ state: 'detached' });
  const back = await fhir(rig, `Patient/${people.Rosa.id}`);
  assert.deepEqual([back.active, back.link], [true, undefined]);
  await context.close();
});

journey('what somebody else records shows up without a reload', async () => {
  const { page, context } = await rig.visit();
  await page.goto(chart('Rosa', '/problems'));
  await settled(page);
  await page.evaluate(() => {
    window.unbroken = true;
  });
  const text = `Sprained ankle ${stamp}`;
  await fhir(rig, 'Condition', {
    method: 'POST',
    body: {
      resourceType: 'Condition',
      clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] },
      code: { text },
      subject: { reference: `Patient/${people.Rosa.id}` },
    },
  });
  await page.getByText(text).first().waitFor({ timeout: 30_000 });
  assert.equal(await page.evaluate(() => window.unbroken), true, 'the page was not loaded again');
  await context.close();
});
