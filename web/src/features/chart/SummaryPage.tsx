/** The chart on one screen (S09): every card loads and fails alone, and leads to its page. */

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense } from 'react';
import { abnormality, conceptText, observationText, observedAt } from '../../fhir/display';
import { Loaded } from '../../fhir/Loaded';
import { useChart, useMedicationRequests, usePatient } from '../../fhir/queries';
import { readsCharts, useSession } from '../../fhir/session';
import type { Observation, Stored } from '../../fhir/types';
import { VITALS, matters, outside, readings } from '../../fhir/vitals';
import { age, formatDate, today } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { clockOf, clockText, dayText } from '../../lib/zone';
import { Empty, Loading, Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { Sparkline } from '../../ui/Plot';
import { useClinicZone } from '../schedule/people';
import { coming } from '../telehealth/api';
import { Abnormal } from './Abnormal';
import { isCritical } from './acknowledge';
import { useUnseen } from './Acknowledge';
import { resultsQuery, vaccinesQuery, visitsQuery, vitalsQuery } from './ahead';
import { useChartPatient } from './ChartLayout';
import { encounterText } from './encounter';
import { isSocial, medicines, problemText, problems } from './facts';
import { NewMark, Since, useLooked } from './looked';
import { medicineName, sigText } from './medicine';

const SHOWN = 8;

const PersonPage = lazy(async () => ({ default: (await import('../patients/PersonPage')).PersonPage }));

export function SummaryPage() {
  const { roles } = useSession();
  // The desk begins with the person.
  if (!readsCharts(roles)) return <Suspense fallback={<Loading rows={8} />}><PersonPage /></Suspense>;
  return (
    <div className="summary">
      <Since />
      <div className="stack">
        <Problems />
        <Medicines />
        <Ahead />
        <Visits />
      </div>
      <div className="stack">
        <Vitals />
        <Results />
        <Vaccines />
      </div>
    </div>
  );
}

function More({ to, count, label }: { to: '/patients/$id/problems' | '/patients/$id/medicines' | '/patients/$id/vitals' | '/patients/$id/results' | '/patients/$id/encounters' | '/patients/$id/immunisations'; count?: number; label: Key }) {
  const { t } = useI18n();
  const id = useChartPatient();
  return (
    <Link to={to} params={{ id }} className="quiet-link">
      {count === undefined ? t('summary.open') : t('summary.all', { count })}
      <span className="visually-hidden"> {t(label)}</span>
    </Link>
  );
}

/** What is to come: the next visit, and tests that are ordered and not done. */
function Ahead() {
  const { t, locale } = useI18n();
  const id = useChartPatient();
  const zone = useClinicZone();
  const visits = useQuery({ queryKey: ['coming', id], queryFn: ({ signal }) => coming(id, signal) });
  const orders = useChart('ServiceRequest', id, { _sort: '-authored' });
  const open = orders.data?.matches.filter(({ status }) => status === 'active' || status === 'draft') ?? [];
  return (
    <Panel title={t('summary.ahead')} actions={<Link to="/patients/$id/orders" params={{ id }} search={{}} className="quiet-link">{t('summary.open')}<span className="visually-hidden"> {t('orders.title')}</span></Link>}>
      <Loaded query={visits}>
        {([next]) => {
          if (!next) return <Empty>{t('person.coming.none')}</Empty>;
          const at = clockOf(Date.parse(next.start), zone);
          return (
            <List>
              <li>
                <span>{t('summary.nextVisit')} <span className="quiet">{next.actors.find(({ reference }) => reference.startsWith('Practitioner'))?.display}</span></span>
                <Link to="/schedule" search={{ day: at.day, visit: next.id }} className="nowrap">{dayText(at.day, locale, 'long')}, {clockText(at.minutes)}</Link>
              </li>
            </List>
          );
        }}
      </Loaded>
      <Loaded query={orders}>
        {() =>
          open.length > 0 && (
            <List more={open.length - SHOWN}>
              {open.slice(0, SHOWN).map((one) => (
                <li key={one.id}>
                  <span>{conceptText(one.code)} {one.status === 'draft' && <span className="chip">{t('summary.unsigned')}</span>}</span>
                  <span className="quiet nowrap">{one.authoredOn && formatDate(one.authoredOn, locale)}</span>
                </li>
              ))}
            </List>
          )
        }
      </Loaded>
    </Panel>
  );
}

function Problems() {
  const { t, locale } = useI18n();
  const since = useLooked();
  const id = useChartPatient();
  const query = useChart('Condition', id);
  return (
    <Panel title={t('summary.problems')} actions={<More to="/patients/$id/problems" count={query.data?.matches.length} label="chart.problems" />}>
      <Loaded query={query} rows={5}>
        {({ matches }) => {
          const active = problems(matches).active;
          // What people live with stands behind what they suffer from.
          const list = [...active.filter((one) => !isSocial(one)), ...active.filter(isSocial)];
          if (list.length === 0) return <Empty>{t('problems.none')}</Empty>;
          return (
            <List more={list.length - SHOWN}>
              {list.slice(0, SHOWN).map((problem) => (
                <li key={problem.id}>
                  <span>{problemText(problem)} <NewMark of={problem} since={since} /></span>
                  <span className="quiet nowrap">{problem.onsetDateTime && t('since', { date: formatDate(problem.onsetDateTime, locale) })}</span>
                </li>
              ))}
            </List>
          );
        }}
      </Loaded>
    </Panel>
  );
}

function List({ children, more = 0 }: { children: ReactNode; more?: number }) {
  const { t } = useI18n();
  return (
    <ul className="facts">
      {children}
      {more > 0 && <li className="quiet">{t('summary.more', { count: more })}</li>}
    </ul>
  );
}

function Medicines() {
  const { t, locale } = useI18n();
  const since = useLooked();
  const id = useChartPatient();
  const query = useMedicationRequests(id);
  return (
    <Panel title={t('summary.medicines')} actions={<More to="/patients/$id/medicines" label="chart.medicines" />}>
      <Loaded query={query} rows={5}>
        {({ matches }) => {
          const { current } = medicines(matches, medicineName);
          if (current.length === 0) return <Empty>{t('medicines.none')}</Empty>;
          return (
            <List more={current.length - SHOWN}>
              {current.slice(0, SHOWN).map(({ request }) => (
                <li key={request.id}>
                  <span>
                    {medicineName(request)} <span className="quiet">{sigText(t, request)}</span> <NewMark of={request} since={since} />
                  </span>
                  <span className="quiet nowrap">{request.authoredOn && formatDate(request.authoredOn, locale)}</span>
                </li>
              ))}
            </List>
          );
        }}
      </Loaded>
    </Panel>
  );
}

function Vitals() {
  const { t, locale } = useI18n();
  const since = useLooked();
  const id = useChartPatient();
  const query = useQuery(vitalsQuery(id));
  const birth = usePatient(id).data?.body.birthDate;
  const years = birth ? age(birth, today())?.years : undefined;
  return (
    <Panel title={t('summary.vitals')} actions={<More to="/patients/$id/vitals" label="chart.vitals" />}>
      <Loaded query={query} rows={6}>
        {({ matches }) => {
          const rows = VITALS.filter((vital) => matters(vital, years)).flatMap((vital) => {
            const points = readings(vital, matches).sort((a, b) => a.at - b.at);
            const last = points.at(-1);
            return last ? [{ vital, last, points: points.filter((point) => point.unit === last.unit).slice(-12) }] : [];
          });
          if (rows.length === 0) return <Empty>{t('vitals.none')}</Empty>;
          return (
            <table className="table table-tight">
              <thead className="visually-hidden">
                <tr><th>{t('vitals.sign')}</th><th>{t('vitals.last')}</th><th className="trend">{t('vitals.trend')}</th><th>{t('vitals.when')}</th></tr>
              </thead>
              <tbody>
                {rows.map(({ vital, last, points }) => (
                  <tr key={vital.key}>
                    <th scope="row">{t(`vital.${vital.key}` as Key)} <NewMark of={last.observation} since={since} /></th>
                    <td className="number">
                      <Abnormal letter={outside(vital, last, birth)}>{last.shown} {last.unit}</Abnormal>
                    </td>
                    <td className="trend"><Sparkline points={points} /></td>
                    <td className="quiet nowrap">{formatDate(observedAt(last.observation) ?? '', locale)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          );
        }}
      </Loaded>
    </Panel>
  );
}

/** The newest result of every test, out-of-range ones first. */
function latest(observations: readonly Stored<Observation>[]): Stored<Observation>[] {
  const seen = new Set<string>();
  const newest = observations.filter((one) => {
    const key = conceptText(one.code);
    return observationText(one) !== '' && !seen.has(key) && seen.add(key);
  });
  return newest.sort((a, b) => Number(abnormality(b) !== '') - Number(abnormality(a) !== ''));
}

function Results() {
  const { t, locale } = useI18n();
  const since = useLooked();
  const id = useChartPatient();
  const query = useQuery(resultsQuery(id));
  return (
    <Panel title={t('summary.results')} actions={<More to="/patients/$id/results" label="chart.results" />}>
      {query.data && <Unseen results={query.data.matches} />}
      <Loaded query={query} rows={6}>
        {({ matches }) => {
          const rows = latest(matches);
          if (rows.length === 0) return <Empty>{t('results.none')}</Empty>;
          return (
            <List more={rows.length - SHOWN}>
              {rows.slice(0, SHOWN).map((result) => (
                <li key={result.id}>
                  <span>{conceptText(result.code)} <NewMark of={result} since={since} /></span>
                  <span className="number"><Abnormal letter={abnormality(result)}>{observationText(result)}</Abnormal></span>
                  <span className="quiet nowrap">{formatDate(observedAt(result) ?? '', locale)}</span>
                </li>
              ))}
            </List>
          );
        }}
      </Loaded>
    </Panel>
  );
}

/** Critical results that nobody has acknowledged, said where the chart begins. */
function Unseen({ results }: { results: readonly Stored<Observation>[] }) {
  const { t } = useI18n();
  const id = useChartPatient();
  const count = useUnseen(results).filter(isCritical).length;
  if (count === 0) return null;
  return (
    <Notice tone="danger" icon="alert" title={t('unseen.count', { count })}>
      <Link to="/patients/$id/results" params={{ id }}>{t('unseen.open')}</Link>
    </Notice>
  );
}

function Visits() {
  const { t, locale } = useI18n();
  const since = useLooked();
  const id = useChartPatient();
  const query = useQuery(visitsQuery(id));
  return (
    <Panel title={t('summary.visits')} actions={<More to="/patients/$id/encounters" count={query.data?.matches.length} label="chart.encounters" />}>
      <Loaded query={query}>
        {({ matches }) =>
          matches.length === 0 ? (
            <Empty>{t('encounters.none')}</Empty>
          ) : (
            <List>
              {matches.slice(0, 5).map((encounter) => (
                <li key={encounter.id}>
                  <span>{encounterText(encounter)} <NewMark of={encounter} since={since} /></span>
                  <span className="quiet nowrap">{formatDate(encounter.period?.start ?? '', locale)}</span>
                </li>
              ))}
            </List>
          )
        }
      </Loaded>
    </Panel>
  );
}

function Vaccines() {
  const { t, locale } = useI18n();
  const since = useLooked();
  const id = useChartPatient();
  const query = useQuery(vaccinesQuery(id));
  return (
    <Panel title={t('summary.immunisations')} actions={<More to="/patients/$id/immunisations" count={query.data?.matches.length} label="chart.immunisations" />}>
      <Loaded query={query}>
        {({ matches }) =>
          matches.length === 0 ? (
            <Empty>{t('immunisations.none')}</Empty>
          ) : (
            <List>
              {matches.slice(0, 5).map((vaccine) => (
                <li key={vaccine.id}>
                  <span>{conceptText(vaccine.vaccineCode)} <NewMark of={vaccine} since={since} /></span>
                  <span className="quiet nowrap">{formatDate(vaccine.occurrenceDateTime ?? '', locale)}</span>
                </li>
              ))}
            </List>
          )
        }
      </Loaded>
    </Panel>
  );
}
