/** One result in words: the value, where it lies, and the usual range. Colour is never the only sign. */

import { observationText, observedAt } from '../fhir/display';
import type { Observation } from '../fhir/types';
import { formatDate } from '../lib/dates';
import { useI18n } from '../lib/i18n';
import { placeOf, rangeText } from './record';

export function ResultLine({ name, result }: { name: string; result: Observation }) {
  const { t, locale } = useI18n();
  const place = placeOf(result);
  const range = rangeText(result);
  return (
    <div className="result">
      <span className="result-name">{name} <span className="quiet">{formatDate(observedAt(result) ?? '', locale)}</span></span>
      <strong className="result-value">{observationText(result)}</strong>
      <span className={place === 'within' || place === 'unknown' ? 'quiet' : `place place-${place}`}>
        {t(`place.${place}`)}{range && <>: <span className="nowrap">{range}</span></>}
      </span>
    </div>
  );
}
