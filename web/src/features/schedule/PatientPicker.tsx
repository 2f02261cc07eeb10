/** Who a visit is for: found like everywhere, shown with what identifies, and never chosen by itself. */

import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { patientName } from '../../fhir/display';
import type { Patient, Stored } from '../../fhir/types';
import { useSettled } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { Picker } from '../../ui/Picker';
import { sameNames, useFound } from '../patients/find';
import { PatientLine } from '../patients/PatientFacts';

interface PatientPickerProps {
  patient: Stored<Patient> | undefined;
  onPick: (patient: Stored<Patient> | undefined) => void;
}

export function PatientPicker({ patient, onPick }: PatientPickerProps) {
  const { t } = useI18n();
  const [text, setText] = useState('');
  const settled = useSettled(text, 150);
  const found = useFound(settled);
  const asked = text.trim().length >= 2;
  const list = asked ? (found.data ?? []) : [];
  const alike = sameNames(list.map((one) => one.patient), patientName);
  if (patient) {
    return (
      <div className="chosen-patient">
        <span className="visually-hidden">{t('booking.patient')}</span>
        <PatientLine patient={patient} flag={patient.active === false ? t('patients.inactive') : undefined} />
        <Button type="button" variant="default" onClick={() => onPick(undefined)}>{t('booking.patient.change')}</Button>
      </div>
    );
  }
  return (
    <>
      <Picker
        label={t('booking.patient')}
        placeholder={t('booking.patient.placeholder')}
        text={text}
        onText={setText}
        options={list}
        busy={asked && (found.isFetching || settled !== text)}
        error={asked && found.isError ? t('booking.patient.failed') : undefined}
        empty={asked && found.isSuccess ? t('booking.patient.none') : undefined}
        keyOf={(one) => one.patient.id}
        render={(one) => <PatientLine patient={one.patient} flag={alike.has(one.patient.id) ? t('patients.sameName') : one.soundsLike ? t('patients.soundsLike') : undefined} />}
        onPick={(one) => onPick(one.patient)}
        focused
      />
      {asked && found.isSuccess && list.length === 0 && <p><Link to="/patients/new" search={{ name: text.trim() }}>{t('patients.register')}</Link></p>}
    </>
  );
}
