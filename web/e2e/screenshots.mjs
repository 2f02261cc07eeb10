/** Pictures of the main screens, light and dark, wide and narrow: `npm run screenshots -- FOLDER`. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fhir, open, settled } from './rig.mjs';

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

// The portal is a patient's, on a telephone.
const storageState = rig.hasSignIn ? await rig.signIn('patient') : undefined;
for (const colorScheme of storageState ? ['light', 'dark'] : []) {
  const { context, page } = await rig.visit({ viewport: { width: 390, height: 844 }, colorScheme, storageState });
  for (const name of ['home', 'results', 'medicines', 'messages', 'access']) {
    if (only && !`portal-${name}-${colorScheme}`.includes(only)) continue;
    await page.goto(`${rig.url}/app/portal/${name === 'home' ? '' : name}`);
    await settled(page);
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: join(folder, `portal-${name}-${colorScheme}.png`) });
  }
  await context.close();
}
await rig.close();
