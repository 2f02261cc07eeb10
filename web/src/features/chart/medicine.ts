/** Words of a prescription, in the fixed order of a medication line. */

import { conceptText, quantityText } from '../../fhir/display';
import type { Dosage, MedicationRequest, MedicationStatement, Reference, Stored } from '../../fhir/types';
import type { Key, Translation } from '../../lib/i18n';
import { Decimal } from '../../lib/json';

export function medicineName(request: Pick<MedicationRequest | MedicationStatement, 'medicationCodeableConcept' | 'medicationReference'>): string {
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
export function sigText(t: Translation['t'], { dosageInstruction = [] }: Pick<MedicationRequest, 'dosageInstruction'>): string {
  const lines = dosageInstruction.map((dosage) => {
    if (dosage.text) return dosage.text.trim();
    const needed = dosage.asNeededBoolean ? t('medicine.asNeeded') : '';
    return [dose(t, dosage), conceptText(dosage.route), often(t, dosage), length(t, dosage), needed].filter(Boolean).join(' – ');
  });
  return lines.filter(Boolean).join('; ');
}

function length(t: Translation['t'], dosage: Dosage): string {
  const bounds = dosage.timing?.repeat?.boundsDuration;
  return bounds?.value && bounds.code === 'd' ? t('medicine.days', { days: bounds.value.toNumber() }) : '';
}

/** The prescription as it ends now, and why. */
export function stopped(request: Stored<MedicationRequest>, reason: string): Stored<MedicationRequest> {
  return { ...request, status: 'stopped', statusReason: { text: reason } };
}

/** A draft of the same medicine, taken in the same way, for whoever renews it to sign. */
export function renewed(request: MedicationRequest, at: string, author: Reference | undefined): MedicationRequest {
  const { medicationCodeableConcept, medicationReference, subject, reasonCode, reasonReference, dosageInstruction } = request;
  return {
    resourceType: 'MedicationRequest',
    status: 'draft',
    intent: 'order',
    medicationCodeableConcept,
    medicationReference,
    subject,
    authoredOn: at,
    requester: author,
    reasonCode,
    reasonReference,
    dosageInstruction,
  };
}
