/** Whose record is open (S60): one's own, or that of somebody one acts for. */

import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { search } from '../fhir/client';
import { nameText, referenceId } from '../fhir/display';
import { RequestError } from '../fhir/http';
import { useSession } from '../fhir/session';
import { useI18n } from '../lib/i18n';
import { Trouble, Wait } from './parts';
import { Own } from './record';

/** Being proxy for somebody is what makes a caregiver. */
const CAREGIVER = 'caregiver';
const CHOSEN = 'acting-for';
const MOST = 50;

interface ActingProps {
  /** Shown around the choice, where there is one. */
  children: (choice: ReactNode) => ReactNode;
}

/** Gives the pages the patient whose record they show; nothing is shown before that is known. */
export function Acting({ children }: ActingProps) {
  const { t } = useI18n();
  const { roles, fhirUser } = useSession();
  const mine = fhirUser?.startsWith('Patient/') ? referenceId(fhirUser) : undefined;
  const acts = roles.includes(CAREGIVER);
  const [chosen, setChosen] = useState(() => sessionStorage.getItem(CHOSEN) ?? undefined);
  // Whom one may read is who one is, or acts for: the server decides, this page only asks.
  const query = useQuery({ queryKey: ['acting'], enabled: acts, queryFn: ({ signal }) => search('Patient', { _count: MOST }, signal) });
  if (acts && query.isPending) return <main className="gate"><Wait /></main>;
  // Whoever acts for nobody any more is refused: then there is nobody.
  const nobody = query.error instanceof RequestError && query.error.kind === 'denied';
  if (acts && query.isError && !nobody) return <main className="gate"><Trouble error={query.error} onRetry={() => void query.refetch()} /></main>;
  const people = nobody ? [] : (query.data?.matches ?? []);
  const known = (id: string | undefined) => (people.some((one) => one.id === id) ? id : undefined);
  const own = known(chosen) ?? mine ?? people[0]?.id;
  const choose = (id: string) => {
    sessionStorage.setItem(CHOSEN, id);
    setChosen(id);
  };
  const choice = acts && people.length > 0 && (
    <section aria-label={t('portal.actingFor')}>
      <label className="acting">
        {t('portal.actingFor')}
        <select value={own} onChange={(event) => choose(event.currentTarget.value)}>
          {people.map((one) => <option key={one.id} value={one.id}>{one.id === mine ? t('portal.myself') : nameText(one.name?.[0])}</option>)}
        </select>
      </label>
    </section>
  );
  return <Own value={own}>{children(choice)}</Own>;
}
