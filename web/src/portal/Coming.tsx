/** What comes next: appointments, and the door to a video visit. */

import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Coming as Visit, VIDEO, coming } from '../features/telehealth/api';
import { useI18n } from '../lib/i18n';
import { clockOf, clockText, dayText, viewerZone, zoneText } from '../lib/zone';
import { useOffered } from './booking';
import { Card, None, Shown } from './parts';
import { useOwn } from './record';
import { pathOf } from './route';

interface ComingProps {
  /** What can be done about an appointment, where it can. */
  renderActions?: (visit: Visit) => ReactNode;
}

export function Coming({ renderActions }: ComingProps) {
  const { t } = useI18n();
  const own = useOwn() ?? '';
  const zone = useOffered().data?.timeZone ?? viewerZone();
  const query = useQuery({ queryKey: ['coming', own], queryFn: ({ signal }) => coming(own, signal) });
  return (
    <Card title={t('portal.coming')}>
      <Shown query={query}>
        {(visits) =>
          visits.length === 0 ? (
            <None>{t('portal.noneComing')}</None>
          ) : (
            <ul className="rows">
              {visits.map((visit) => (
                <li key={visit.id}>
                  <Moment at={Date.parse(visit.start)} zone={zone} />
                  <span className="quiet"> {visit.actors.find(({ reference }) => reference.startsWith('Practitioner'))?.display}</span>
                  {visit.type === VIDEO && <><br /><a className="door" href={`${pathOf('call')}?visit=${visit.id}`}>{t('portal.joinVideo')}</a></>}
                  {renderActions?.(visit)}
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </Card>
  );
}

/** A time by the clinic's clock, and by one's own where that shows another. */
function Moment({ at, zone }: { at: number; zone: string }) {
  const { t, locale } = useI18n();
  const here = viewerZone();
  const [there, own] = [clockOf(at, zone), clockOf(at, here)];
  const same = there.minutes === own.minutes && there.day === own.day;
  return (
    <>
      <strong>{dayText(there.day, locale, 'long')}, {clockText(there.minutes)}</strong>
      {!same && <span className="quiet"> {t('visit.here', { time: clockText(own.minutes), zone: zoneText(here, locale, at) })}</span>}
    </>
  );
}
