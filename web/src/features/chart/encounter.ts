/** Words of an encounter. */

import { conceptText } from '../../fhir/display';
import type { Encounter } from '../../fhir/types';

export function encounterText(encounter: Encounter): string {
  const what = conceptText(encounter.type?.[0]).replace(/ \(procedure\)$/, '') || encounter.class?.display || encounter.class?.code || '';
  const why = conceptText(encounter.reasonCode?.[0]).replace(/ \((disorder|finding|situation)\)$/, '');
  return why ? `${what}: ${why}` : what;
}
