/** Journeys of clinicians and receptionists in a real Chromium over the real binary; axe and the policy watch every stop. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { admin } from './admin.mjs';
import { care } from './care.mjs';
import { portal } from './portal.mjs';
import { clean, fhir, holds, open, settled, signIn } from './rig.mjs';
import { visits } from './visits.mjs';
import { work } from './work.mjs';

let rig;
let patient;
let family;

/** A name that nobody else has, of letters alone. */
function word() {
  const letters = [...Date.now().toString(26)].map((digit) => String.fromCodePoint(97 + Number.parseInt(digit, 26)));
  return `J${letters.join('')}`;
}

before(async () => {
  rig = await open();
  family = word();
  patient = await fhir(rig, 'Patient', {
    method: 'POST',
    body: { resourceType: 'Patient', active: true, name: [{ use: 'official', family, given: ['Catherine'] }], gender: 'female', birthDate: '1980-02-29', telecom: [{ system: 'phone', value: '5550100' }] },
  });
});

after(() => rig?.close());

/** Opens an address of the application as somebody who is signed in. */
async function at(path, options) {
  const seen = await rig.visit(options);
  await seen.page.goto(`${rig.url}/app${path}`);
  await settled(seen.page);
  return seen;
}

const chart = (page = '') => `/patients/${patient.id}${page}`;

test('every page is accessible and within the policy, light and dark', async () => {
  const long = (await fhir(rig, 'Condition?_count=1')).entry[0].resource.subject.reference.split('/')[1];
  const charted = ['', '/timeline', '/vitals', '/vitals/new', '/problems', '/allergies', '/medicines', '/medicines/reconcile', '/orders', '/orders?add=test', '/results', '/notes', '/notes/new', '/documents', '/plan', '/immunisations', '/encounters', '/person', '/edit'];
  const paths = ['/patients', '/patients?q=ro', '/patients/new', '/tasks', '/messages', '/system', '/nowhere', ...charted.map((page) => `/patients/${long}${page}`)];
  for (const colorScheme of ['light', 'dark']) {
    const seen = await rig.visit({ colorScheme });
    for (const path of paths) {
      await seen.page.goto(`${rig.url}/app${path}`);
      await settled(seen.page);
      await clean(seen, `${path} (${colorScheme})`);
    }
    await seen.context.close();
  }
});

test('the application fits a phone without scrolling sideways', async () => {
  const seen = await rig.visit({ viewport: { width: 320, height: 640 } });
  for (const path of ['/patients?q=ro', '/patients/new', chart(), chart('/vitals/new'), chart('/notes/new')]) {
    await seen.page.goto(`${rig.url}/app${path}`);
    await settled(seen.page);
    const over = await seen.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(over <= 0, `${path} is ${over} px too wide`);
  }
  await seen.context.close();
});

test('a misspelt name finds the patient, by keyboard alone', async () => {
  const { page, context } = await at('/patients');
  await page.keyboard.press('/');
  await page.keyboard.type(`${family} Cathrin 29/2/1980`);
  await page.getByRole('link', { name: new RegExp(family, 'i') }).waitFor();
  await page.getByText('sounds alike').first().waitFor();
  await page.getByRole('heading', { name: 'Patients' }).click();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'Patient' }).waitFor();
  assert.match(page.url(), new RegExp(`/patients/${patient.id}$`));
  await context.close();
});

