/** The visits of a chart. */

import { Loaded } from '../../fhir/Loaded';
import { useChart } from '../../fhir/queries';
import { formatDateTime } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from './ChartLayout';
import { encounterText } from './encounter';

export function EncountersPage() {
  const { t, locale } = useI18n();
  const query = useChart('Encounter', useChartPatient(), { _sort: '-date' });
  return (
    <Panel title={t('chart.encounters')} aside={query.data?.matches.length}>
      <Loaded query={query} rows={8}>
        {({ matches }) =>
          matches.length === 0 ? (
            <Empty>{t('encounters.none')}</Empty>
          ) : (
            <div className="table-scroll">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">{t('encounters.what')}</th>
                    <th scope="col">{t('encounters.start')}</th>
                    <th scope="col">{t('encounters.status')}</th>
                    <th scope="col">{t('encounters.clinician')}</th>
                    <th scope="col">{t('encounters.place')}</th>
                  </tr>
                </thead>
                <tbody>
                  {matches.map((one) => (
                    <tr key={one.id}>
                      <th scope="row">{encounterText(one)}</th>
                      <td className="nowrap">{one.period?.start ? formatDateTime(one.period.start, locale) : t('notKnown')}</td>
                      <td>{t(`encounter.${one.status}` as Key)}</td>
                      <td>{one.participant?.find((part) => part.individual?.display)?.individual?.display ?? <span className="quiet">{t('notKnown')}</span>}</td>
                      <td>{one.serviceProvider?.display ?? <span className="quiet">{t('notKnown')}</span>}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}
