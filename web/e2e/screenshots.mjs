/** Pictures of the main screens, light and dark, wide and narrow: `npm run screenshots -- FOLDER`. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fhir, open, settled, signIn } from './rig.mjs';
import { clinic, day } from './schedule.mjs';
import { sees, videoVisit } from './video.mjs';

const folder = process.argv[2] ?? new URL('../screenshots', import.meta.url).pathname;
const only = process.argv[3];
mkdirSync(folder, { recursive: true });

const rig = await open();
const counts = await fhir(rig, 'Condition?_count=1000&_elements=subject');
const bySubject = Map.groupBy ? Map.groupBy(counts.entry, (entry) => entry.resource.subject.reference) : group(counts.entry);
const [subject] = [...bySubject].sort((a, b) => b[1].length - a[1].length)[0];
const id = subject.split('/')[1];
const allergies = await fhir(rig, 'AllergyIntolerance?_count=200');
const allergic = allergies.entry[0].resource.patient.reference.split('/')[1];

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
  ['messages', '/messages?patient=demo-patient'],
  ['system', '/system'],
];

for (const [size, viewport] of [['wide', { width: 1280, height: 800 }], ['phone', { width: 390, height: 844 }]]) {
  for (const colorScheme of ['light', 'dark']) {
    const { context, page } = await rig.visit({ viewport, colorScheme });
    for (const [name, path] of SCREENS) {
      if (only && !`${name}-${size}-${colorScheme}`.includes(only)) continue;
      await page.goto(`${rig.url}/app${path}`);
      await settled(page);
      await page.waitForLoadState('networkidle');
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) });
    }
    await context.close();
  }
}

const PATIENTS = [['Ada', 'Moreno'], ['Grace', 'Whitfield'], ['Rosa', 'Delgado'], ['Alan', 'Baptiste'], ['Edith', 'Kowalski'], ['Ivo', 'Petrov'], ['Mina', 'Sato'], ['Tom', 'Eriksen'], ['Leila', 'Farouk'], ['Hugo', 'Laurent']];

/** Who is at the clinic now, as far as each has come, and who is expected yet. */
async function morning(ask, people, patients, room) {
  const STEPS = ['ready', 'roomed', 'in-progress', 'checkout', 'completed'];
  const service = 'follow-up';
  // How many of these steps each has taken.
  for (const [index, taken] of [0, 0, 1, 2, 2, 3, 4, 5].entries()) {
    const walkIn = { patient: `Patient/${patients[index].id}`, actors: [`Practitioner/${people[index % people.length].id}`], start: new Date().toISOString(), minutes: 30, service, walkIn: true, reason: ['Cough', 'Blood pressure', 'Wound check', 'Knee pain', 'Results', 'Vaccination', 'Rash', 'Review'][index] };
    const { body } = await ask('POST', '/api/v1/appointments', walkIn);
    for (const to of STEPS.slice(0, taken)) await ask('POST', `/api/v1/appointments/${body.id}/transitions`, { to, room: to === 'roomed' ? `Location/${room.id}` : undefined });
  }
  // Late in the evening nobody is expected any more.
  for (const [index, minutes] of [[8, 45], [9, 75]]) {
    const start = new Date(Math.ceil((Date.now() + minutes * 60_000) / 900_000) * 900_000).toISOString();
    await ask('POST', '/api/v1/appointments', { patient: `Patient/${patients[index].id}`, actors: [`Practitioner/${people[index].id}`], start, minutes: 30, service }).catch(() => undefined);
  }
}

