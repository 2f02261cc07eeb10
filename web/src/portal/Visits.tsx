/** Visits (S55): what is coming, with a way to book, move and call off, and what was: when, why and with whom. */

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import type { Coming as Ahead } from '../features/telehealth/api';
import { conceptText } from '../fhir/display';
import { formatDateTime } from '../lib/dates';
import { useI18n } from '../lib/i18n';
import { callOff, useOffered } from './booking';
import { Coming } from './Coming';
import { None, Shown, Wait } from './parts';
import { useOwn, useRecord } from './record';

const Book = lazy(() => import('./Book'));
const Waiting = lazy(() => import('./Waiting'));
const Refused = lazy(async () => ({ default: (await import('./Book')).Refused }));

/** States in which the patient may still decide. */
const OPEN = new Set(['proposed', 'scheduled', 'confirmed']);

export default function Visits() {
  const { t } = useI18n();
  const offered = useOffered();
  const [booking, setBooking] = useState<'new' | Ahead>();
  const [said, setSaid] = useState('');
  const begin = (what: 'new' | Ahead) => {
    setSaid('');
    setBooking(what);
  };
  const bookable = (offered.data?.services.length ?? 0) > 0;
  return (
    <>
      <p role="status">{said}</p>
      {booking && offered.data ? (
        <Suspense fallback={<Wait />}>
          <Book
            offered={offered.data}
            moves={booking === 'new' ? undefined : booking}
            onLeave={() => setBooking(undefined)}
            onDone={() => {
              setBooking(undefined);
              setSaid(t(booking === 'new' ? 'portal.book.done' : 'portal.book.moved'));
            }}
          />
        </Suspense>
      ) : (
        <>
          {bookable && <button type="button" className="primary" onClick={() => begin('new')}>{t('portal.book')}</button>}
          <Coming renderActions={(visit) => OPEN.has(visit.state) && <Actions visit={visit} onMove={() => begin(visit)} onDone={() => setSaid(t('portal.book.cancelled'))} />} />
          {offered.data && bookable && <Suspense fallback={<Wait />}><Waiting offered={offered.data} /></Suspense>}
        </>
      )}
      <Past />
    </>
  );
}

/** Another time, or none; calling off is asked once more. */
function Actions({ visit, onMove, onDone }: { visit: Ahead; onMove: () => void; onDone: () => void }) {
  const { t } = useI18n();
  const own = useOwn() ?? '';
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const off = useMutation({
    mutationFn: () => callOff(visit.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['coming', own] });
      onDone();
    },
  });
  return (
    <>
      {off.isError && <Suspense fallback={null}><Refused error={off.error} /></Suspense>}
      {asked ? (
        <div className="choices" role="group" aria-label={t('portal.book.sureOff')}>
          <span>{t('portal.book.sureOff')}</span>
          <button type="button" disabled={off.isPending} onClick={() => off.mutate()}>{t('portal.book.off')}</button>
          <button type="button" onClick={() => setAsked(false)}>{t('portal.book.keep')}</button>
        </div>
      ) : (
        <div className="choices">
          <button type="button" onClick={onMove}>{t('portal.book.move')}</button>
          <button type="button" onClick={() => setAsked(true)}>{t('portal.book.off')}</button>
        </div>
      )}
    </>
  );
}

function Past() {
  const { t, locale } = useI18n();
  const query = useRecord('Encounter', { _sort: '-date' });
  return (
    <section className="card" aria-label={t('portal.book.past')}>
      <header><h2>{t('portal.book.past')}</h2></header>
      <Shown query={query}>
        {({ matches }) =>
          matches.length === 0 ? (
            <None>{t('portal.noVisits')}</None>
          ) : (
            <ul className="rows">
              {matches.map((one) => (
                <li key={one.id}>
                  <strong>{one.period?.start ? formatDateTime(one.period.start, locale) : t('notKnown')}</strong>
                  <br />
                  {[conceptText(one.type?.[0]), conceptText(one.reasonCode?.[0])].filter(Boolean).join(': ')}
                  <span className="quiet"> {one.participant?.find((part) => part.individual?.display)?.individual?.display}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </section>
  );
}
