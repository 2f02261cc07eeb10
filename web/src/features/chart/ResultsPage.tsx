/** Results and trends (S15): tests by moments; a test's course over time on demand, never two units on one axis. */

import { Button, TextInput } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { abnormality, observationText, observedAt, patientName, unitText } from '../../fhir/display';
import { Loaded } from '../../fhir/Loaded';
import { MOST, useChart, usePatient } from '../../fhir/queries';
import type { Observation } from '../../fhir/types';
import { formatDate, formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { byUnit } from '../../lib/trend';
import { Empty, Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { Plot } from '../../ui/Plot';
import { TaskDialog } from '../inbox/TaskDialog';
import { Abnormal } from './Abnormal';
import { SeenBy, ToAcknowledge } from './Acknowledge';
import { useChartPatient } from './ChartLayout';
import { NewMark, useLooked } from './looked';
import { type Grid, type Test, bandOf, grid, points } from './results';

const route = getRouteApi('/patients/$id/results');
const COLUMNS = 8;

export function ResultsPage() {
  const { t } = useI18n();
  const id = useChartPatient();
  const { test: chosen, filter = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useChart('Observation', id, { category: 'laboratory', _sort: '-date' });
  return (
    <Loaded query={query} rows={12}>
      {({ matches, more }) => {
        const all = grid(matches, COLUMNS);
        const wanted = filter.toLocaleLowerCase();
        const tests = all.tests.filter((test) => test.name.toLocaleLowerCase().includes(wanted));
        const open = all.tests.find((test) => test.key === chosen);
        return (
          <div className="stack">
            {more && <Notice tone="info" icon="info" title={t('results.newest', { count: MOST })} />}
            <ToAcknowledge results={matches} />
            {open && <Trend test={open} />}
            <Panel title={t('chart.results')} aside={all.tests.length > 0 ? t('results.count', { tests: tests.length, moments: all.moments.length }) : undefined}>
              {all.tests.length === 0 ? (
                <Empty>{t('results.none')}</Empty>
              ) : (
                <>
                  <TextInput
                    className="filter-box"
                    label={t('results.filter')}
                    value={filter}
                    autoComplete="off"
                    onChange={(event) => void navigate({ search: (old) => ({ ...old, filter: event.currentTarget.value || undefined }), replace: true, resetScroll: false })}
                  />
                  {tests.length === 0 ? <Empty>{t('results.hidden', { count: all.tests.length })}</Empty> : <Table moments={all.moments} tests={tests} chosen={open?.key} />}
                </>
              )}
            </Panel>
          </div>
        );
      }}
    </Loaded>
  );
}

function Table({ moments, tests, chosen }: Grid & { chosen: string | undefined }) {
  const { t, locale } = useI18n();
  const navigate = route.useNavigate();
  const since = useLooked();
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="table-scroll" role="group" aria-label={t('chart.results')} tabIndex={0}>
      <table className="table grid">
        <thead>
          <tr>
            <th scope="col">{t('results.test')}</th>
            {moments.map((at) => {
              const [date, time] = formatDateTime(at, locale).split(' ');
              return <th key={at} scope="col" className="number">{date}<br /><span className="quiet">{time ?? ''}</span></th>;
            })}
          </tr>
        </thead>
        <tbody>
          {tests.map((test) => (
            <tr key={test.key} className={test.key === chosen ? 'row-chosen' : undefined}>
              <th scope="row">
                <button type="button" className="link" aria-expanded={test.key === chosen} onClick={() => void navigate({ search: (old) => ({ ...old, test: test.key === chosen ? undefined : test.key }), replace: true })}>
                  {test.name}
                </button>{' '}
                <span className="quiet">{test.results[0]?.valueQuantity && unitText(test.results[0].valueQuantity)}</span>
              </th>
              {!test.recent && <td colSpan={moments.length} className="quiet"><Last result={test.results[0]} /></td>}
              {test.recent && moments.map((at) => (
                <td key={at} className="number">
                  {test.results.filter((one) => observedAt(one) === at).map((one) => (
                    <Abnormal key={one.id} letter={abnormality(one)}>
                      {bare(observationText(one), one.valueQuantity && unitText(one.valueQuantity), test)}
                      {['corrected', 'amended'].includes(one.status) && <span className="chip">{t('results.corrected')}</span>}
                      <NewMark of={one} since={since} />
                    </Abnormal>
                  ))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The newest result of a test that was not measured at any of the moments shown. */
function Last({ result }: { result: Observation | undefined }) {
  const { t, locale } = useI18n();
  return result && <>{t('results.older', { value: observationText(result), when: formatDate(observedAt(result) ?? '', locale) })}</>;
}

/** The unit stands once in the row's head; a result in another one keeps its own. */
function bare(text: string, unit: string | undefined, test: Test): string {
  const head = test.results[0]?.valueQuantity && unitText(test.results[0].valueQuantity);
  return unit && unit === head && text.endsWith(unit) ? text.slice(0, -unit.length).trimEnd() : text;
}

function Trend({ test }: { test: Test }) {
  const { t } = useI18n();
  const id = useChartPatient();
  const patient = usePatient(id).data?.body;
  const [following, setFollowing] = useState(false);
  const band = bandOf(test.results);
  const series = byUnit(points(test.results));
  const newest = test.results[0];
  return (
    <Panel title={test.name} aside={band ? t('results.band', { low: band[0], high: band[1] }) : t('results.noBand')} actions={<Button variant="default" onClick={() => setFollowing(true)}>{t('results.follow')}</Button>}>
      {following && newest && (
        <TaskDialog
          onClose={() => setFollowing(false)}
          patient={{ reference: `Patient/${id}`, display: patient && patientName(patient) }}
          focus={{ reference: `Observation/${newest.id}` }}
          text={t('results.followText', { test: test.name, value: observationText(newest) })}
        />
      )}
      {newest && <SeenBy key={newest.id} result={newest} />}
      {series.length === 0 ? (
        <Empty>{t('results.noNumbers')}</Empty>
      ) : (
        series.map((one) => <Plot key={one.unit} title={test.name} unit={one.unit} lines={[{ label: test.name, points: one.points }]} band={band} />)
      )}
    </Panel>
  );
}
