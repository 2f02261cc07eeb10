/** Who this is, repeated in every dialog that commits something: two identifiers before an act that cannot be undone. */

import { mrn, patientName } from '../../fhir/display';
import { usePatient } from '../../fhir/queries';
import { useI18n } from '../../lib/i18n';
import { bornText } from '../patients/PatientFacts';
import { useChartPatient } from './ChartLayout';

export function Stamp() {
  const { t, locale } = useI18n();
  const patient = usePatient(useChartPatient()).data?.body;
  if (!patient) return null;
  return (
    <p className="stamp">
      <strong>{patientName(patient)}</strong> · {bornText(t, locale, patient)} · {t('mrn')} {mrn(patient)?.value ?? t('notKnown')}
    </p>
  );
}
