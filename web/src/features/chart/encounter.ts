/** Words of an encounter. */

import { conceptText } from '../../fhir/display';
import type { Encounter } from '../../fhir/types';

export function encounterText(encounter: Encounter): string {
  const what = conceptText(encounter.type?.[0]) || encounter.class?.display || encounter.class?.code || '';
  const why = conceptText(encounter.reasonCode?.[0]);
  return why ? `${what}: ${why}` : what;
}
