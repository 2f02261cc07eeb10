/** Vital signs (S11): a flowsheet, newest right beside its name, and the course of the chosen sign. */

import { getRouteApi } from '@tanstack/react-router';
import { Loaded } from '../../fhir/Loaded';
import type { Patient } from '../../fhir/types';
import { useChart, usePatient } from '../../fhir/queries';
import { VITALS, type Reading, type Vital, adultFrom, outside, readings } from '../../fhir/vitals';
import { formatDateTime } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { byUnit } from '../../lib/trend';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { LinkButton } from '../../ui/LinkButton';
import { Panel } from '../../ui/Panel';
import { Plot } from '../../ui/Plot';
import { Growth } from './growth/Growth';
import { grownFrom, hasChart } from './growth/growth';
import { Abnormal } from './Abnormal';
import { useChartPatient } from './ChartLayout';

const route = getRouteApi('/patients/$id/vitals');
const COLUMNS = 12;

export function VitalsPage() {
  const { t } = useI18n();
  const id = useChartPatient();
  const query = useChart('Observation', id, { category: 'vital-signs', _sort: '-date' });
  const patient = usePatient(id).data?.body;
  const birth = patient?.birthDate;
  const add = (
    <LinkButton component="a" to="/patients/$id/vitals/new" params={{ id }} leftSection={<Icon name="plus" />}>
      {t('vitals.add')}
    </LinkButton>
  );
  return (
    <Loaded query={query} rows={10}>
      {({ matches }) => {
        const rows = VITALS.flatMap((vital) => {
          const points = readings(vital, matches).sort((a, b) => b.at - a.at);
          return points.length > 0 ? [{ vital, points }] : [];
        });
        return (
          <div className="stack">
            <Panel title={t('vitals.flowsheet')} actions={add} aside={rows.length > 0 ? t('vitals.columns', { count: COLUMNS }) : undefined}>
              {rows.length === 0 ? <Empty>{t('vitals.none')}</Empty> : <Flowsheet rows={rows} birth={birth} />}
            </Panel>
            {rows.length > 0 && <Course rows={rows} patient={patient} />}
          </div>
        );
      }}
    </Loaded>
  );
}

interface Row {
  vital: Vital;
  points: Reading[];
}

function Flowsheet({ rows, birth }: { rows: Row[]; birth: string | undefined }) {
  const { t, locale } = useI18n();
  const navigate = route.useNavigate();
  const moments = [...new Set(rows.flatMap((row) => row.points.map((point) => point.at)))].sort((a, b) => b - a).slice(0, COLUMNS);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="table-scroll" role="group" aria-label={t('vitals.flowsheet')} tabIndex={0}>
      <table className="table grid">
        <thead>
          <tr>
            <th scope="col">{t('vitals.sign')}</th>
            {moments.map((at) => {
              const [date, time] = formatDateTime(new Date(at).toISOString(), locale).split(' ');
              return <th key={at} scope="col" className="number">{date}<br /><span className="quiet">{time}</span></th>;
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ vital, points }) => (
            <tr key={vital.key}>
              <th scope="row">
                <button type="button" className="link" onClick={() => void navigate({ search: { sign: vital.key }, replace: true, resetScroll: false })}>
                  {t(`vital.${vital.key}` as Key)}
                </button>{' '}
                <span className="quiet">{vital.shown}</span>
              </th>
              {moments.map((at) => {
                const point = points.find((one) => one.at === at);
                return (
                  <td key={at} className="number">
                    {point && (
                      <Abnormal letter={outside(vital, point, birth)}>
                        {point.shown}
                        {point.unit !== vital.shown && ` ${point.unit}`}
                      </Abnormal>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Both pressures are one plot; every other sign is its own. */
function Course({ rows, patient }: { rows: Row[]; patient: Patient | undefined }) {
  const { t } = useI18n();
  const { sign } = route.useSearch();
  const chosen = rows.find((row) => row.vital.key === sign) ?? rows[0];
  if (!chosen) return null;
  const shown = chosen.vital.panel ? rows.filter((row) => row.vital.panel === chosen.vital.panel) : [chosen];
  const series = byUnit(chosen.points);
  const from = adultFrom(patient?.birthDate);
  const adult = chosen.points.some((point) => point.at >= from);
  const name = (vital: Vital) => t(`vital.${vital.key}` as Key);
  const title = chosen.vital.panel ? t('vital.bloodPressure') : name(chosen.vital);
  // Growth is charted as long as there are references for it; what was measured later keeps its plain plot.
  const child = hasChart(chosen.vital) && patient !== undefined && chosen.points.some((point) => point.at < grownFrom(patient.birthDate));
  const plots = series.map(({ unit }) => (
    <Plot
      key={unit}
      title={title}
      unit={unit}
      band={adult ? chosen.vital.band : undefined}
      bandFrom={from}
      lines={shown.map(({ vital, points }) => ({ label: name(vital), points: byUnit(points).find((one) => one.unit === unit)?.points ?? [] }))}
    />
  ));
  if (child && !adult) {
    return (
      <Panel title={title} aside={t('growth.aside')}>
        <Growth vital={chosen.vital} points={chosen.points} patient={patient} title={title} fallback={plots} />
      </Panel>
    );
  }
  return (
    <Panel title={title} aside={chosen.vital.band && (adult ? t('vitals.band', { low: chosen.vital.band[0], high: chosen.vital.band[1], unit: chosen.vital.shown, sign: name(chosen.vital) }) : t('vitals.noBand'))}>
      {plots}
    </Panel>
  );
}
