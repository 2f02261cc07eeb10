/** Journeys at the desk: booking by drag and by keys, a race for one time, check-in to room, a cancellation that fills itself. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, holds, open, settled, signIn } from './rig.mjs';
import { video } from './video.mjs';

const ZONE = 'Europe/Madrid';
const EVERY_DAY = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const SERVICE = { code: 'follow-up', name: 'Follow-up', minutes: 30, type: 'FollowUp', online: true };

/** The clinic's administrator, who may set hours and rules, as another client. */
export async function administrator(rig) {
  const storageState = await signIn(rig, 'admin');
  const context = await rig.browser.newContext({ storageState });
  const { csrfToken } = await (await context.request.get(`${rig.url}/api/v1/session`)).json();
  const ask = async (method, path, data, more = {}) => {
    const headers = { origin: rig.url, 'x-csrf-token': csrfToken, 'content-type': path.startsWith('/fhir/') ? 'application/fhir+json' : 'application/json', ...more };
    const answer = await context.request.fetch(rig.url + path, { method, data, headers });
    assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
    return { body: await answer.json(), etag: answer.headers().etag };
  };
  return { storageState, ask, create: async (resource) => (await ask('POST', `/fhir/R4/${resource.resourceType}`, resource)).body };
}

/** The day in the clinic, so many days from today. */
export function day(ahead = 0) {
  return new Intl.DateTimeFormat('en-CA', { timeZone: ZONE }).format(Date.now() + ahead * 86_400_000);
}

/** The instant of a clock time in the clinic, summer or winter. */
function at(date, clock) {
  const guess = Date.parse(`${date}T${clock}:00Z`);
  const shown = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short', timeStyle: 'medium' }).format(guess);
  return new Date(2 * guess - Date.parse(`${shown.replace(' ', 'T')}Z`)).toISOString();
}

/** People, a room and patients of one run, open at every hour, and the settings of the clinic; `mark` tells runs apart. */
export async function clinic(rig, families = ['Vega', 'Osei'], { mark, patients: who = ['Ada', 'Grace', 'Rosa', 'Alan', 'Edith', 'Ivo'].map((given) => [given]) } = {}) {
  const stamp = mark ?? Date.now().toString(36).replaceAll(/\d/g, (digit) => String.fromCodePoint(97 + Number(digit)));
  const { storageState, ask, create } = await administrator(rig);
  const people = [];
  const patients = [];
  for (const name of families) {
    const [family, given = 'Dana'] = name.split(' ').reverse();
    people.push(await create({ resourceType: 'Practitioner', active: true, name: [{ family: [family, stamp].filter(Boolean).join('-'), given: [given] }] }));
  }
  const room = await create({ resourceType: 'Location', status: 'active', name: `Room ${stamp || '1'}` });
  for (const [given, family = `Q${stamp}`] of who) patients.push(await create({ resourceType: 'Patient', active: true, name: [{ family, given: [given] }], gender: 'female', birthDate: '1980-02-29' }));
  const { body: settings, etag } = await ask('GET', '/api/v1/scheduling/settings');
  await ask('PUT', '/api/v1/scheduling/settings', { ...settings, timeZone: ZONE, services: [SERVICE], rules: { ...settings.rules, leadMinutes: 0, maxActive: 20 } }, { 'if-match': etag });
  const always = { days: EVERY_DAY, start: '00:00', end: '24:00', services: [], location: null, from: null, until: null, everyWeeks: 1 };
  const hours = { timeZone: ZONE, weekly: [always], exceptions: [], holidays: [], slotMinutes: 15, bufferBefore: 0, bufferAfter: 0, leadMinutes: 0, horizonDays: 90, capacity: 1, overbook: 0 };
  for (const actor of [...people.map(({ id }) => `Practitioner/${id}`), `Location/${room.id}`]) await ask('PUT', `/api/v1/scheduling/availability/${actor}`, hours);
  const book = async (patient, person, date, clock) =>
    (await ask('POST', '/api/v1/appointments', { patient: `Patient/${patients[patient].id}`, actors: [`Practitioner/${people[person].id}`], start: at(date, clock), minutes: 30, service: SERVICE.code })).body;
  return { stamp, people, patients, room, book, ask, admin: storageState };
}

