/** Journeys of a video visit between two real browsers, and of public booking on somebody's own site. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { clean, settled } from './rig.mjs';

const SERVICE = { code: 'video', name: 'Video visit', minutes: 30, type: 'Telehealth', online: false };

/** A video visit of the demonstration's patient that begins in some minutes. */
export async function videoVisit(ask, practitioner) {
  const { body: settings, etag } = await ask('GET', '/api/v1/scheduling/settings');
  const services = [...settings.services.filter(({ code }) => code !== SERVICE.code), SERVICE];
  await ask('PUT', '/api/v1/scheduling/settings', { ...settings, services, telehealth: { phone: '+1 555 0100' } }, { 'if-match': etag });
  // The first time that nobody holds: other journeys book, too.
  const days = [0, 2].map((ahead) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10));
  const { body: found } = await ask('GET', `/api/v1/scheduling/slots?actor=${practitioner}&service=${SERVICE.code}&from=${days[0]}&to=${days[1]}&tz=UTC`);
  const { start } = found.slots.find((slot) => Date.parse(slot.start) > Date.now() + 60_000);
  return (await ask('POST', '/api/v1/appointments', { patient: 'Patient/demo-patient', actors: [practitioner], start, minutes: 30, service: SERVICE.code })).body;
}

/** Waits until the picture of somebody moves. */
export async function sees(page, name) {
  const video = page.getByLabel(name, { exact: true }).and(page.locator('video'));
  await video.waitFor();
  await page.waitForFunction((node) => node.readyState >= 2 && node.videoWidth > 0 && !node.paused, await video.elementHandle(), { timeout: 30_000 });
  const before = await video.evaluate((node) => node.currentTime);
  await page.waitForFunction(([node, then]) => node.currentTime > then, [await video.elementHandle(), before]);
}

