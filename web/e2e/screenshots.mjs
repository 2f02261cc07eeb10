/** Pictures of the main screens, light and dark, wide and narrow: `npm run screenshots -- [--webp] [FOLDER [PART OF A NAME]]`. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fhir, open, settled, signIn } from './rig.mjs';
import { administrator } from './schedule.mjs';
import { sees, videoVisit } from './video.mjs';

const words = process.argv.slice(2).filter((word) => word !== '--webp');
const webp = process.argv.includes('--webp');
const [folder = new URL('../screenshots', import.meta.url).pathname, only] = words;
const SIZES = [['wide', { width: 1280, height: 800 }], ['phone', { width: 390, height: 844 }]];
const SCHEMES = ['light', 'dark'];
mkdirSync(folder, { recursive: true });

const rig = await open();
const counts = await fhir(rig, 'Condition?_count=1000&_elements=subject');
const bySubject = Map.groupBy ? Map.groupBy(counts.entry, (entry) => entry.resource.subject.reference) : group(counts.entry);
const [subject] = [...bySubject].sort((a, b) => b[1].length - a[1].length)[0];
const id = subject.split('/')[1];
const allergies = await fhir(rig, 'AllergyIntolerance?_count=200');
const allergic = allergies.entry[0].resource.patient.reference.split('/')[1];

const wanted = (name) => !only || name.includes(only);

/** Keeps what is on screen; WebP for pages that show it, PNG for looking at it. */
async function keep(page, name) {
  if (!webp) {
    await page.screenshot({ path: join(folder, `${name}.png`) });
    return;
  }
  const browser = await page.context().newCDPSession(page);
  const { data } = await browser.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
  writeFileSync(join(folder, `${name}.webp`), Buffer.from(data, 'base64'));
}

function group(entries) {
  const found = new Map();
  for (const entry of entries) found.set(entry.resource.subject.reference, [...(found.get(entry.resource.subject.reference) ?? []), entry]);
  return found;
}

const SCREENS = [
  ['patients', '/patients?q=ro'],
  ['register', '/patients/new'],
  ['summary', `/patients/${allergic}`],
  ['summary-long', `/patients/${id}`],
  ['timeline', `/patients/${id}/timeline`],
  ['vitals', `/patients/${id}/vitals?sign=weight`],
  ['vitals-entry', `/patients/${id}/vitals/new`],
  ['problems', `/patients/${id}/problems`],
  ['allergies', `/patients/${allergic}/allergies`],
  ['medicines', `/patients/${id}/medicines`],
  ['results', `/patients/${id}/results`],
  ['note', `/patients/${id}/notes/new`],
  ['notes', `/patients/${id}/notes`],
  ['edit', `/patients/${id}/edit`],
  ['orders', '/patients/demo-patient/orders'],
  ['reconcile', '/patients/demo-patient/medicines/reconcile'],
  ['result', '/patients/demo-patient/results?test=http%3A%2F%2Floinc.org%7C2823-3'],
  ['documents', '/patients/demo-patient/documents?open=demo-eye-letter'],
  ['plan', '/patients/demo-patient/plan'],
  ['visit', '/patients/demo-patient/encounters/demo-visit-autumn'],
  ['person', '/patients/demo-patient/person'],
  ['tasks', '/tasks?view=all'],
  ['messages', '/messages?patient=demo-amelia'],
  ['encounter', '/patients/demo-amelia/encounters/demo-visit-amelia'],
  ['critical', '/patients/demo-dimitri/results'],
];

for (const [size, viewport] of SIZES) {
  for (const colorScheme of SCHEMES) {
    const { context, page } = await rig.visit({ viewport, colorScheme });
    for (const [name, path] of SCREENS) {
      if (!wanted(`${name}-${size}-${colorScheme}`)) continue;
      await page.goto(`${rig.url}/app${path}`);
      await settled(page);
      await page.waitForLoadState('networkidle');
      await keep(page, `${name}-${size}-${colorScheme}`);
    }
    await context.close();
  }
}

/** The desk on a day of the demonstration's clinic. */
async function desk() {
  const storageState = await signIn(rig, 'reception');
  const who = encodeURIComponent(JSON.stringify(['doctor', 'nurse', 'lindqvist', 'brandt'].map((id) => `Practitioner/demo-${id}`)));
  const screens = [
    ['calendar-day', `/schedule?who=${who}`],
    ['calendar-week', `/schedule?view=week&who=${who}`],
    ['calendar-month', `/schedule?view=month&who=${who}`],
    ['board', '/schedule/board'],
    ['waitlist', '/schedule/waitlist'],
    ['hours', '/schedule/hours?actor=Practitioner/demo-doctor'],
    ['booking', '/book/demo'],
  ];
  for (const [size, viewport] of SIZES) {
    for (const colorScheme of SCHEMES) {
      const { context, page } = await rig.visit({ viewport, colorScheme, storageState });
      for (const [name, path] of screens) {
        if (!wanted(`${name}-${size}-${colorScheme}`)) continue;
        await page.goto(`${rig.url}/app${path}`);
        if (name === 'booking') await page.getByRole('heading').first().waitFor();
        else await settled(page);
        await page.waitForLoadState('networkidle');
        await keep(page, `${name}-${size}-${colorScheme}`);
      }
      await context.close();
    }
  }
  if (wanted('video')) await call((await administrator(rig)).ask, 'Practitioner/demo-castellano');
}

