/** One result in words: the value, where it lies, and the usual range. Colour is never the only sign. */

import { observationText, observedAt } from '../fhir/display';
import type { Observation } from '../fhir/types';
import { formatDate } from '../lib/dates';
import { useI18n } from '../lib/i18n';
import { barOf, placeOf, rangeText } from './record';

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
      <Bar at={barOf(result)} />
    </div>
  );
}

/** The value beside the usual range, for the eye; the words say the same. */
function Bar({ at }: { at: number | undefined }) {
  if (at === undefined) return null;
  return (
    <svg className="range-bar" viewBox="0 0 200 14" width="200" height="14" aria-hidden="true">
      <rect className="range-all" x="0" y="4" width="200" height="6" rx="3" />
      <rect className="range-usual" x="50" y="4" width="100" height="6" />
      <circle className="range-value" cx={200 * at} cy="7" r="6" />
    </svg>
  );
}
