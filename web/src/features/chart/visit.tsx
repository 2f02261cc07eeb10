/** The visit that something is written in: the one that is open, or a choice; never guessed between two. */

import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { useChart } from '../../fhir/queries';
import type { Encounter, Stored } from '../../fhir/types';
import { formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { encounterText } from './encounter';
import { isOpen } from './facts';

/** Finished visits on offer besides those that are open. */
const RECENT = 5;

export interface VisitChoice {
  /** Reference of the chosen visit. */
  reference: string | undefined;
  visits: Stored<Encounter>[];
  /** Several are open and nobody has chosen. */
  undecided: boolean;
  choose: (id: string) => void;
  value: string;
}

const NONE = 'none';

export function useVisit(patient: string, initial?: string): VisitChoice {
  const query = useChart('Encounter', patient, { _sort: '-date' });
  const [chosen, choose] = useState(initial ?? '');
  const all = query.data?.matches ?? [];
  const open = all.filter(isOpen);
  const visits = [...open, ...all.filter((one) => one.status === 'finished').slice(0, RECENT)];
  const value = chosen || (open.length === 1 ? (open[0]?.id ?? '') : open.length === 0 ? NONE : '');
  const reference = value === NONE || value === '' ? undefined : `Encounter/${value}`;
  return { reference, visits, undecided: value === '', choose, value };
}

export function VisitField({ visit }: { visit: VisitChoice }) {
  const { t, locale } = useI18n();
  const label = (one: Stored<Encounter>) => `${encounterText(one)} · ${formatDateTime(one.period?.start ?? '', locale)}${isOpen(one) ? ` · ${t('visit.open')}` : ''}`;
  return (
    <NativeSelect
      label={t('visit.field')}
      value={visit.value}
      onChange={(event) => visit.choose(event.currentTarget.value)}
      error={visit.undecided && visit.visits.length > 0 ? t('visit.choose') : undefined}
      data={[
        ...(visit.undecided ? [{ value: '', label: t('visit.choose') }] : []),
        ...visit.visits.map((one) => ({ value: one.id, label: label(one) })),
        { value: NONE, label: t('visit.none') },
      ]}
    />
  );
}