/** The journeys, with a server of their own: they set the clinic's hours and rules. */
export function scheduling() {
  let rig;
  let desk;
  let stamp;
  let people;
  let book;
  let ask;
  let admin;

  before(async () => {
    rig = await open();
    if (!rig.hasSignIn) return;
    desk = await signIn(rig, 'reception');
    ({ stamp, people, book, ask, admin } = await clinic(rig, ['Vega', 'Osei', 'Reyes', 'Lind']));
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

  const actor = (index) => `Practitioner/${people[index].id}`;

  /** A browser at the desk, on one person's calendar of a day. */
  async function calendar(date, index = 0, options = {}) {
    const seen = await rig.visit({ storageState: desk, viewport: { width: 1280, height: 900 }, ...options });
    const who = encodeURIComponent(JSON.stringify([actor(index)]));
    await seen.page.goto(`${rig.url}/app/schedule?day=${date}&who=${who}`);
    await settled(seen.page);
    await seen.page.locator('.calendar-column').first().waitFor();
    return seen;
  }

  async function choosePatient(page, given) {
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox', { name: 'Patient' }).fill(`Q${stamp} ${given}`);
    await dialog.getByRole('option', { name: new RegExp(`${stamp}.*${given}`, 'i') }).first().click();
    return dialog;
  }

  const visit = (page, clock, given) => page.locator('.calendar-column').getByRole('button', { name: new RegExp(`${clock}.*${given}`, 's') });

  journey('scheduling is accessible and within the policy, light and dark', async () => {
    await book(0, 0, day(1), '09:00');
    for (const colorScheme of ['light', 'dark']) {
      const seen = await rig.visit({ colorScheme, storageState: desk });
      for (const path of [`/schedule?day=${day(1)}`, `/schedule?day=${day(1)}&view=week&weekend=true`, `/schedule?day=${day(1)}&view=month`, '/schedule/board', '/schedule/waitlist', `/schedule/hours?actor=${actor(0)}`]) {
        await seen.page.goto(`${rig.url}/app${path}`);
        await settled(seen.page);
        await clean(seen, `${path} (${colorScheme})`);
      }
      await seen.context.close();
    }
  });

  journey('a visit is booked by drag', async () => {
    const seen = await calendar(day(2));
    const { page, context } = seen;
    await page.locator('.calendar').evaluate((node) => node.scrollTo(0, (node.scrollHeight * 10) / 24));
    const column = await page.locator('.calendar-column').boundingBox();
    const y = (hour) => column.y + (column.height * hour) / 24 + 3;
    const x = column.x + column.width / 2;
    await page.mouse.move(x, y(11));
    await page.mouse.down();
    await page.mouse.move(x, y(11.3));
    await page.mouse.move(x, y(11.75));
    await page.mouse.up();
    const dialog = await choosePatient(page, 'Ada');
    await holds(dialog.locator('[name=time]'), '11:00');
    await holds(dialog.locator('[name=minutes]'), '45');
    await dialog.getByText('This time is reserved for you').waitFor();
    await clean(seen, 'booking');
    await dialog.getByRole('button', { name: 'Book', exact: true }).click();
    await visit(page, '11:00', 'Ada').waitFor();
    await context.close();
  });

  journey('a visit is booked and moved by keyboard alone', async () => {
    const seen = await calendar(day(3));
    const { page, context } = seen;
    await page.keyboard.press('c');
    await page.keyboard.press('Home');
    for (let hour = 0; hour < 10; hour += 1) await page.keyboard.press('PageDown');
    assert.match(await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? ''), /^10:00, .*: free$/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('combobox', { name: 'Patient' }).waitFor();
    await page.keyboard.type(`Q${stamp} Grace`);
    await page.getByRole('option', { name: /Grace/ }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('This time is reserved for you').waitFor();
    await page.getByRole('button', { name: 'Book', exact: true }).press('Enter');
    await visit(page, '10:00', 'Grace').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.classList.contains('calendar-cursor'));
    await page.keyboard.press('m');
    const dialog = page.getByRole('dialog', { name: /Move the visit/ });
    await dialog.locator('[name=time]').fill('12:00');
    await clean(seen, 'moving');
    await dialog.getByRole('button', { name: 'Move visit' }).press('Enter');
    await visit(page, '12:00', 'Grace').waitFor();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    await visit(page, '10:00', 'Grace').waitFor({ state: 'detached' });
    await context.close();
  });

  journey('a visit is moved by drag, and the move undone', async () => {
    await book(2, 0, day(4), '09:00');
    const { page, context } = await calendar(day(4));
    await visit(page, '09:00', 'Rosa').scrollIntoViewIfNeeded();
    const from = await visit(page, '09:00', 'Rosa').boundingBox();
    await page.mouse.move(from.x + 40, from.y + 8);
    await page.mouse.down();
    await page.mouse.move(from.x + 40, from.y + 40);
    await page.mouse.move(from.x + 40, from.y + 8 + 96);
    await page.mouse.up();
    await page.getByRole('dialog', { name: /Move the visit/ }).getByRole('button', { name: 'Move visit' }).click();
    await visit(page, '10:00', 'Rosa').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await visit(page, '09:00', 'Rosa').waitFor();
    await context.close();
  });

  journey('two browsers race for a time: one has it, the other is told and finds another', async () => {
    const [first, second] = await Promise.all([calendar(day(5)), calendar(day(5))]);
    for (const { page } of [first, second]) {
      await page.getByRole('button', { name: 'New visit' }).click();
      await page.getByRole('dialog').locator('[name=day]').waitFor();
    }
    await first.page.locator('[name=time]').fill('15:00');
    await first.page.getByText('This time is reserved for you').waitFor();
    await second.page.locator('[name=time]').fill('15:00');
    await second.page.getByText('Somebody else has this time').waitFor();
    await clean(second, 'the lost race');
    await choosePatient(first.page, 'Ada');
    await first.page.getByRole('button', { name: 'Book', exact: true }).click();
    await visit(first.page, '15:00', 'Ada').waitFor();
    const dialog = await choosePatient(second.page, 'Alan');
    await dialog.getByRole('button', { name: '15:30', exact: true }).click();
    await dialog.getByText('This time is reserved for you').waitFor();
    await dialog.getByRole('button', { name: 'Book', exact: true }).click();
    // Both see both, without a reload.
    for (const { page } of [first, second]) {
      await visit(page, '15:00', 'Ada').waitFor();
      await visit(page, '15:30', 'Alan').waitFor();
    }
    await Promise.all([first.context.close(), second.context.close()]);
  });

  journey('somebody walks in, is roomed and seen', async () => {
    const seen = await rig.visit({ storageState: desk });
    const { page, context } = seen;
    await page.goto(`${rig.url}/app/schedule/board`);
    await settled(page);
    await page.keyboard.press('n');
    const dialog = await choosePatient(page, 'Edith');
    await dialog.locator('[name=actor]').selectOption(actor(1));
    await dialog.getByRole('button', { name: 'Add and check in' }).click();
    const card = (state) => page.getByRole('region', { name: new RegExp(`^${state}, `) }).getByRole('article', { name: new RegExp(`Edith Q${stamp}`, 'i') });
    await card('Arrived').getByText(/\b0 min/).waitFor();
    await card('Arrived').focus();
    await page.keyboard.press('r');
    await page.getByRole('dialog', { name: /Which room/ }).getByRole('button', { name: `Room ${stamp}` }).click();
    await card('In room').waitFor();
    await clean(seen, 'the board');
    await context.close();
  });

  journey('a cancellation is offered to the waiting list and taken', async () => {
    await book(3, 1, day(6), '10:00');
    const seen = await rig.visit({ storageState: desk });
    const { page, context } = seen;
    await page.goto(`${rig.url}/app/schedule/waitlist`);
    await settled(page);
    await page.getByRole('button', { name: 'Add to waiting list' }).first().click();
    const wish = await choosePatient(page, 'Ivo');
    await wish.getByLabel('With').selectOption(actor(1));
    await clean(seen, 'joining the waiting list');
    await wish.getByRole('button', { name: 'Add to waiting list' }).click();
    await page.getByRole('row', { name: /Ivo/ }).waitFor();
    const other = await calendar(day(6), 1);
    await visit(other.page, '10:00', 'Alan').click();
    await other.page.getByRole('button', { name: 'Cancel visit' }).click();
    await other.page.locator('[name=reason]').selectOption('patient');
    await other.page.getByRole('button', { name: 'Cancel visit' }).click();
    await other.page.getByText('Cancelled', { exact: true }).waitFor();
    await other.page.keyboard.press('Escape');
    await page.getByRole('button', { name: /Accepted.*Ivo/ }).click({ timeout: 30_000 });
    await visit(other.page, '10:00', 'Ivo').waitFor();
    await Promise.all([context.close(), other.context.close()]);
  });

  journey('a patient books on a telephone, chooses another time, and calls off', async () => {
    const seen = await rig.visit({ storageState: await rig.signIn('patient'), viewport: { width: 390, height: 844 } });
    const { page, context } = seen;
    await page.goto(`${rig.url}/app/portal/visits`);
    await settled(page);
    await page.getByRole('button', { name: 'Book an appointment' }).click();
    const form = page.getByRole('region', { name: 'Book an appointment' });
    const services = form.getByLabel('Service');
    if (await services.inputValue() === '') await services.selectOption(SERVICE.code);
    await form.getByRole('region').first().waitFor();
    await form.getByRole('button', { name: 'Look later' }).click();
    await form.getByRole('button', { name: '10:00' }).last().click();
    await form.getByRole('group', { name: 'Is this right?' }).waitFor();
    await clean(seen, 'the last look before booking');
    await form.getByRole('button', { name: 'Book this time' }).click();
    await page.getByText('Your appointment is booked.').waitFor();
    const coming = page.getByRole('region', { name: 'Coming up' });
    const mine = (clock) => coming.getByRole('listitem').filter({ hasText: clock });
    await mine('10:00').last().waitFor();
    await clean(seen, 'what a patient may do about a visit');

    await mine('10:00').last().getByRole('button', { name: 'Another time' }).click();
    const move = page.getByRole('region', { name: 'Another time' });
    await move.getByRole('region').first().waitFor();
    await move.getByRole('button', { name: 'Look later' }).click();
    await move.getByRole('button', { name: '11:15' }).last().click();
    await move.getByRole('button', { name: 'Move to this time' }).click();
    await page.getByText('Your appointment is moved.').waitFor();
    await mine('11:15').last().waitFor();

    await mine('11:15').last().getByRole('button', { name: 'Cancel the appointment' }).click();
    await mine('11:15').last().getByRole('group').getByRole('button', { name: 'Cancel the appointment' }).click();
    await page.getByText('Your appointment is cancelled.').waitFor();
    await mine('11:15').first().waitFor({ state: 'detached' });
    assert.deepEqual(seen.complaints, []);
    await context.close();
  });

  journey('a patient waits on a telephone for an earlier time, is offered what somebody gives up, and takes it', async () => {
    const given = await book(4, 0, day(8), '09:00');
    const seen = await rig.visit({ storageState: await rig.signIn('patient'), viewport: { width: 390, height: 844 } });
    const { page, context } = seen;
    await page.goto(`${rig.url}/app/portal/visits`);
    await settled(page);
    const list = page.getByRole('region', { name: 'Waiting list' });
    await list.getByRole('button', { name: 'Join the waiting list' }).click();
    await list.getByRole('button', { name: 'Join', exact: true }).click();
    const services = list.getByLabel('Service');
    if (await services.inputValue() === '') {
      await list.getByText('Choose what the visit is about.').waitFor();
      await services.selectOption(SERVICE.code);
      await clean(seen, 'joining the waiting list from the portal');
      await list.getByRole('button', { name: 'Join', exact: true }).click();
    }
    await list.getByText('You are on the waiting list.').waitFor();
    await list.getByText(/You are next\.|ahead of you/).waitFor();
    await ask('POST', `/api/v1/appointments/${given.id}/transitions`, { to: 'cancelled', reason: 'patient' });
    await page.goto(`${rig.url}/app/portal/`);
    const offer = page.getByRole('region', { name: 'A time is offered to you' });
    await offer.getByText('09:00').waitFor({ timeout: 45_000 });
    await clean(seen, 'an offer on the first page');
    await offer.getByRole('button', { name: 'Take this time' }).click();
    await offer.getByText('Your appointment is booked.').waitFor();
    await page.getByRole('region', { name: 'Coming up' }).getByText('09:00').first().waitFor();
    assert.deepEqual(seen.complaints, []);
    await context.close();
  });

  journey('somebody moves an appointment by a link, whose secret no request has in its address', async () => {
    const visited = await book(5, 1, day(9), '09:00');
    const { body: links } = await ask('POST', `/api/v1/appointments/${visited.id}/links`, {});
    const seen = await rig.visit({ storageState: undefined, viewport: { width: 390, height: 844 } });
    const { page, context } = seen;
    await context.clearCookies();
    const [path, secret] = links.reschedule.split('#');
    const asked = [];
    page.on('request', (request) => asked.push(request.url().split('#')[0]));
    await page.goto(rig.url + links.reschedule);
    const card = page.getByRole('region', { name: 'Your appointment' });
    await card.getByText('09:00').first().waitFor();
    await card.getByRole('button', { name: 'Look later' }).click();
    await card.getByRole('button', { name: '10:30' }).last().click();
    await clean(seen, 'moving by a link');
    await card.getByRole('button', { name: 'Move to this time' }).click();
    await card.getByText('Your appointment is moved.').waitFor();
    assert.equal(path, '/app/portal/appointment');
    assert.ok(asked.length > 2 && asked.every((url) => !url.includes(secret)), 'the secret stays out of addresses');
    await page.goto(`${rig.url}/app/portal/appointment#AAAA`);
    await page.reload();
    await page.getByText('This link no longer works.', { exact: false }).waitFor();
    await context.close();
  });

  journey('opening hours are tried out before they are saved', async () => {
    const seen = await rig.visit();
    const { page, context } = seen;
    await page.goto(`${rig.url}/app/schedule/hours?actor=${actor(1)}`);
    await settled(page);
    await page.getByRole('button', { name: 'Add an exception' }).click();
    const exception = page.getByRole('group', { name: 'Exception 1' });
    await exception.getByLabel('From').fill(`${day(8)}T00:00`);
    await exception.getByLabel('To').fill(`${day(9)}T00:00`);
    await page.getByRole('region', { name: /The next two weeks/ }).getByText('none').first().waitFor();
    await context.close();
  });

  journey('one visit from the desk to the portal: checked in, roomed, seen, written, signed, added to, read by its patient', async () => {
    const reception = await rig.visit({ storageState: desk });
    await reception.page.goto(`${rig.url}/app/schedule/board`);
    await settled(reception.page);
    await reception.page.keyboard.press('n');
    const walkIn = reception.page.getByRole('dialog');
    await walkIn.getByRole('combobox', { name: 'Patient' }).fill('Pat Patient');
    await walkIn.getByRole('option', { name: /Pat/ }).first().click();
    await walkIn.locator('[name=actor]').selectOption(actor(0));
    await walkIn.getByRole('button', { name: 'Add and check in' }).click();
    const card = (state) => reception.page.getByRole('region', { name: new RegExp(`^${state}, `) }).getByRole('article', { name: /Pat Patient/i });
    await card('Arrived').first().focus();
    await reception.page.keyboard.press('r');
    await reception.page.getByRole('dialog', { name: /Which room/ }).getByRole('button', { name: `Room ${stamp}` }).click();
    await card('In room').first().waitFor();

    const { page, context } = await rig.visit();
    const reason = `Sore throat ${stamp}`;
    await page.goto(`${rig.url}/app/patients/demo-patient/encounters`);
    await page.getByRole('button', { name: 'Begin a visit' }).click();
    const begin = page.getByRole('dialog', { name: 'Begin a visit' });
    await begin.getByLabel('Reason').fill(reason);
    await begin.getByRole('button', { name: 'Begin a visit' }).click();
    await page.getByRole('link', { name: 'Record vital signs' }).click();
    await page.getByLabel('Temperature').fill('38.1');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('row', { name: /Temperature/ }).getByText('38.1').first().waitFor();
    await page.goto(`${rig.url}/app/patients/demo-patient/encounters`);
    await page.getByRole('link', { name: new RegExp(reason) }).click();
    await page.getByRole('link', { name: 'New note' }).click();
    await page.getByLabel('Title').fill(reason);
    await page.getByLabel('Subjective').fill('Pain when swallowing.');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Sign note' }).click();
    const note = page.locator('details').filter({ hasText: reason });
    await note.locator('summary').click();
    await note.getByRole('button', { name: 'Addendum' }).click();
    await page.getByRole('dialog').getByLabel('Addendum').fill('Throat swab is clear.');
    await page.getByRole('dialog').getByRole('button', { name: 'Sign addendum' }).click();
    await note.getByText('Throat swab is clear.').waitFor();

    const own = await rig.visit({ storageState: await rig.signIn('patient'), viewport: { width: 390, height: 844 } });
    await own.page.goto(`${rig.url}/app/portal/papers`);
    await own.page.getByText(reason).first().click();
    await own.page.getByText('Pain when swallowing.').waitFor();
    await own.page.goto(`${rig.url}/app/portal/access`);
    await own.page.getByText('Dr. Dana Doctor').first().waitFor();
    await clean(own, 'who looked');
    await Promise.all([reception.context.close(), context.close(), own.context.close()]);
  });

  video(journey, () => ({ rig, ask, admin, practitioner: actor(2), other: actor(3), name: `Dana Reyes-${stamp}` }));
}
