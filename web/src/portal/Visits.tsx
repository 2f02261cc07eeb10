/** Visits: when, why and with whom. */

import { conceptText } from '../fhir/display';
import { formatDateTime } from '../lib/dates';
import { useI18n } from '../lib/i18n';
import { Coming } from './Coming';
import { None, Shown } from './parts';
import { useRecord } from './record';

export default function Visits() {
  const { t, locale } = useI18n();
  const query = useRecord('Encounter', { _sort: '-date' });
  return (
    <>
    <Coming />
    <section className="card" aria-label={t('portal.visits')}>
      <Shown query={query}>
        {({ matches }) =>
          matches.length === 0 ? (
            <None>{t('portal.noVisits')}</None>
          ) : (
            <ul className="rows">
              {matches.map((one) => (
                <li key={one.id}>
                  <strong>{one.period?.start ? formatDateTime(one.period.start, locale) : t('notKnown')}</strong>
                  <br />
                  {[conceptText(one.type?.[0]), conceptText(one.reasonCode?.[0])].filter(Boolean).join(': ')}
                  <span className="quiet"> {one.participant?.find((part) => part.individual?.display)?.individual?.display}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </section>
    </>
  );
}
