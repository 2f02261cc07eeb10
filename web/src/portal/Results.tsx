/** Results (S54): the newest of every test in plain words; earlier ones on demand. */

import { useState } from 'react';
import { ACKNOWLEDGED, type Acknowledged, acknowledgements, seen } from '../features/chart/acknowledge';
import { observationText, observedAt } from '../fhir/display';
import type { Observation, Stored } from '../fhir/types';
import { formatDate } from '../lib/dates';
import { useI18n } from '../lib/i18n';
import { None, Shown } from './parts';
import { isRecent, tests, useRecord } from './record';
import { ResultLine } from './ResultLine';

export default function Results() {
  const { t, locale } = useI18n();
  const query = useRecord('Observation', { category: 'laboratory', _sort: '-date' });
  const tasks = useRecord('Task', ACKNOWLEDGED);
  const known = tasks.data && acknowledgements(tasks.data.matches);
  return (
    <>
      <p className="quiet">{t('portal.resultsHelp')}</p>
      <Shown query={query}>
        {({ matches }) => {
          const all = tests(matches);
          if (all.length === 0) return <None>{t('portal.noResults')}</None>;
          return all.map((test) => (
            <section key={test.key} className="card" aria-label={test.name}>
              <ResultLine name={test.name} result={test.results[0]!} />
              <SeenByClinic result={test.results[0]!} known={known} />
              {test.results[0]?.note?.map((note) => <p key={note.text} className="comment">{note.text}</p>)}
              {test.results.length > 1 && (
                <details>
                  <summary>{t('portal.earlier', { count: test.results.length - 1 })}</summary>
                  <table>
                    <tbody>
                      {test.results.slice(1).map((one) => (
                        <tr key={one.id}><th scope="row">{formatDate(observedAt(one) ?? '', locale)}</th><td>{observationText(one)}</td></tr>
                      ))}
                    </tbody>
                  </table>
                </details>
              )}
            </section>
          ));
        }}
      </Shown>
    </>
  );
}

/** Whether the clinic has marked the result as seen: what is shown at once may be shown before anybody has. */
function SeenByClinic({ result, known }: { result: Stored<Observation>; known: ReadonlyMap<string, Acknowledged> | undefined }) {
  const { t, locale } = useI18n();
  const [now] = useState(Date.now);
  if (!known) return null;
  const by = seen(known, result);
  if (by) return <p className="quiet">{t('portal.seenBy', { name: by.by, date: formatDate(by.at, locale) })}</p>;
  return isRecent(result, now) ? <p className="quiet">{t('portal.notSeen')}</p> : null;
}
