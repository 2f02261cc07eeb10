/** The command palette (S04): patients, pages and actions by a few letters. */

import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { patientName } from '../fhir/display';
import type { Patient, Stored } from '../fhir/types';
import { pagesFor } from '../features/chart/ChartLayout';
import { sameNames, useFound, usePatients } from '../features/patients/find';
import { PatientLine } from '../features/patients/PatientFacts';
import { useSettled } from '../lib/hooks';
import { readsCharts, useSession } from '../fhir/session';
import { type Key, useI18n } from '../lib/i18n';
import { recentPatients } from '../lib/recent';
import { Dialog } from '../ui/Dialog';
import { Icon, type IconName } from '../ui/icons';
import { Picker } from '../ui/Picker';

type Entry = { key: string; run: () => void } & ({ patient: Stored<Patient>; flag?: string } | { label: string; icon: IconName });

/** Somebody who types on is not asked about; who pauses has results within 150 ms. */
const WAIT = 50;

export default function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const [text, setText] = useState('');
  const settled = useSettled(text, WAIT);
  const found = useFound(settled.startsWith('>') ? '' : settled);
  const [ids] = useState(recentPatients);
  const recent = usePatients(ids);
  const asked = !text.startsWith('>') && text.trim().length >= 2;
  const shown = asked ? (found.data ?? []) : text === '' ? (recent.data ?? []).map((patient) => ({ patient, soundsLike: false })) : [];
  const alike = sameNames(shown.map((one) => one.patient), patientName);
  const navigate = useNavigate();
  const patients = shown.slice(0, 8).map(({ patient, soundsLike }): Entry => ({
    key: patient.id,
    patient,
    flag: alike.has(patient.id) ? t('patients.sameName') : soundsLike ? t('patients.soundsLike') : undefined,
    run: () => void navigate({ to: '/patients/$id', params: { id: patient.id } }),
  }));
  const failed = asked && found.isError;
  const busy = asked && (found.isFetching || settled !== text);
  // Somebody is new only once the search has answered: Enter must not register who is about to be found.
  const actions = useActions(text, asked && !busy && !failed);
  return (
    <Dialog onClose={onClose} size="lg" title={t('palette.title')}>
      <Picker
        label={t('palette.label')}
        hideLabel
        placeholder={t('palette.placeholder')}
        text={text}
        onText={setText}
        options={[...patients, ...actions]}
        busy={busy}
        error={failed ? t('palette.failed') : undefined}
        empty={t('palette.none')}
        keyOf={(entry) => entry.key}
        render={(entry) => ('patient' in entry ? <PatientLine patient={entry.patient} flag={entry.flag} /> : <span className="action-line"><Icon name={entry.icon} /> {entry.label}</span>)}
        onPick={(entry) => {
          onClose();
          entry.run();
        }}
        focused
      />
    </Dialog>
  );
}

/** Pages and actions whose words have all of what was typed; a chart's pages only while one is open, registration under the typed name when `registering`. */
function useActions(text: string, registering: boolean): Entry[] {
  const { t } = useI18n();
  const navigate = useNavigate();
  const { id } = useParams({ strict: false });
  const { roles } = useSession();
  const entry = (key: Key, icon: IconName, run: () => void): Entry & { label: string } => ({ key, icon, label: t(key), run });
  const name = text.replace(/^>/, '').trim();
  const everywhere = [
    entry('patients.title', 'patients', () => void navigate({ to: '/patients', search: {} })),
    entry('patients.register', 'plus', () => void navigate({ to: '/patients/new', search: {} })),
    entry('tasks.title', 'check', () => void navigate({ to: '/tasks', search: {} })),
    entry('messages.title', 'note', () => void navigate({ to: '/messages', search: {} })),
    entry('calendar.title', 'calendar', () => void navigate({ to: '/schedule', search: {} })),
    entry('board.title', 'door', () => void navigate({ to: '/schedule/board', search: {} })),
    entry('waitlist.title', 'list', () => void navigate({ to: '/schedule/waitlist' })),
    entry('hours.title', 'clock', () => void navigate({ to: '/schedule/hours', search: {} })),
    entry('system.title', 'system', () => void navigate({ to: '/system' })),
  ];
  const here = id
    ? [
        ...(readsCharts(roles)
          ? [
              entry('note.new', 'note', () => void navigate({ to: '/patients/$id/notes/new', params: { id } })),
              entry('vitals.add', 'pulse', () => void navigate({ to: '/patients/$id/vitals/new', params: { id } })),
            ]
          : []),
        ...pagesFor(roles).map(([to, label]) => entry(label, 'steady', () => void navigate({ to, params: { id } }))),
      ]
    : [];
  const words = name.toLocaleLowerCase().split(/\s+/);
  const matching = [...here, ...everywhere].filter(({ label }) => words.every((word) => label.toLocaleLowerCase().includes(word)));
  const registers = matching.some((one) => one.key === 'patients.register');
  if (!registering || registers) return matching;
  const prefilled: Entry = { key: 'register-as', icon: 'plus', label: t('palette.register', { name }), run: () => void navigate({ to: '/patients/new', search: { name } }) };
  return [...matching, prefilled];
}
