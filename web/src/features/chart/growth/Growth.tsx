/** The course of a child's growth among children of the same age and sex, with the percentile of every value. */

import { useQuery } from '@tanstack/react-query';
import type { Patient } from '../../../fhir/types';
import type { Reading, Vital } from '../../../fhir/vitals';
import { formatDateTime } from '../../../lib/dates';
import { useI18n } from '../../../lib/i18n';
import { Notice } from '../../../ui/Notice';
import { Plot } from '../../../ui/Plot';
import { ageText } from '../../patients/PatientFacts';
import { MONTH, type Tables, bornAt, chartUnit, chartedSex, curves, grown, percentText } from './growth';

/** Months shown before the first and behind the last value, so that a single one has a course around it. */
const AROUND = 12;

/** The tables are large and asked for by charts of children alone. */
export function useTables() {
  return useQuery({ queryKey: ['growth'], queryFn: async () => (await import('./cdc2000.json')).default as unknown as Tables, staleTime: Number.POSITIVE_INFINITY });
}

export function Growth({ vital, points, patient, title, fallback }: { vital: Vital; points: readonly Reading[]; patient: Patient | undefined; title: string; fallback: React.ReactNode }) {
  const { t, locale } = useI18n();
  const tables = useTables().data;
  const born = bornAt(patient?.birthDate);
  const sex = chartedSex(patient?.gender);
  if (!tables || born === undefined) return fallback;
  if (!sex) return <>{fallback}<Notice tone="info" icon="info" title={t('growth.noSex')} /></>;
  const placed = grown(tables, vital, points, born, sex).sort((a, b) => b.reading.at - a.reading.at);
  const first = placed.at(-1);
  const last = placed[0];
  if (!first || !last) return fallback;
  const span = [Math.max(born, first.reading.at - AROUND * MONTH), last.reading.at + AROUND * MONTH] as const;
  const unit = chartUnit(vital);
  const shown = placed.filter(({ reading }) => reading.unit === unit).map(({ reading }) => reading).reverse();
  const lines = curves(tables, vital, born, sex, span).map(({ percent, points: line }) => ({ label: `P${percent}`, points: line }));
  return (
    <>
      <p className="growth-last">
        {t('growth.last', { percentile: percentText(last.percent), z: last.z.toFixed(2), sex: t(`growth.${sex}`), age: ageText(t, patient?.birthDate ?? '', new Date(last.reading.at).toISOString()) })}
      </p>
      {shown.length > 0 && <Plot title={title} unit={unit} lines={[{ label: title, points: shown }]} curves={lines} span={span} />}
      <div className="table-scroll">
        <table className="table table-tight growth">
          <caption className="visually-hidden">{t('growth.table', { sign: title })}</caption>
          <thead><tr><th scope="col">{t('vitals.when')}</th><th scope="col">{t('growth.age')}</th><th scope="col" className="number">{title}</th><th scope="col" className="number">{t('growth.percentile')}</th><th scope="col" className="number">{t('growth.z')}</th></tr></thead>
          <tbody>
            {placed.map(({ reading, percent, z }) => (
              <tr key={`${reading.at}-${reading.shown}`}>
                <th scope="row">{formatDateTime(new Date(reading.at).toISOString(), locale)}</th>
                <td>{ageText(t, patient?.birthDate ?? '', new Date(reading.at).toISOString())}</td>
                <td className="number">{reading.shown} {reading.unit}</td>
                <td className="number">{percentText(percent)}</td>
                <td className="number">{z.toFixed(2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="quiet">{t('growth.source')}</p>
    </>
  );
}
