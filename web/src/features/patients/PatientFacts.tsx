/** What identifies a person at a glance, the same words everywhere: born and age, sex, record number. */

import { code, mrn, patientName, shortIdentifier } from '../../fhir/display';
import type { Patient } from '../../fhir/types';
import { age, formatDate, today } from '../../lib/dates';
import { type Translation, useI18n } from '../../lib/i18n';

/** Age as clinicians give it: days, then weeks, months and years. */
export function ageText(t: Translation['t'], birth: string, on: string): string {
  const found = age(birth, on);
  if (!found) return '';
  if (found.years >= 2) return t('age.years', { years: found.years });
  const months = found.years * 12 + found.months;
  return months >= 1 ? t('age.months', { months }) : t('age.days', { days: found.days });
}

export function bornText(t: Translation['t'], locale: string, patient: Patient): string {
  if (!patient.birthDate) return t('notKnown');
  const death = patient.deceasedDateTime;
  const years = ageText(t, patient.birthDate, death ?? today());
  return years ? `${formatDate(patient.birthDate, locale)} (${years})` : formatDate(patient.birthDate, locale);
}

export function sexText(t: Translation['t'], patient: Patient): string {
  switch (patient.gender) {
    case 'female':
      return t('sex.female');
    case 'male':
      return t('sex.male');
    case 'other':
      return t('sex.other');
    default:
      return t('notKnown');
  }
}

export function isDeceased(patient: Patient): boolean {
  return patient.deceasedBoolean === true || patient.deceasedDateTime !== undefined;
}

/** Label of an identifier: its own type, else "ID". */
export function identifierLabel(t: Translation['t'], patient: Patient): string {
  return code(mrn(patient)?.type) === 'MR' ? t('mrn') : t('id');
}

/** One line for lists: name, then the quieter facts. */
export function PatientLine({ patient, flag }: { patient: Patient; flag?: string }) {
  const { t, locale } = useI18n();
  const number = mrn(patient)?.value;
  return (
    <span className="patient-line">
      <strong>{patientName(patient) || t('notKnown')}</strong>
      {flag && <span className="chip chip-warning">{flag}</span>}
      {isDeceased(patient) && <span className="chip">{t('deceased')}</span>}
      <span className="quiet">
        {bornText(t, locale, patient)} · {sexText(t, patient)}
        {number && ` · ${identifierLabel(t, patient)} ${shortIdentifier(number)}`}
      </span>
    </span>
  );
}
