/** Results as a grid: a row a test, a column a moment, newest right beside the name of the test. */

import { abnormality, conceptKey, conceptText, decimalText, observationText, observedAt, unitText } from '../../fhir/display';
import type { Observation, Stored } from '../../fhir/types';
import { instant } from '../../lib/dates';
import type { Point } from '../../lib/trend';

export interface Test {
  key: string;
  name: string;
  /** Newest first. */
  results: Stored<Observation>[];
  /** A result among the shown moments is out of range. */
  abnormal: boolean;
  /** There is a result among the shown moments. */
  recent: boolean;
}

export interface Grid {
  /** Newest first, as the records write them. */
  moments: string[];
  tests: Test[];
}

/** Tests with a result in the last `columns` moments come first; those out of range lead. */
export function grid(observations: readonly Stored<Observation>[], columns: number): Grid {
  const real = observations.filter((one) => observedAt(one) && observationText(one) !== '' && !['entered-in-error', 'cancelled'].includes(one.status));
  const sorted = [...real].sort((a, b) => instant(observedAt(b)) - instant(observedAt(a)));
  const moments = [...new Set(sorted.map((one) => observedAt(one) as string))].slice(0, columns);
  const tests = new Map<string, Test>();
  for (const one of sorted) {
    const key = conceptKey(one.code);
    const test = tests.get(key) ?? { key, name: conceptText(one.code), results: [], abnormal: false, recent: false };
    test.results.push(one);
    const shown = moments.includes(observedAt(one) as string);
    test.recent ||= shown;
    test.abnormal ||= shown && abnormality(one) !== '';
    tests.set(key, test);
  }
  const list = [...tests.values()].sort((a, b) => Number(b.abnormal) - Number(a.abnormal) || Number(b.recent) - Number(a.recent) || a.name.localeCompare(b.name));
  return { moments, tests: list };
}

export function points(results: readonly Observation[]): Point[] {
  return results.flatMap((one) => {
    const quantity = one.valueQuantity;
    // A value behind a comparator is a bound, not a measurement.
    if (!quantity?.value || quantity.comparator) return [];
    return [{ at: instant(observedAt(one)), value: quantity.value.toNumber(), shown: decimalText(quantity), unit: unitText(quantity) }];
  });
}

/** The reference range of the newest result that has one. */
export function bandOf(results: readonly Observation[]): [number, number] | undefined {
  const range = results.find((one) => one.referenceRange?.[0]?.low?.value && one.referenceRange[0].high?.value)?.referenceRange?.[0];
  return range?.low?.value && range.high?.value ? [range.low.value.toNumber(), range.high.value.toNumber()] : undefined;
}
