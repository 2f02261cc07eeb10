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
    await page.getByLabel('What was done for the patient').fill('Left leg heals well.');
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

const LAB = [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] }];

/** A potassium of a patient, as the laboratory's system reports it. */
const potassium = (given, value, letter, more = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  category: LAB,
  code: { coding: [{ system: 'http://loinc.org', code: '2823-3' }], text: 'Potassium' },
  subject: { reference: `Patient/${people[given].id}` },
  effectiveDateTime: '2026-11-20T08:00:00Z',
  valueQuantity: { value, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
  interpretation: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation', code: letter }] }],
  ...more,
});

journey('a critical result stands out until somebody acknowledges it, and again once it was corrected', async () => {
  const result = await fhir(rig, 'Observation', { method: 'POST', body: potassium('Ada', 7.1, 'HH') });
  const seen = await rig.visit();
  const { page, context } = seen;
  await page.goto(chart('Ada'));
  await settled(page);
  await page.getByText('You have not opened this chart before.').or(page.getByText('Nothing has changed since')).or(page.getByText('New since you last looked')).first().waitFor();
  await page.getByText('1 critical result is not acknowledged').waitFor();
  await clean(seen, 'a summary with a critical result');
  await page.getByRole('link', { name: 'Look at the results' }).click();
  const open = page.getByRole('region', { name: 'Not acknowledged' });
  await open.getByText('7.1 mmol/L').waitFor();
  await clean(seen, 'a critical result');
  await open.getByRole('button', { name: 'Acknowledge Potassium' }).click();
  const dialog = page.getByRole('dialog', { name: 'Acknowledge results' });
  await dialog.getByLabel('What follows').fill('Called the patient');
  await clean(seen, 'acknowledging');
  await dialog.getByRole('button', { name: 'Acknowledge' }).click();
  await open.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Potassium' }).click();
  await page.getByText(/^Acknowledged by .* – Called the patient$/).waitFor();
  await fhir(rig, `Observation/${result.id}`, { method: 'PUT', body: { ...potassium('Ada', 6.9, 'HH', { status: 'corrected' }), id: result.id } });
  await open.getByText('6.9 mmol/L').waitFor({ timeout: 30_000 });
  await page.getByText('Nobody has acknowledged this result.').waitFor();
  await context.close();
});

journey('what came since one last looked is marked and counted', async () => {
  const before = new Date(Date.now() - 1_000).toISOString();
  await fhir(rig, 'Observation', { method: 'POST', body: potassium('Grace', 4.4, 'N') });
  const seen = await rig.visit();
  const { page, context } = seen;
  // A look is another one after half an hour: the server's tests wait for that, this one is told so.
  await page.route('**/api/v1/charts/*/looked', (route) => route.fulfill({ json: { before } }));
  await page.goto(chart('Grace'));
  await settled(page);
  const line = page.getByRole('status').filter({ hasText: 'New since you last looked' });
  await line.getByRole('link', { name: '1 result' }).waitFor();
  await page.getByRole('region', { name: 'Latest results' }).getByText('new', { exact: true }).waitFor();
  await clean(seen, 'what is new');
  await line.getByRole('link', { name: '1 result' }).click();
  await page.getByRole('cell').getByText('new', { exact: true }).waitFor();
  await context.close();
});

journey('a telephone call is written down as one, with a skeleton to fill in, and loses no words when its kind changes', async () => {
  const seen = await rig.visit();
  const { page, context } = seen;
  await page.goto(chart('Rosa', '/notes/new'));
  await settled(page);
  await page.getByLabel('Subjective').fill('Dizzy since the morning.');
  await page.getByLabel('Kind of note').selectOption({ label: 'Telephone call' });
  assert.equal(await page.getByLabel('Title').inputValue(), 'Telephone call');
  assert.equal(await page.getByLabel('Subjective').inputValue(), 'Dizzy since the morning.');
  await page.getByLabel('Reason for the call').fill('Dizziness');
  await page.getByLabel('History and course').fill('/ros');
  await page.getByLabel('History and course').press('End');
  await page.getByLabel('History and course').press('Enter');
  await page.waitForFunction(() => [...document.querySelectorAll('textarea')].some((one) => one.value.includes('Breathing: ___')));
  await clean(seen, 'a note of another kind');
  await page.getByRole('button', { name: 'Save unsigned' }).click();
  await page.locator('summary').filter({ hasText: 'Telephone call' }).waitFor();
  const { entry } = await fhir(rig, `Composition?patient=${people.Rosa.id}&type=http://loinc.org|34748-4`);
  assert.deepEqual(entry[0].resource.section.map((one) => one.title), ['Chief complaint', 'History of present illness', 'Subjective']);
  await context.close();
});