test('the palette opens a patient and a page', async () => {
  const seen = await at('/patients');
  const { page, context } = seen;
  await page.keyboard.press('Control+k');
  const box = page.getByRole('combobox', { name: /Find a patient/ });
  await box.fill(family);
  await page.getByRole('option', { name: new RegExp(`^${family},`, 'i') }).waitFor();
  await clean(seen, 'the palette');
  await box.press('Enter');
  await page.getByRole('region', { name: 'Patient' }).waitFor();
  await page.keyboard.press('Control+k');
  await box.fill('>vital');
  await page.getByRole('option', { name: 'Record vital signs' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByLabel('Systolic pressure').waitFor();
  await context.close();
});

test('registering warns of the same person, and a new one is stored', async () => {
  const { page, context } = await at('/patients/new');
  await page.getByLabel('Family name').fill(family);
  await page.getByLabel('Given names').fill('Catherine');
  await page.getByLabel('Birth date').fill('1980-02-29');
  await page.getByLabel('Telephone', { exact: true }).fill('5550100');
  await page.getByRole('complementary', { name: /Already registered/ }).getByRole('link', { name: new RegExp(family, 'i') }).waitFor();
  const other = `${word()}-Other`;
  await page.getByLabel('Family name').fill(other);
  await page.getByLabel('Given names').fill('Known');
  await page.getByLabel('Telephone', { exact: true }).fill('');
  await page.getByText('People who may be the same appear here').waitFor();
  await page.getByRole('button', { name: 'Register', exact: true }).click();
  await page.getByRole('heading', { name: `${other.toUpperCase()}, Known` }).waitFor();
  const id = page.url().split('/').at(-1);
  const stored = await fhir(rig, `Patient/${id}`);
  assert.deepEqual([stored.birthDate, stored.active], ['1980-02-29', true]);
  await context.close();
});

test('a form that is wrong says where, and moves there', async () => {
  const { page, context } = await at('/patients/new');
  await page.getByRole('button', { name: 'Register', exact: true }).click();
  await page.getByText('Enter a family name or a given name.').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'family');
  await context.close();
});

test('two people change one patient: the second sees both changes and decides', async () => {
  const seen = await at(chart('/edit'));
  const { page, context } = seen;
  await page.getByLabel('Telephone').fill('5550199');
  const current = await fhir(rig, `Patient/${patient.id}`);
  const theirs = { ...current, telecom: [{ system: 'phone', value: '5550177' }], address: [{ city: 'Lima' }] };
  await fhir(rig, `Patient/${patient.id}`, { method: 'PUT', body: theirs });
  await page.getByRole('button', { name: 'Save' }).click();
  const dialog = page.getByRole('dialog', { name: 'Somebody else saved first' });
  await dialog.getByRole('row', { name: /Telephone/ }).waitFor();
  await clean(seen, 'the conflict');
  assert.ok(await dialog.getByRole('button', { name: 'Use these values' }).isDisabled());
  await dialog.getByRole('radio').nth(1).check();
  await dialog.getByRole('button', { name: 'Use these values' }).click();
  await holds(page.getByLabel('City'), 'Lima');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('region', { name: 'Patient' }).waitFor();
  const stored = await fhir(rig, `Patient/${patient.id}`);
  assert.deepEqual([stored.telecom[0].value, stored.address[0].city], ['5550199', 'Lima']);
  await context.close();
});

test('allergies: not asked, then "no known", then one that matters', async () => {
  const { page, context } = await at(chart('/allergies'));
  const banner = page.getByRole('region', { name: 'Patient' });
  await banner.getByText('Allergies: not asked yet').waitFor();
  await page.getByRole('button', { name: 'Record “no known allergies”' }).click();
  await banner.getByText(/No known allergies \(asked/).waitFor();
  await page.getByRole('button', { name: 'Add allergy' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Substance').fill('Penicillin');
  await dialog.getByLabel('Risk').selectOption('high');
  await dialog.getByRole('button', { name: 'Add allergy' }).click();
  await banner.getByText('Penicillin').waitFor();
  await banner.getByText('(high risk)').waitFor();
  await context.close();
});

test('a problem is found in ICD-10-CM by its words, added, and resolved', async () => {
  const seen = await at(chart('/problems'));
  const { page, context } = seen;
  await page.getByText('No active problems are recorded.').waitFor();
  await page.keyboard.press('a');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox').fill('type 2 diabetes mellitus without');
  await dialog.getByRole('option', { name: /E11\.9/ }).click();
  await clean(seen, 'adding a problem');
  await dialog.getByRole('button', { name: 'Add problem' }).click();
  await page.getByRole('row', { name: /E11\.9/ }).getByRole('button', { name: /Resolve/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Resolve' }).click();
  await page.getByRole('region', { name: 'Resolved problems' }).getByText(/Type 2 diabetes/).waitFor();
  await context.close();
});

test('vital signs keep the precision that was typed, and what is no number is said at its field', async () => {
  const { page, context } = await at(chart('/vitals/new'));
  await page.getByLabel('Systolic pressure').fill('128');
  await page.getByLabel('Diastolic pressure').fill('82');
  await page.getByLabel('Temperature').fill('warm');
  await page.getByRole('button', { name: 'Save vital signs' }).click();
  await page.getByText('Enter a number, such as 37.2.').waitFor();
  await page.getByLabel('Temperature').fill('37.0');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('row', { name: /Temperature/ }).getByText('37.0').waitFor();
  await page.getByRole('row', { name: /Systolic/ }).getByText('128').waitFor();
  const stored = await fetch(`${rig.url}/fhir/R4/Observation?patient=${patient.id}&code=http://loinc.org|8310-5`, { headers: { authorization: `Bearer ${rig.token}` } });
  assert.match(await stored.text(), /"value":37\.0[,}]/);
  await context.close();
});

test('a note survives a closed window unsaved, takes facts from the chart, and is signed', async () => {
  const first = await at(chart('/notes/new'));
  await first.page.getByLabel('Subjective').fill('Cough for two days');
  await first.page.getByText('Draft kept in this tab').waitFor();
  await first.page.reload();
  await settled(first.page);
  await holds(first.page.getByLabel('Subjective'), 'Cough for two days');
  await first.page.getByText('Draft kept until you sign or discard it').waitFor();
  await first.context.close();
  // Another window knows nothing of the first one's storage.
  const seen = await at(chart('/notes'));
  const { page, context } = seen;
  await page.getByRole('region', { name: 'Not finished' }).getByRole('link', { name: 'Continue New note' }).click();
  await holds(page.getByLabel('Subjective'), 'Cough for two days');
  await page.getByLabel('Subjective').fill('x'.repeat(10_001));
  await page.getByText('At most 10000 characters: 1 is too many.').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Sign …' }).isDisabled());
  await page.getByLabel('Subjective').fill('Cough for two days <b>no fever</b>');
  await holds(page.getByLabel('Subjective'), 'Cough for two days <b>no fever</b>');
  await page.getByLabel('Plan').pressSequentially('/allergies\n');
  await holds(page.getByLabel('Plan'), /Penicillin/);
  await page.keyboard.press('Control+Enter');
  const dialog = page.getByRole('dialog', { name: 'Sign this note?' });
  await dialog.getByText('Left blank: Objective, Assessment.').waitFor();
  await clean(seen, 'signing');
  await dialog.getByRole('button', { name: 'Sign note' }).click();
  const note = page.getByRole('region', { name: 'Notes' }).locator('summary').filter({ hasText: 'SOAP note' });
  await note.click();
  await page.getByText('Cough for two days <b>no fever</b>').waitFor();
  await page.goto(`${rig.url}/app${chart('/notes/new')}`);
  await holds(page.getByLabel('Subjective'), '');
  await context.close();
});

test('the longest chart of the demonstration comes up whole', async () => {
  const bundle = await fhir(rig, 'Observation?_count=1000&_elements=subject');
  const counts = new Map();
  for (const { resource } of bundle.entry) counts.set(resource.subject?.reference, (counts.get(resource.subject?.reference) ?? 0) + 1);
  const [reference] = [...counts].sort((a, b) => b[1] - a[1])[0];
  const { page, context } = await at('/patients');
  const id = reference.split('/')[1];
  await page.goto(`${rig.url}/app/patients/${id}`);
  await settled(page);
  const took = await page.evaluate(() => performance.now());
  await page.getByRole('region', { name: 'Last vital signs' }).locator('tbody tr').first().waitFor();
  // For the reader of the log; a busy machine is no defect.
  console.log(`chart settled ${Math.round(took)} ms after navigation`);
  await context.close();
});

test('without a network the page says so and keeps what it shows', async () => {
  const { page, context } = await at(chart('/problems'));
  await context.setOffline(true);
  await page.getByText('You are offline.', { exact: false }).waitFor();
  await page.getByRole('region', { name: 'Resolved problems' }).waitFor();
  await context.setOffline(false);
  await page.getByText('You are offline.', { exact: false }).waitFor({ state: 'detached' });
  await context.close();
});

test('a failure names its reference and can be tried again', async () => {
  const { page, context } = await rig.visit();
  const id = '01890000-0000-7000-8000-000000000001';
  await context.route('**/fhir/R4/Condition?*', (route) => route.fulfill({ status: 503, headers: { 'x-request-id': id }, body: '' }));
  await page.goto(`${rig.url}/app${chart('/problems')}`);
  await page.getByText('The server is busy').waitFor();
  await page.getByText(id).waitFor();
  await context.unroute('**/fhir/R4/Condition?*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('region', { name: 'Resolved problems' }).waitFor();
  await context.close();
});

test('a receptionist is refused clinical records and told why', async (t) => {
  if (!rig.hasSignIn) {
    t.skip('the server has no sign-in pages');
    return;
  }
  const { page, context } = await rig.visit({ storageState: await signIn(rig, 'reception') });
  await page.goto(`${rig.url}/app${chart('/results')}`);
  await page.getByRole('heading', { name: new RegExp(family, 'i') }).waitFor();
  await page.getByText('You may not do this').waitFor();
  await context.close();
});

test('the desk opens a person, not a wall of refusals; names whom to call; takes a record out of use and back', async (t) => {
  if (!rig.hasSignIn) {
    t.skip('the server has no sign-in pages');
    return;
  }
  const own = await fhir(rig, 'Patient', { method: 'POST', body: { resourceType: 'Patient', active: true, name: [{ family: word(), given: ['Desk'] }], gender: 'male', birthDate: '1970-05-05' } });
  const seen = await rig.visit({ storageState: await signIn(rig, 'reception') });
  const { page, context } = seen;
  const refused = [];
  page.on('response', (response) => response.status() === 403 && refused.push(response.url()));
  await page.goto(`${rig.url}/app/patients/${own.id}`);
  await page.getByRole('region', { name: 'Details' }).getByText('Nobody is named').waitFor();
  await settled(page);
  assert.deepEqual(await page.getByRole('navigation', { name: 'Chart' }).getByRole('link').allInnerTexts(), ['Person & desk', 'Visits']);
  await clean(seen, 'the person as the desk sees them');

  await page.getByRole('link', { name: 'Edit details' }).first().click();
  await page.getByLabel('Interpreter').selectOption('yes');
  await page.getByLabel('Name of the contact').fill('Annabella Byron');
  await page.getByLabel('Number to call').fill('+1 555 123 4568');
  await page.getByLabel('Relationship').fill('mother');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Annabella Byron · mother · +1 555 123 4568').waitFor();
  await page.getByText('Interpreter needed').waitFor();

  const use = page.getByRole('region', { name: 'Use of this record' });
  await use.getByLabel('Reason').fill('Moved away');
  await use.getByRole('button', { name: 'Take out of use' }).click();
  await use.getByText('No visit had to be called off.').waitFor();
  assert.equal((await fhir(rig, `Patient/${own.id}`)).active, false);
  await use.getByLabel('Reason').fill('Came back');
  await use.getByRole('button', { name: 'Take into use again' }).click();
  await use.getByText('The record is in use.').waitFor();
  assert.deepEqual(refused, [], 'nobody leaves refusals in the trail by looking');
  await context.close();
});

test('who is not signed in is sent to sign-in and back to the same address', async (t) => {
  if (!rig.hasSignIn) {
    t.skip('the server has no sign-in pages');
    return;
  }
  const context = await rig.browser.newContext();
  const page = await context.newPage();
  await page.goto(`${rig.url}/app${chart('/problems')}`);
  await page.getByLabel('Organisation').fill('demo');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/t/demo/sign-in?return=*');
  assert.equal(new URL(page.url()).searchParams.get('return'), `/app${chart('/problems')}`);
  await context.close();
});

test('the idle lock ends the session and keeps the draft', async (t) => {
  if (!rig.hasSignIn) {
    t.skip('the server has no sign-in pages');
    return;
  }
  const context = await rig.browser.newContext({ storageState: await signIn(rig, 'nurse') });
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(`${rig.url}/app${chart('/notes/new')}`);
  await page.getByLabel('Subjective').fill('Half a sentence');
  await page.clock.runFor(2_000);
  await page.getByText('Draft kept in this tab').waitFor();
  const ended = page.waitForResponse((response) => response.request().method() === 'DELETE' && response.url().endsWith('/api/v1/session'));
  await page.clock.fastForward(11 * 60_000);
  assert.equal((await ended).status(), 204);
  await page.getByRole('dialog', { name: 'Locked' }).getByText('Your unsaved drafts are kept in this tab.').waitFor();
  assert.equal((await context.request.get(`${rig.url}/api/v1/session`)).status(), 401);
  await page.waitForFunction(() => Object.values(sessionStorage).join('').includes('Half a sentence'));
  await page.getByRole('button', { name: 'Sign in again' }).click();
  await page.waitForURL('**/t/demo/sign-in?return=*');
  await context.close();
});

test('the application speaks Spanish', async () => {
  const { page, context } = await at('/patients', { locale: 'es-ES' });
  await page.getByRole('heading', { name: 'Pacientes' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'es');
  await context.close();
});

care(at, () => rig);
visits(at, () => rig);
work(at, () => rig);
portal(() => rig);
admin(at, () => rig);
