/** Words of a prescription, in the fixed order of a medication line. */

import { conceptText, quantityText } from '../../fhir/display';
import type { Dosage, MedicationRequest } from '../../fhir/types';
import type { Key, Translation } from '../../lib/i18n';
import { Decimal } from '../../lib/json';

export function medicineName(request: MedicationRequest): string {
  return conceptText(request.medicationCodeableConcept) || (request.medicationReference?.display ?? request.medicationReference?.reference ?? '');
}

/** Doses bear no trailing zero: 1.0 is read as 10 too easily. Results keep theirs. */
export function doseText(value: Decimal): string {
  return value.text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}

const PERIODS = new Set(['h', 'd', 'wk', 'mo']);

function often(t: Translation['t'], dosage: Dosage): string {
  const { frequency, period, periodUnit = '' } = dosage.timing?.repeat ?? {};
  if (!frequency || !period || !PERIODS.has(periodUnit)) return conceptText(dosage.timing?.code);
  const [times, each] = [Number(frequency.text), Number(period.text)];
  if (each === 1) return t(`often.${periodUnit}` as Key, { times });
  return times === 1 ? t(`every.${periodUnit}` as Key, { each }) : t(`often.every.${periodUnit}` as Key, { times, each });
}

function dose(t: Translation['t'], dosage: Dosage): string {
  const quantity = dosage.doseAndRate?.[0]?.doseQuantity;
  if (!quantity?.value) return '';
  const bare = doseText(quantity.value);
  return quantity.unit || quantity.code ? quantityText({ ...quantity, value: new Decimal(bare) }) : t('medicine.dose', { dose: bare });
}

/** Dose, route and how often, as far as they are recorded. */
export function sigText(t: Translation['t'], request: MedicationRequest): string {
  const lines = (request.dosageInstruction ?? []).map((dosage) => {
    if (dosage.text) return dosage.text;
    return [dose(t, dosage), conceptText(dosage.route), often(t, dosage), dosage.asNeededBoolean ? t('medicine.asNeeded') : ''].filter(Boolean).join(' – ');
  });
  return lines.filter(Boolean).join('; ');
}
