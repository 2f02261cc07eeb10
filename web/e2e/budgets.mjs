/** Measures in Chromium what people wait for, and prints a table: `npm run budgets`. Fails where a budget does not hold. */

import { fhir, open, settled } from './rig.mjs';
import { administrator, day } from './schedule.mjs';

const RUNS = 5;
const RECORDS = 2_000;
const PEOPLE = 10;

const rig = await open();
const { ask, create } = await administrator(rig);
const rows = [];

/** The middle one of some measurements. */
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function measure(what, budget, once) {
  const took = [];
  for (let run = 0; run < RUNS; run += 1) took.push(await once(run));
  rows.push({ what, 'median ms': Math.round(median(took)), 'worst ms': Math.round(Math.max(...took)), 'budget ms': budget, held: median(took) <= budget });
}

/** A patient with so many records, written in transactions. */
async function longChart() {
  const patient = await create({ resourceType: 'Patient', active: true, name: [{ family: 'Budget', given: ['Long'] }], gender: 'female', birthDate: '1950-02-03' });
  const subject = { reference: `Patient/${patient.id}` };
  const vital = (at) => ({
    resourceType: 'Observation',
    status: 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: at % 2 ? 'vital-signs' : 'laboratory' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: at % 2 ? '8867-4' : '2345-7', display: at % 2 ? 'Heart rate' : 'Glucose' }] },
    subject,
    effectiveDateTime: new Date(Date.UTC(2016, 0, 1 + at)).toISOString(),
    valueQuantity: { value: 60 + (at % 40), unit: at % 2 ? '/min' : 'mg/dL', system: 'http://unitsofmeasure.org', code: at % 2 ? '/min' : 'mg/dL' },
  });
  const problem = (at) => ({ resourceType: 'Condition', clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] }, code: { text: `Problem ${at}` }, subject });
  const all = Array.from({ length: RECORDS - 1 }, (_, at) => (at % 20 === 0 ? problem(at) : vital(at)));
  for (let from = 0; from < all.length; from += 200) {
    const entry = all.slice(from, from + 200).map((resource) => ({ resource, request: { method: 'POST', url: resource.resourceType } }));
    await fhir(rig, '', { method: 'POST', body: { resourceType: 'Bundle', type: 'transaction', entry } });
  }
  return patient.id;
}

/** So many people with hours and a full week. */
async function fullWeek() {
  const always = { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], start: '08:00', end: '18:00', services: [], location: null, from: null, until: null, everyWeeks: 1 };
  const hours = { timeZone: 'UTC', weekly: [always], exceptions: [], holidays: [], slotMinutes: 30, bufferBefore: 0, bufferAfter: 0, leadMinutes: 0, horizonDays: 90, capacity: 1, overbook: 0 };
  const actors = [];
  for (let at = 0; at < PEOPLE; at += 1) {
    const { id } = await create({ resourceType: 'Practitioner', active: true, name: [{ family: `Week${at}`, given: ['Busy'] }] });
    await ask('PUT', `/api/v1/scheduling/availability/Practitioner/${id}`, hours);
    actors.push(`Practitioner/${id}`);
  }
  const entry = actors.flatMap((actor) =>
    Array.from({ length: 35 }, (_, at) => {
      const start = new Date(`${day(1 + (at % 7))}T${String(9 + Math.floor(at / 7)).padStart(2, '0')}:00:00Z`);
      const participant = [{ actor: { reference: actor }, status: 'accepted' }, { actor: { reference: 'Patient/demo-patient' }, status: 'accepted' }];
      const resource = { resourceType: 'Appointment', status: 'booked', start: start.toISOString(), end: new Date(start.getTime() + 1_800_000).toISOString(), participant };
      return { resource, request: { method: 'POST', url: 'Appointment' } };
    }),
  );
  const { body: settings, etag } = await ask('GET', '/api/v1/scheduling/settings');
  await ask('PUT', '/api/v1/scheduling/settings', { ...settings, rules: { ...settings.rules, maxActive: 1000 } }, { 'if-match': etag });
  for (let from = 0; from < entry.length; from += 70) await ask('POST', '/fhir/R4', { resourceType: 'Bundle', type: 'transaction', entry: entry.slice(from, from + 70) }, { 'content-type': 'application/fhir+json' });
  return actors;
}

const [chart, actors] = [await longChart(), await fullWeek()];
const { page } = await rig.visit({ viewport: { width: 1440, height: 900 } });
/** Milliseconds from the navigation within the application to the first frame on which nothing is loading. */
async function within(path, ready) {
  await page.evaluate((to) => {
    performance.clearMarks();
    performance.mark('go');
    history.pushState({}, '', to);
    window.dispatchEvent(new PopStateEvent('popstate'));
  }, `/app${path}`);
  await ready();
  await settled(page);
  return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done(performance.now() - performance.getEntriesByName('go')[0].startTime))));
}

await page.goto(`${rig.url}/app/patients`);
await settled(page);
await measure(`chart summary of a patient with ${RECORDS} records`, 1_000, async () => {
  await page.goto(`${rig.url}/app/patients`);
  await settled(page);
  return within(`/patients/${chart}`, () => page.getByRole('region', { name: 'Last vital signs' }).locator('tbody tr').first().waitFor());
});
await measure('results in the palette after the last key', 150, async (run) => {
  await page.goto(`${rig.url}/app/patients`);
  await settled(page);
  await page.keyboard.press('Control+k');
  const box = page.getByRole('combobox', { name: /Find a patient/ });
  const [typed, last] = [['Budge', 't'], ['Budg', 'e'], ['Long Budg', 'e'], ['Long B', 'u'], ['Budget L', 'o']][run % RUNS];
  await box.fill(typed);
  await page.getByRole('option', { name: /budget/i }).first().waitFor();
  // The list says that it is busy from the key on until the answer to what is typed now is on screen.
  await page.evaluate(() => {
    const list = document.querySelector('[role=listbox]');
    let asked = false;
    document.addEventListener('keydown', () => performance.mark('key'), { capture: true, once: true });
    window.shown = new Promise((done) => {
      new MutationObserver(() => {
        const busy = list.ariaBusy === 'true';
        asked ||= busy;
        if (asked && !busy && /budget/i.test(list.textContent)) requestAnimationFrame(() => done(performance.now()));
      }).observe(list, { subtree: true, childList: true, attributes: true });
    });
  });
  await page.keyboard.type(last);
  return page.evaluate(async () => (await window.shown) - performance.getEntriesByName('key')[0].startTime);
});
await measure(`calendar week of ${PEOPLE} people`, 500, async () => {
  await page.goto(`${rig.url}/app/patients`);
  await settled(page);
  const who = encodeURIComponent(JSON.stringify(actors));
  return within(`/schedule?view=week&day=${day(1)}&who=${who}`, () => page.locator('.calendar-column').first().waitFor());
});
await measure(`slots of ${PEOPLE} people in a week, in the server`, 50, async () => {
  const query = new URLSearchParams({ from: day(1), to: day(8), tz: 'UTC', actor: actors.join(','), limit: '300', minutes: '30' });
  return page.evaluate(async (path) => {
    const answer = await fetch(path);
    const said = await answer.text();
    if (!answer.ok || JSON.parse(said).slots.length === 0) throw new Error(`${answer.status} ${said}`);
    const { requestStart, responseStart } = performance.getEntriesByName(new URL(path, location.href).href).at(-1);
    return responseStart - requestStart;
  }, `/api/v1/scheduling/slots?${query}`);
});
console.table(rows);
await rig.close();
process.exitCode = rows.every((row) => row.held) ? 0 : 1;
