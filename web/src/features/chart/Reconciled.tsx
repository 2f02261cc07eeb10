/** When somebody last went through all medicines with the patient. */

import { useChart } from '../../fhir/queries';
import { formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { useChartPatient } from './ChartLayout';
import { lastReconciled } from './reconcile';

export function LastReconciled() {
  const { t, locale } = useI18n();
  const query = useChart('List', useChartPatient());
  if (!query.data) return null;
  const last = lastReconciled(query.data.matches);
  if (!last) return <p className="quiet">{t('reconcile.never')}</p>;
  const time = formatDateTime(last.date ?? '', locale);
  return <p className="quiet">{last.source?.display ? t('reconcile.lastBy', { time, name: last.source.display }) : t('reconcile.last', { time })}</p>;
}