/** A week of ten people, as busy as a clinic is, and the pictures of the desk. */
async function desk() {
  const families = ['Lucía Vega', 'Kofi Osei', 'Elin Lindqvist', 'Marco Marchetti', 'Yuki Tanaka', 'Chidi Okafor', 'Claire Dubois', 'Petr Novak', 'Lina Haddad', 'Joana Silva'];
  const { people, patients, room, book, ask } = await clinic(rig, families, { mark: '', patients: PATIENTS });
  await morning(ask, people, patients, room);
  const times = ['08:30', '09:00', '10:00', '11:30', '14:00', '15:30'];
  for (let ahead = 0; ahead < 3; ahead += 1) {
    for (const [person] of people.entries()) for (const [index, time] of times.entries()) if ((person + index + ahead) % 3 !== 0) await book((person + index) % PATIENTS.length, person, day(ahead + 1), time).catch(() => undefined);
  }
  await ask('PUT', '/api/v1/scheduling/settings', { ...(await ask('GET', '/api/v1/scheduling/settings')).body, widget: { enabled: true, origins: [] } }, { 'if-match': (await ask('GET', '/api/v1/scheduling/settings')).etag });
  const storageState = await signIn(rig, 'reception');
  const who = encodeURIComponent(JSON.stringify(people.slice(0, 4).map(({ id }) => `Practitioner/${id}`)));
  const screens = [
    ['calendar-day', `/schedule?day=${day(1)}&who=${who}`],
    ['calendar-week', `/schedule?day=${day(1)}&view=week&who=${who}`],
    ['board', '/schedule/board'],
    ['waitlist', '/schedule/waitlist'],
    ['hours', `/schedule/hours?actor=Practitioner/${people[0].id}`],
    ['booking', '/book/demo'],
  ];
  for (const [size, viewport] of [['wide', { width: 1280, height: 800 }], ['phone', { width: 390, height: 844 }]]) {
    for (const colorScheme of ['light', 'dark']) {
      const { context, page } = await rig.visit({ viewport, colorScheme, storageState });
      for (const [name, path] of screens) {
        if (only && !`${name}-${size}-${colorScheme}`.includes(only)) continue;
        await page.goto(`${rig.url}/app${path}`);
        if (name === 'booking') await page.getByRole('heading').first().waitFor();
        else await settled(page);
        await page.waitForLoadState('networkidle');
        await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) });
      }
      await context.close();
    }
  }
  if (!only || 'video'.includes(only)) await call(ask, `Practitioner/${people[8].id}`);
}

/** Both sides of a video visit, before and during the call. */
async function call(ask, practitioner) {
  const visit = await videoVisit(ask, practitioner);
  const doctor = await rig.visit({ viewport: { width: 1280, height: 800 } });
  const patient = await rig.visit({ viewport: { width: 390, height: 844 }, storageState: await rig.signIn('patient') });
  const shot = (seen, name) => seen.page.screenshot({ path: join(folder, `${name}.png`) });
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

if (rig.hasSignIn) await desk();

/** Administration: who is here, what people are told, who did what. */
async function administration() {
  const storageState = await rig.signIn('admin');
  for (const colorScheme of ['light', 'dark']) {
    const { context, page } = await rig.visit({ colorScheme, storageState });
    for (const [name, path] of [['users', '/admin'], ['roles', '/admin/roles'], ['organisation', '/admin/organisation'], ['told', '/admin/messages'], ['audit', '/audit']]) {
      if (only && !`${name}-wide-${colorScheme}`.includes(only)) continue;
      await page.goto(`${rig.url}/app${path}`);
      await settled(page);
      await page.waitForLoadState('networkidle');
      await page.screenshot({ path: join(folder, `${name}-wide-${colorScheme}.png`) });
    }
    await context.close();
  }
}

if (rig.hasSignIn) await administration();

// The portal is a patient's, on a telephone.
const storageState = rig.hasSignIn ? await rig.signIn('patient') : undefined;
for (const colorScheme of storageState ? ['light', 'dark'] : []) {
  const { context, page } = await rig.visit({ viewport: { width: 390, height: 844 }, colorScheme, storageState });
  for (const name of ['home', 'results', 'medicines', 'visits', 'messages', 'notices', 'access']) {
    if (only && !`portal-${name}-${colorScheme}`.includes(only)) continue;
    await page.goto(`${rig.url}/app/portal/${name === 'home' ? '' : name}`);
    await settled(page);
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: join(folder, `portal-${name}-${colorScheme}.png`) });
  }
  await context.close();
}
await rig.close();