journey('a child’s weight stands among the percentiles of its age and sex', async () => {
  const child = await admin.create({ resourceType: 'Patient', active: true, name: [{ family: `Z${stamp}`, given: ['Timo'] }], gender: 'male', birthDate: '2020-01-15' });
  const weights = [['2020-10-30', 9.7], ['2024-01-15', 16.3]];
  for (const [day, value] of weights) {
    await fhir(rig, 'Observation', {
      method: 'POST',
      body: {
        resourceType: 'Observation',
        status: 'final',
        category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] }],
        code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
        subject: { reference: `Patient/${child.id}` },
        effectiveDateTime: `${day}T12:00:00Z`,
        valueQuantity: { value, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
      },
    });
  }
  const seen = await rig.visit();
  const { page, context } = seen;
  await page.goto(`${rig.url}/app/patients/${child.id}/vitals?sign=weight`);
  await settled(page);
  // 9.5 months and 9.7 kg is the example of the reference: the 58th percentile.
  await page.getByRole('row', { name: /30-Oct-2020/ }).getByRole('cell', { name: '58', exact: true }).waitFor();
  await page.getByText(/^Percentile \d+ among boys at 4 years/).waitFor();
  await clean(seen, 'growth');
  await context.close();
});

journey('the desk registers a child with insurance, a guardian, a consent and a photograph', async () => {
  const seen = await rig.visit({ storageState: await rig.signIn('reception') });
  const { page, context } = seen;
  await page.goto(`${rig.url}/app/patients/new`);
  await settled(page);
  await page.getByLabel('Family name').fill(`Child-${stamp}`);
  await page.getByLabel('Given names').fill('Mira');
  await page.getByLabel('Birth date').fill('2020-05-04');
  await page.getByText('under 18: name one').waitFor();
  await page.getByLabel('Name of the guardian').fill('Nora Child');
  await page.getByLabel('Who they are').selectOption({ label: 'Mother' });
  await page.getByLabel('Telephone of the guardian').fill('5550199');
  await page.getByText('Insurance', { exact: true }).click();
  await page.getByLabel('Member number').fill('M-77');
  await page.getByText('Consents', { exact: true }).click();
  await page.getByLabel('Treatment').selectOption({ label: 'Agrees' });
  await page.getByText('Photograph', { exact: true }).click();
  await page.getByRole('button', { name: 'Take a photograph' }).click();
  const camera = page.getByRole('dialog', { name: 'Take a photograph' });
  await camera.getByRole('button', { name: 'Take it' }).click();
  await page.getByRole('img', { name: 'Photograph of the patient' }).waitFor();
  await clean(seen, 'a registration with everything');
  // What is missing is said at its field, and nothing is stored.
  await page.getByRole('button', { name: 'Register', exact: true }).click();
  await page.getByText('Enter who pays.').waitFor();
  assert.equal(await page.getByLabel('Insurer').evaluate((field) => field === document.activeElement), true);
  // A reload loses nothing, not even the picture.
  await page.getByLabel('Insurer').fill('Northern Mutual');
  await page.waitForTimeout(600);
  await page.reload();
  await settled(page);
  assert.deepEqual([await page.getByLabel('Insurer').inputValue(), await page.getByRole('img', { name: 'Photograph of the patient' }).count()], ['Northern Mutual', 1]);
  await page.getByRole('button', { name: 'Register', exact: true }).click();
  await page.getByRole('heading', { name: /CHILD-.*, Mira/i }).waitFor();
  const id = page.url().split('/').at(-1);
  await page.getByRole('region', { name: 'Insurance' }).getByText('Northern Mutual').waitFor();
  await page.getByRole('region', { name: 'Guardian or representative' }).getByText('Nora Child').waitFor();
  await clean(seen, 'the person with everything');
  const [stored, covered, consented] = await Promise.all([fhir(rig, `Patient/${id}`), fhir(rig, `Coverage?patient=${id}`), fhir(rig, `Consent?patient=${id}`)]);
  assert.deepEqual([stored.photo.length, covered.entry[0].resource.subscriberId, consented.entry[0].resource.provision.type], [1, 'M-77', 'permit']);
  assert.ok(stored.photo[0].data.length < 140_000, 'a small picture');
  await context.close();
});
