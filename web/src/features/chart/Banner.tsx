/** The patient banner (S08): who this is and what must not be missed; it never scrolls away. */

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { conceptText, mrn, patientName, quantityText, shortIdentifier } from '../../fhir/display';
import { useChart } from '../../fhir/queries';
import { readsCharts, useSession } from '../../fhir/session';
import type { Patient, Stored } from '../../fhir/types';
import { VITALS, readings } from '../../fhir/vitals';
import { age, formatDate, today } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { Icon } from '../../ui/icons';
import { interpreter, photoOf } from '../patients/form';
import { bornText, identifierLabel, isDeceased, sexText } from '../patients/PatientFacts';
import { vitalsQuery } from './ahead';
import { allergies } from './facts';

/** Roles that see who pays. */
const PAYING = new Set(['doctor', 'receptionist', 'biller']);

export function Banner({ patient }: { patient: Stored<Patient> }) {
  const { t, locale } = useI18n();
  const number = mrn(patient)?.value;
  const { roles } = useSession();
  const clinical = readsCharts(roles);
  const pays = roles.some((role) => PAYING.has(role));
  const spoken = patient.communication?.find((one) => one.preferred) ?? patient.communication?.[0];
  return (
    <section className={`banner ${isDeceased(patient) ? 'banner-deceased' : ''}`} aria-label={t('banner.label')}>
      <div className="banner-who">
        {photoOf(patient) && <img className="banner-photo" src={photoOf(patient)} alt="" width={36} height={36} />}
        <h1>{patientName(patient) || t('notKnown')}</h1>
        <dl>
          <Fact label={t('banner.born')}>{bornText(t, locale, patient)}</Fact>
          <Fact label={t('banner.sex')}>{sexText(t, patient)}</Fact>
          <Fact label={number ? identifierLabel(t, patient) : t('id')}>
            <span title={number}>{number ? shortIdentifier(number) : t('notKnown')}</span>
          </Fact>
          {spoken && <Fact label={t('banner.language')}>{conceptText(spoken.language)}</Fact>}
          {pays && <PrimaryCoverage id={patient.id} />}
          {clinical && <ChildWeight patient={patient} />}
          {isDeceased(patient) && (
            <Fact label={t('deceased')}>{patient.deceasedDateTime ? formatDate(patient.deceasedDateTime, locale) : t('banner.dateUnknown')}</Fact>
          )}
        </dl>
        <Link className="quiet-link" to="/patients/$id/edit" params={{ id: patient.id }}>
          <Icon name="edit" size={14} /> {t('patients.edit.short')}
        </Link>
      </div>
      {(clinical || interpreter(patient)) && <div className="banner-alerts">
        {interpreter(patient) && <span className="chip chip-warning"><Icon name="info" size={14} />{t('banner.interpreter')}</span>}
        {clinical && <AllergyLine id={patient.id} />}
        {clinical && <Alerts id={patient.id} />}
      </div>}
    </section>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Who pays first, as far as it is recorded and in force. */
function PrimaryCoverage({ id }: { id: string }) {
  const { t } = useI18n();
  const query = useChart('Coverage', id);
  const inForce = query.data?.matches.filter(({ status, period }) => status === 'active' && (!period?.end || period.end >= today())) ?? [];
  const [first] = [...inForce].sort((a, b) => Number(a.order?.toNumber() ?? 99) - Number(b.order?.toNumber() ?? 99));
  return first ? <Fact label={t('extra.coverage')}>{first.payor.map(({ display }) => display).filter(Boolean).join(', ') || t('notKnown')}</Fact> : null;
}

/** Doses of children go by weight: the last one, with its date. */
function ChildWeight({ patient }: { patient: Stored<Patient> }) {
  const { t, locale } = useI18n();
  const years = patient.birthDate ? age(patient.birthDate, today())?.years : undefined;
  const child = years !== undefined && years < 18 && !isDeceased(patient);
  const vitals = useQuery(vitalsQuery(patient.id));
  const weight = VITALS.find((vital) => vital.key === 'weight');
  if (!child || !weight || !vitals.data) return null;
  const last = readings(weight, vitals.data.matches).sort((a, b) => b.at - a.at)[0];
  const when = last && formatDate(last.observation.effectiveDateTime ?? '', locale);
  return <Fact label={t('banner.weight')}>{last ? `${quantityText(last.observation.valueQuantity)} (${when})` : t('notKnown')}</Fact>;
}

function AllergyLine({ id }: { id: string }) {
  const { t, locale } = useI18n();
  const query = useChart('AllergyIntolerance', id);
  if (query.isError) return <span className="chip chip-danger"><Icon name="alert" size={14} />{t('banner.allergies.unread')}</span>;
  if (!query.data) return <span className="chip">{t('banner.allergies.loading')}</span>;
  const { active, none } = allergies(query.data.matches);
  if (active.length > 0) {
    return (
      <p className="banner-allergies">
        <Icon name="alert" size={16} />
        <strong>{t('banner.allergies')}</strong>
        <span>
          {active.map((allergy, index) => (
            <span key={allergy.id}>
              {index > 0 && ', '}
              {conceptText(allergy.code)}
              {allergy.criticality === 'high' && <b> ({t('allergy.high')})</b>}
            </span>
          ))}
        </span>
      </p>
    );
  }
  if (none) {
    const when = none.recordedDate ? formatDate(none.recordedDate, locale) : t('banner.dateUnknown');
    return <p className="banner-none">{t('banner.allergies.none', { when })}</p>;
  }
  return <span className="chip chip-warning">{t('banner.allergies.notAsked')}</span>;
}

function Alerts({ id }: { id: string }) {
  const flags = useChart('Flag', id);
  return flags.data?.matches.filter((flag) => flag.status === 'active').map((flag) => (
    <span key={flag.id} className="chip chip-danger">
      <Icon name="alert" size={14} />
      {conceptText(flag.code)}
    </span>
  ));
}
