/** Who the patient is and what the desk does about it (S06): details, visits to come, consents, proxies, use of the record. */

import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { addressText, conceptText, nameText } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useChart, usePatient } from '../../fhir/queries';
import { readsCharts, useSession } from '../../fhir/session';
import type { Patient, Stored } from '../../fhir/types';
import { formatDate } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { clockOf, clockText, dayText } from '../../lib/zone';
import { LinkButton } from '../../ui/LinkButton';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from '../chart/ChartLayout';
import { useClinicZone } from '../schedule/people';
import { coming } from '../telehealth/api';
import { setActive } from './api';
import { CoveragePanel, GuardiansPanel, PhotoPanel } from './BesidePanels';
import { emergencyContact, interpreter, relation } from './form';
import { bornText, sexText } from './PatientFacts';
import { ProxiesPanel } from './ProxiesPanel';

/** Roles that keep the calendar, that may take records out of use, and that decide who acts for whom. */
const SCHEDULERS = new Set(['doctor', 'nurse', 'clinical_staff', 'receptionist', 'org_admin']);
const KEEPERS = new Set(['receptionist', 'org_admin']);
const ADMINISTRATOR = 'org_admin';
/** Roles that correct details, and that see who pays. */
const PHOTOGRAPHERS = new Set(['doctor', 'nurse', 'receptionist', 'org_admin']);
const PAYING = new Set(['doctor', 'receptionist', 'org_admin', 'biller', 'pharmacist']);

export function PersonPage() {
  const id = useChartPatient();
  const patient = usePatient(id);
  const { roles } = useSession();
  return (
    <Loaded query={patient} rows={8}>
      {({ body }) => (
        <div className="summary">
          <div className="stack">
            <DetailsPanel patient={body} />
            {roles.some((role) => PHOTOGRAPHERS.has(role)) && <PhotoPanel patient={body} />}
            {roles.some((role) => KEEPERS.has(role)) && <UsePanel key={body.id} patient={body} />}
          </div>
          <div className="stack">
            {roles.some((role) => SCHEDULERS.has(role)) && <ComingPanel id={id} />}
            {roles.some((role) => PAYING.has(role)) && <CoveragePanel patient={id} />}
            <GuardiansPanel patient={id} />
            {readsCharts(roles) && <ConsentsPanel id={id} />}
            {roles.includes(ADMINISTRATOR) && <ProxiesPanel patient={id} />}
          </div>
        </div>
      )}
    </Loaded>
  );
}

function Pair({ label, children }: { label: string; children: ReactNode }) {
  const { t } = useI18n();
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children || <span className="quiet">{t('notKnown')}</span>}</dd>
    </div>
  );
}

function DetailsPanel({ patient }: { patient: Stored<Patient> }) {
  const { t, locale } = useI18n();
  const reached = (system: string) => patient.telecom?.filter((one) => one.system === system && one.use !== 'old').map(({ value }) => value).join(', ');
  const contact = emergencyContact(patient);
  const needed = interpreter(patient);
  const spoken = patient.communication?.find((one) => one.preferred) ?? patient.communication?.[0];
  const called = [nameText(contact?.name), relation(contact), contact?.telecom?.[0]?.value].filter(Boolean).join(' · ');
  const edit = <LinkButton to="/patients/$id/edit" params={{ id: patient.id }} variant="default">{t('patients.edit.short')}</LinkButton>;
  return (
    <Panel title={t('person.details')} actions={edit}>
      <dl className="pairs">
        <Pair label={t('patient.name')}>{nameText(patient.name?.[0])}</Pair>
        <Pair label={t('patient.born')}>{bornText(t, locale, patient)}</Pair>
        <Pair label={t('patient.sex')}>{sexText(t, patient)}</Pair>
        <Pair label={t('form.language')}>{spoken && conceptText(spoken.language)}</Pair>
        <Pair label={t('form.interpreter')}>{needed !== undefined && t(needed ? 'form.interpreter.yes' : 'form.interpreter.no')}</Pair>
        <Pair label={t('form.phone')}>{reached('phone')}</Pair>
        <Pair label={t('form.email')}>{reached('email')}</Pair>
        <Pair label={t('patient.address')}>{addressText(patient.address?.[0])}</Pair>
        <Pair label={t('form.emergency')}>{called || <span className="quiet">{t('person.noContact')}</span>}</Pair>
        <Pair label={t('person.numbers')}>
          {patient.identifier && <ul className="plain mono">{patient.identifier.map(({ system, value }) => <li key={`${system}|${value}`}>{value}</li>)}</ul>}
        </Pair>
      </dl>
    </Panel>
  );
}

