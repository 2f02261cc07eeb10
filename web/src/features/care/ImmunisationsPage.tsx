/** Immunisations (S19): what was given, and what was not and why. */

import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import { conceptText } from '../../fhir/display';
import { Loaded } from '../../fhir/Loaded';
import { useChart } from '../../fhir/queries';
import { formatDate } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from '../chart/ChartLayout';
import { VaccineDialog } from './VaccineDialog';

export function ImmunisationsPage() {
  const { t, locale } = useI18n();
  const query = useChart('Immunization', useChartPatient(), { _sort: '-date' });
  const [adding, setAdding] = useState(false);
  useShortcuts(useMemo(() => ({ a: () => setAdding(true) }), []));
  return (
    <Panel title={t('chart.immunisations')} aside={query.data?.matches.length} actions={<Button leftSection={<Icon name="plus" />} onClick={() => setAdding(true)}>{t('immunisations.add')}</Button>}>
      {adding && <VaccineDialog onClose={() => setAdding(false)} />}
      <Loaded query={query} rows={8}>
        {({ matches }) =>
          matches.length === 0 ? (
            <Empty>{t('immunisations.none')}</Empty>
          ) : (
            <div className="table-scroll">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">{t('immunisations.vaccine')}</th>
                    <th scope="col">{t('immunisations.given')}</th>
                    <th scope="col">{t('immunisations.status')}</th>
                    <th scope="col">{t('immunisations.lot')}</th>
                    <th scope="col">{t('immunisations.place')}</th>
                  </tr>
                </thead>
                <tbody>
                  {matches.map((one) => (
                    <tr key={one.id}>
                      <th scope="row">{conceptText(one.vaccineCode)}</th>
                      <td className="nowrap">{one.occurrenceDateTime ? formatDate(one.occurrenceDateTime, locale) : (one.occurrenceString ?? t('notKnown'))}</td>
                      <td>{t(`immunisation.${one.status}` as Key)}{one.statusReason && <span className="quiet"> {conceptText(one.statusReason)}</span>}</td>
                      <td>{one.lotNumber ?? <span className="quiet">{t('notKnown')}</span>}</td>
                      <td>{one.location?.display ?? <span className="quiet">{t('notKnown')}</span>}</td>
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
