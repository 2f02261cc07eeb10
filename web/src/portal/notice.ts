/** Where a message leads in the portal. */

import type { Message } from '../features/notices/api';
import type { PageName } from './route';

/** The page that shows what a message is about; none when the portal does not show it. */
export function pageAbout({ subject }: Message): PageName | undefined {
  switch (subject?.type) {
    case 'Appointment':
    case 'Encounter':
      return 'visits';
    case 'Observation':
    case 'DiagnosticReport':
      return 'results';
    case 'MedicationRequest':
    case 'MedicationStatement':
      return 'medicines';
    case 'Communication':
      return 'messages';
    case 'Composition':
    case 'DocumentReference':
      return 'papers';
    default:
      return undefined;
  }
}