function ComingPanel({ id }: { id: string }) {
  const { t, locale } = useI18n();
  const zone = useClinicZone();
  const query = useQuery({ queryKey: ['coming', id], queryFn: ({ signal }) => coming(id, signal) });
  const open = <LinkButton to="/schedule" search={{}} variant="default">{t('person.book')}</LinkButton>;
  return (
    <Panel title={t('person.coming')} aside={query.data?.length} actions={open}>
      <Loaded query={query}>
        {(visits) =>
          visits.length === 0 ? (
            <Empty>{t('person.coming.none')}</Empty>
          ) : (
            <ul className="facts">
              {visits.map((visit) => {
                const at = clockOf(Date.parse(visit.start), zone);
                return (
                  <li key={visit.id}>
                    <Link to="/schedule" search={{ day: at.day, visit: visit.id }}>{dayText(at.day, locale, 'long')}, {clockText(at.minutes)}</Link>
                    <span className="quiet">{visit.actors.map(({ display }) => display).filter(Boolean).join(', ')}</span>
                  </li>
                );
              })}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

function ConsentsPanel({ id }: { id: string }) {
  const { t, locale } = useI18n();
  const query = useChart('Consent', id, { _sort: '-date' });
  return (
    <Panel title={t('person.consents')} aside={query.data?.matches.length}>
      <Loaded query={query}>
        {({ matches }) =>
          matches.length === 0 ? (
            <Empty>{t('person.consents.none')}</Empty>
          ) : (
            <ul className="facts">
              {matches.map((one) => (
                <li key={one.id}>
                  <span>
                    {[...(one.category ?? []), one.scope].map(conceptText).find(Boolean)}
                    {one.provision?.type && <> – <strong>{t(one.provision.type === 'deny' ? 'person.consent.deny' : 'person.consent.permit')}</strong></>}
                    {one.status !== 'active' && <span className="chip">{one.status}</span>}
                  </span>
                  <span className="quiet nowrap">{one.dateTime && formatDate(one.dateTime, locale)}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

/** Out of use and back, with a reason, and what follows for the calendar. */
function UsePanel({ patient }: { patient: Stored<Patient> }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const active = patient.active !== false;
  const [reason, setReason] = useState('');
  const change = useMutation({
    mutationFn: () => setActive(patient.id, !active, reason.trim()),
    onSuccess: async () => {
      setReason('');
      await client.invalidateQueries();
    },
  });
  return (
    <Panel title={t('person.use')}>
      <p>{t(active ? 'person.use.active' : 'person.use.inactive')}</p>
      {change.isSuccess && !active && <p role="status">{t('person.use.calledOff', { count: change.data.calledOff })}</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim() && !change.isPending) change.mutate();
        }}
      >
        <TextInput label={t('person.use.reason')} description={active ? t('person.use.consequence') : undefined} value={reason} maxLength={500} autoComplete="off" onChange={(event) => setReason(event.currentTarget.value)} />
        {change.isError && <Failure error={change.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" variant="default" disabled={!reason.trim()} loading={change.isPending}>{t(active ? 'person.use.off' : 'person.use.on')}</Button>
        </div>
      </form>
    </Panel>
  );
}
