/** Lines of the trail as somebody reads them: one sitting of one person, and in it the parts of the record by their plain names. */

import { instant } from '../lib/dates';
import type { Key } from '../lib/i18n';
import type { AccessLine } from './record';

/** Who opened a chart opened some of it: whatever follows within so long is the same sitting. */
const SITTING = 30 * 60_000;

export type Deed = 'looked' | 'changed' | 'tried' | 'other';

const DEEDS: Record<string, Deed> = {
  viewed: 'looked',
  'viewed earlier versions': 'looked',
  'found in a search': 'looked',
  added: 'changed',
  changed: 'changed',
  deleted: 'changed',
  'tried to change': 'tried',
};

const PARTS: Record<string, Key> = {
  Patient: 'portal.part.details',
  Observation: 'chart.results',
  DiagnosticReport: 'chart.results',
  Condition: 'chart.problems',
  MedicationRequest: 'chart.medicines',
  MedicationStatement: 'chart.medicines',
  MedicationDispense: 'chart.medicines',
  MedicationAdministration: 'chart.medicines',
  AllergyIntolerance: 'chart.allergies',
  Immunization: 'chart.immunisations',
  CarePlan: 'chart.plan',
  Goal: 'chart.plan',
  Encounter: 'portal.visits',
  Appointment: 'portal.visits',
  Composition: 'portal.papers',
  DocumentReference: 'portal.papers',
  Binary: 'portal.papers',
  Communication: 'portal.messages',
};

export interface Sitting {
  /** Newest and oldest moment. */
  until: string;
  from: string;
  who: string;
  address?: string | null;
  roles: string[];
  emergency: boolean;
  refused: boolean;
  deeds: { deed: Deed; parts: Key[] }[];
}

/** `3 Observation` is a part of the record. */
function partsOf(line: AccessLine): Key[] {
  return line.records.map((text) => PARTS[text.replace(/^\d+ /, '')] ?? 'portal.part.other');
}

/** Lines, newest first, as sittings. What was refused or opened in an emergency stands apart. */
export function sittings(lines: readonly AccessLine[]): Sitting[] {
  const found: Sitting[] = [];
  for (const line of lines) {
    const same = (one: Sitting) => one.who === line.who && one.address === line.address && one.emergency === line.emergency && one.refused === line.refused && instant(one.until) - instant(line.at) <= SITTING;
    let sitting = found.find(same);
    if (!sitting) {
      sitting = { until: line.at, from: line.at, who: line.who, address: line.address, roles: line.roles, emergency: line.emergency, refused: line.refused, deeds: [] };
      found.push(sitting);
    }
    sitting.from = line.at;
    const deed = DEEDS[line.what] ?? 'other';
    let done = sitting.deeds.find((one) => one.deed === deed);
    if (!done) {
      done = { deed, parts: [] };
      sitting.deeds.push(done);
    }
    for (const part of partsOf(line)) if (!done.parts.includes(part)) done.parts.push(part);
  }
  return found;
}
