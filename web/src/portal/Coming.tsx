/** What comes next: appointments, and the door to a video visit. */

import { useQuery } from '@tanstack/react-query';
import { VIDEO, coming } from '../features/telehealth/api';
import { formatDateTime } from '../lib/dates';
import { useI18n } from '../lib/i18n';
import { Card, None, Shown } from './parts';
import { useOwn } from './record';
import { pathOf } from './route';

export function Coming() {
  const { t, locale } = useI18n();
  const own = useOwn() ?? '';
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
                  <strong>{formatDateTime(visit.start, locale)}</strong>
                  <span className="quiet"> {visit.actors.find(({ reference }) => reference.startsWith('Practitioner'))?.display}</span>
                  {visit.type === VIDEO && <><br /><a className="door" href={`${pathOf('call')}?visit=${visit.id}`}>{t('portal.joinVideo')}</a></>}
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </Card>
  );
}
