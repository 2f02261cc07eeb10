/** Medicines, allergies and vaccines of the own record. */

import { conceptText } from '../fhir/display';
import { useMedicationRequests } from '../fhir/queries';
import { formatDate } from '../lib/dates';
import { useI18n } from '../lib/i18n';
import { allergies, medicines } from '../features/chart/facts';
import { medicineName, sigText } from '../features/chart/medicine';
import { Card, None, Shown } from './parts';
import { useOwn, useRecord } from './record';

export default function Medicines() {
  const { t, locale } = useI18n();
  const requests = useMedicationRequests(useOwn() ?? '');
  const reported = useRecord('AllergyIntolerance');
  const vaccines = useRecord('Immunization', { _sort: '-date' });
  return (
    <>
      <Card title={t('portal.current')}>
        <Shown query={requests}>
          {({ matches }) => {
            const { current } = medicines(matches, medicineName);
            if (current.length === 0) return <None>{t('medicines.none')}</None>;
            return <ul className="rows">{current.map(({ request }) => <li key={request.id}><strong>{medicineName(request)}</strong><br />{sigText(t, request)} <span className="quiet">{request.requester?.display}</span></li>)}</ul>;
          }}
        </Shown>
      </Card>
      <Card title={t('allergies.active')}>
        <Shown query={reported}>
          {({ matches }) => {
            const { active, none } = allergies(matches);
            if (active.length === 0) return <None>{none ? t('portal.noAllergies') : t('portal.allergiesNotAsked')}</None>;
            return <ul className="rows">{active.map((one) => <li key={one.id}><strong>{conceptText(one.code)}</strong> {one.criticality === 'high' && t('allergy.high')}</li>)}</ul>;
          }}
        </Shown>
      </Card>
      <Card title={t('chart.immunisations')}>
        <Shown query={vaccines}>
          {({ matches }) => {
            const given = matches.filter((one) => one.status === 'completed');
            if (given.length === 0) return <None>{t('immunisations.none')}</None>;
            return <ul className="rows">{given.map((one) => <li key={one.id}>{conceptText(one.vaccineCode)} <span className="quiet">{formatDate(one.occurrenceDateTime ?? one.occurrenceString ?? '', locale)}</span></li>)}</ul>;
          }}
        </Shown>
      </Card>
    </>
  );
}
