/** Words of a prescription, in the fixed order of a medication line. */

import { conceptText, quantityText } from '../../fhir/display';
import type { MedicationRequest } from '../../fhir/types';
import type { Translation } from '../../lib/i18n';

export function medicineName(request: MedicationRequest): string {
  return conceptText(request.medicationCodeableConcept) || (request.medicationReference?.display ?? request.medicationReference?.reference ?? '');
}

/** Dose, route and how often, as far as they are recorded. */
export function sigText(t: Translation['t'], request: MedicationRequest): string {
  return (request.dosageInstruction ?? [])
    .map((dosage) => {
      if (dosage.text) return dosage.text;
      const { frequency, period, periodUnit } = dosage.timing?.repeat ?? {};
      const often = frequency && period && periodUnit ? t('medicine.often', { frequency: frequency.text, period: period.text, unit: periodUnit }) : conceptText(dosage.timing?.code);
      return [quantityText(dosage.doseAndRate?.[0]?.doseQuantity), conceptText(dosage.route), often, dosage.asNeededBoolean ? t('medicine.asNeeded') : '']
        .filter(Boolean)
        .join(' – ');
    })
    .filter(Boolean)
    .join('; ');
}
