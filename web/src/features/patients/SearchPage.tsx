/** Patient search (S05): what was typed is in the address, so that a search can be shared and come back to. */

import { TextInput } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { addressText, mrn, patientName, shortIdentifier } from '../../fhir/display';
import { Loaded } from '../../fhir/Loaded';
import type { Patient, Stored } from '../../fhir/types';
import { useSettled, useTitle } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { recentPatients } from '../../lib/recent';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { LinkButton } from '../../ui/LinkButton';
import { Panel } from '../../ui/Panel';
import { type Found, sameNames, useFound, usePatients } from './find';
import { bornText, isDeceased, sexText } from './PatientFacts';

const route = getRouteApi('/patients');

export function SearchPage() {
  const { t } = useI18n();
  useTitle(t('patients.title'));
  const { q = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const [text, setText] = useState(q);
  const settled = useSettled(text, 200);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (settled !== q) void navigate({ search: { q: settled || undefined }, replace: true });
  }, [settled, q, navigate]);
  useShortcuts(useMemo(() => ({ '/': () => input.current?.focus() }), []));
  const found = useFound(settled);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t('patients.title')}</h1>
        <LinkButton component="a" to="/patients/new" search={{ name: text || undefined }} leftSection={<Icon name="plus" />}>
          {t('patients.register')}
        </LinkButton>
      </header>
      <TextInput
        ref={input}
        className="search-box"
        size="md"
        label={t('patients.search')}
        description={t('patients.search.help')}
        leftSection={<Icon name="search" />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      {settled.trim().length >= 2 ? (
        <Panel title={t('patients.results')} aside={found.data && t('patients.count', { count: found.data.length })}>
          <Loaded query={found} rows={6}>
            {(rows) => (rows.length > 0 ? <Rows rows={rows} /> : <Empty>{t('patients.none', { text: settled.trim() })}</Empty>)}
          </Loaded>
        </Panel>
      ) : (
        <Recent />
      )}
    </div>
  );
}

function Recent() {
  const { t } = useI18n();
  const [ids] = useState(recentPatients);
  const recent = usePatients(ids);
  return (
    <Panel title={t('patients.recent')}>
      {ids.length === 0 ? (
        <Empty>{t('patients.recent.none')}</Empty>
      ) : (
        <Loaded query={recent}>{(patients) => <Rows rows={patients.map((patient) => ({ patient, soundsLike: false }))} />}</Loaded>
      )}
    </Panel>
  );
}

function Rows({ rows }: { rows: Found[] }) {
  const { t } = useI18n();
  const alike = sameNames(rows.map((row) => row.patient), patientName);
  const body = useRef<HTMLTableSectionElement>(null);
  useShortcuts(useMemo(() => ({ j: () => step(body.current, 1), k: () => step(body.current, -1) }), []));
  return (
    <div className="table-scroll">
      <table className="table table-cards">
        <thead>
          <tr>
            <th scope="col">{t('patient.name')}</th>
            <th scope="col">{t('patient.born')}</th>
            <th scope="col">{t('patient.sex')}</th>
            <th scope="col">{t('patient.identifier')}</th>
            <th scope="col">{t('patient.address')}</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row) => (
            <Row key={row.patient.id} patient={row.patient} soundsLike={row.soundsLike} alike={alike.has(row.patient.id)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Moves the focus from row to row. */
function step(body: HTMLElement | null, by: number): void {
  const links = [...(body?.querySelectorAll<HTMLAnchorElement>('a') ?? [])];
  const at = links.findIndex((link) => link === document.activeElement);
  links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
}

function Row({ patient, soundsLike, alike }: { patient: Stored<Patient>; soundsLike: boolean; alike: boolean }) {
  const { t, locale } = useI18n();
  const number = mrn(patient)?.value;
  return (
    <tr>
      <th scope="row">
        <Link to="/patients/$id" params={{ id: patient.id }}>
          {patientName(patient) || t('notKnown')}
        </Link>
        {soundsLike && <span className="chip">{t('patients.soundsLike')}</span>}
        {alike && <span className="chip chip-warning">{t('patients.sameName')}</span>}
        {isDeceased(patient) && <span className="chip">{t('deceased')}</span>}
        {patient.active === false && <span className="chip">{t('patients.inactive')}</span>}
      </th>
      <td className="nowrap">{bornText(t, locale, patient)}</td>
      <td>{sexText(t, patient)}</td>
      <td className="mono" title={number}>{number ? shortIdentifier(number) : t('notKnown')}</td>
      <td>{addressText(patient.address?.[0]) || <span className="quiet">{t('notKnown')}</span>}</td>
    </tr>
  );
}