/** `parts` gives the server, the administrator's client and a practitioner, once they are there. */
export function video(journey, parts) {
  journey('patient and clinician meet by video: consent, waiting room, both pictures, a reload, the end', async () => {
    const { rig, ask, practitioner, name } = parts();
    const visit = await videoVisit(ask, practitioner);
    const doctor = await rig.visit();
    const patient = await rig.visit({ storageState: await rig.signIn('patient'), viewport: { width: 390, height: 844 } });
    await doctor.page.goto(`${rig.url}/app/video/${visit.id}`);
    await doctor.page.getByRole('button', { name: 'Enter the room' }).waitFor();
    await settled(doctor.page);
    await clean(doctor, 'the check of the devices');
    await doctor.page.getByRole('button', { name: 'Enter the room' }).click();
    await doctor.page.getByText('has not come yet', { exact: false }).waitFor();
    assert.ok(await doctor.page.getByRole('button', { name: 'Let in' }).isDisabled());

    await patient.page.goto(`${rig.url}/app/portal/visits`);
    await patient.page.locator(`a[href$="?visit=${visit.id}"]`).filter({ hasText: 'Join the video visit' }).click();
    const enter = patient.page.getByRole('button', { name: 'Enter the waiting room' });
    await enter.waitFor();
    await patient.page.waitForFunction(() => document.querySelector('video')?.videoWidth > 0);
    assert.ok(await enter.isDisabled(), 'nobody is seen by video who has not agreed');
    await clean(patient, 'the consent');
    await patient.page.getByLabel(/I agree to be seen by video/).check();
    await enter.click();
    await patient.page.getByText('will let you in', { exact: false }).waitFor();
    await clean(patient, 'the waiting room');

    await doctor.page.getByText('is waiting', { exact: false }).waitFor();
    await clean(doctor, 'the patient waits');
    await doctor.page.getByRole('button', { name: 'Let in' }).click();
    const shown = (await (await doctor.context.request.get(`${rig.url}/api/v1/telehealth/rooms/${visit.id}`)).json()).patient.display;
    await Promise.all([sees(doctor.page, shown), sees(patient.page, name)]);
    await doctor.page.locator('[data-link=connected]').waitFor();
    await clean(doctor, 'the call');
    await clean(patient, 'the call of the patient');
    await doctor.page.getByRole('complementary', { name: 'Chart beside the call' }).getByText('Problems').waitFor();

    await doctor.page.getByRole('button', { name: 'Mute' }).click();
    await doctor.page.getByRole('button', { name: 'Unmute' }).waitFor();
    await patient.page.reload();
    await patient.page.getByRole('button', { name: 'Enter the waiting room' }).click();
    await Promise.all([sees(patient.page, name), sees(doctor.page, shown)]);

    await doctor.page.getByRole('button', { name: 'End the visit' }).click();
    await doctor.page.getByRole('link', { name: 'Write the note and close the visit' }).waitFor();
    await patient.page.getByText('The video visit is over.').waitFor();
    const { body: left } = await ask('GET', `/api/v1/appointments/${visit.id}`);
    assert.equal(left.state, 'checkout');
    await doctor.page.getByRole('link', { name: 'Write the note and close the visit' }).click();
    await doctor.page.waitForURL(/\/encounters\//);
    await settled(doctor.page);
    assert.deepEqual([doctor.complaints, patient.complaints], [[], []]);
    await Promise.all([doctor.context.close(), patient.context.close()]);
  });

  journey('a patient without an account comes to the waiting room by a link', async () => {
    const { rig, ask, practitioner } = parts();
    const visit = await videoVisit(ask, parts().other ?? practitioner);
    const doctor = await rig.visit();
    await doctor.page.goto(`${rig.url}/app/video/${visit.id}`);
    await doctor.page.getByRole('button', { name: 'Enter the room' }).click();
    await doctor.page.getByRole('button', { name: 'Copy a link for the patient' }).click();
    const link = await doctor.page.locator('.call-url code').innerText();
    const guest = await rig.visit({ storageState: { cookies: [], origins: [] }, viewport: { width: 390, height: 844 } });
    await guest.page.goto(link);
    await guest.page.getByLabel(/I agree to be seen by video/).check();
    await clean(guest, 'the page of a guest');
    await guest.page.getByRole('button', { name: 'Enter the waiting room' }).click();
    await guest.page.getByText('will let you in', { exact: false }).waitFor();
    await doctor.page.getByRole('button', { name: 'Let in' }).click();
    await guest.page.locator('[data-link=connected]').waitFor({ timeout: 30_000 });
    await guest.page.goto(`${link.slice(0, -6)}AAAAAA`);
    await guest.page.reload();
    await guest.page.getByText('This is not available.').waitFor();
    await Promise.all([doctor.context.close(), guest.context.close()]);
  });

  journey('public booking is shown on the site that the organisation names, on no other, and nothing else is', async () => {
    const { rig, admin } = parts();
    const site = createServer((request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<title>Clinic</title><iframe title="Booking" src="${rig.url}${request.url}"></iframe>`);
    });
    await new Promise((resolve) => {
      site.listen(0, 'localhost', resolve);
    });
    const { port } = site.address();
    const seen = await rig.visit({ storageState: admin });
    const { page, context } = seen;
    await page.goto(`${rig.url}/app/admin/organisation`);
    const panel = page.getByRole('region', { name: 'Online booking and video visits' });
    await panel.getByLabel('Patients may ask for appointments on the web').check();
    await panel.getByLabel('Sites that may show the booking page').fill(`http://localhost:${port}`);
    assert.match(await panel.getByLabel('For these sites, copy this').inputValue(), /<iframe src="[^"]+\/app\/book\/demo"/);
    await clean(seen, 'the settings of public booking');
    await panel.getByRole('button', { name: /^Save/ }).click();
    const policy = async (path) => (await fetch(rig.url + path)).headers.get('content-security-policy');
    for (let tries = 0; tries < 50 && !(await policy('/app/book/demo')).includes('localhost'); tries += 1) await page.waitForTimeout(100);
    assert.match(await policy('/app/book/demo'), new RegExp(`frame-ancestors http://localhost:${port}$`));
    for (const path of ['/app/', '/app/portal/', '/app/book/other', '/app/book/demo/more', '/app/admin/organisation']) assert.match(await policy(path), /frame-ancestors 'none'$/, path);
    const outside = await rig.browser.newContext();
    const framed = await outside.newPage();
    await framed.goto(`http://localhost:${port}/app/book/demo`);
    await framed.frameLocator('iframe').getByRole('heading').first().waitFor();
    await framed.goto(`http://localhost:${port}/app/`);
    await framed.waitForTimeout(500);
    assert.equal(await framed.frameLocator('iframe').locator('#root').count(), 0);
    await Promise.all([context.close(), outside.close()]);
    site.close();
  });
}