/** The pages before anybody is signed in, the palette, the help. */
async function layers() {
  for (const colorScheme of SCHEMES) {
    const shoot = async (page, name) => wanted(`${name}-wide-${colorScheme}`) && keep(page, `${name}-wide-${colorScheme}`);
    const stranger = await rig.browser.newContext({ viewport: SIZES[0][1], colorScheme });
    const door = await stranger.newPage();
    await door.goto(`${rig.url}/t/demo/sign-in`);
    await door.locator('[name=username]').waitFor();
    await shoot(door, 'sign-in');
    await stranger.close();
    const { context, page } = await rig.visit({ colorScheme });
    await page.goto(`${rig.url}/app/patients`);
    await settled(page);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /Find a patient/ }).fill('am');
    await page.getByRole('option', { name: /HART/i }).first().waitFor();
    await shoot(page, 'palette');
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Patients' }).click();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await shoot(page, 'keys');
    await context.close();
  }
}

/** Both sides of a video visit, before and during the call. */
async function call(ask, practitioner) {
  const visit = await videoVisit(ask, practitioner);
  const doctor = await rig.visit({ viewport: { width: 1280, height: 800 } });
  const patient = await rig.visit({ viewport: { width: 390, height: 844 }, storageState: await rig.signIn('patient') });
  const shot = (seen, name) => keep(seen.page, name);
  await doctor.page.goto(`${rig.url}/app/video/${visit.id}`);
  await doctor.page.getByRole('button', { name: 'Enter the room' }).waitFor();
  await settled(doctor.page);
  await shot(doctor, 'video-check');
  await doctor.page.getByRole('button', { name: 'Enter the room' }).click();
  await patient.page.goto(`${rig.url}/app/portal/call?visit=${visit.id}`);
  await patient.page.getByLabel(/I agree to be seen by video/).check();
  await shot(patient, 'video-consent-phone');
  await patient.page.getByRole('button', { name: 'Enter the waiting room' }).click();
  await patient.page.getByText('will let you in', { exact: false }).waitFor();
  await shot(patient, 'video-waiting-phone');
  await doctor.page.getByText('is waiting', { exact: false }).waitFor();
  await shot(doctor, 'video-waiting');
  await doctor.page.getByRole('button', { name: 'Let in' }).click();
  await doctor.page.locator('[data-link=connected]').waitFor();
  await sees(doctor.page, (await ask('GET', `/api/v1/appointments/${visit.id}`)).body.patient.display);
  await shot(doctor, 'video-call');
  await shot(patient, 'video-call-phone');
  await doctor.page.emulateMedia({ colorScheme: 'dark' });
  await shot(doctor, 'video-call-dark');
  await Promise.all([doctor.context.close(), patient.context.close()]);
}

if (rig.hasSignIn) {
  await desk();
  await layers();
}

/** Administration: who is here, what people are told, who did what, how everything is. */
async function administration() {
  const pages = {
    admin: [['users', '/admin'], ['roles', '/admin/roles'], ['organisation', '/admin/organisation'], ['locations', '/admin/locations'], ['onboarding', '/admin/onboarding'], ['emergency', '/admin/emergency'], ['told', '/admin/messages'], ['audit', '/audit'], ['system', '/system']],
    operator: [['tenants', '/admin/tenants']],
  };
  for (const [username, screens] of Object.entries(pages)) {
    const storageState = await rig.signIn(username);
    for (const colorScheme of SCHEMES) {
      const { context, page } = await rig.visit({ colorScheme, storageState });
      for (const [name, path] of screens) {
        if (!wanted(`${name}-wide-${colorScheme}`)) continue;
        await page.goto(`${rig.url}/app${path}`);
        await settled(page);
        await page.waitForLoadState('networkidle');
        await keep(page, `${name}-wide-${colorScheme}`);
      }
      await context.close();
    }
  }
}

if (rig.hasSignIn) await administration();

// The portal is a patient's, on a telephone.
const storageState = rig.hasSignIn ? await rig.signIn('patient') : undefined;
for (const colorScheme of storageState ? SCHEMES : []) {
  const { context, page } = await rig.visit({ viewport: { width: 390, height: 844 }, colorScheme, storageState });
  for (const name of ['home', 'results', 'medicines', 'visits', 'messages', 'notices', 'access']) {
    if (!wanted(`portal-${name}-${colorScheme}`)) continue;
    await page.goto(`${rig.url}/app/portal/${name === 'home' ? '' : name}`);
    await settled(page);
    await page.waitForLoadState('networkidle');
    await keep(page, `portal-${name}-${colorScheme}`);
  }
  await context.close();
}
await rig.close();
