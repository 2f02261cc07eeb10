/** The patient's side of a video visit (S58): by the own account, or by a link of the clinic. */

import { useMemo } from 'react';
import { type Room, type Way, byAppointment, byLink } from '../features/telehealth/api';
import type { Seat } from '../features/telehealth/useRoom';
import { Visit, useRoomQuery } from '../features/telehealth/Visit';
import { formatDateTime } from '../lib/dates';
import { useNow, useTitle } from '../lib/hooks';
import { useI18n } from '../lib/i18n';
import { Shown, Trouble } from './parts';

/** By the own account: the address names the appointment. */
export default function Call() {
  const id = new URLSearchParams(location.search).get('visit') ?? '';
  const way = useMemo(() => byAppointment(id), [id]);
  return <Patient way={way} />;
}

/** By a link, which stands where no server and no other site reads it. */
export function Guest() {
  const { t } = useI18n();
  const link = location.hash.slice(1);
  const way = useMemo(() => byLink(link), [link]);
  useTitle(t('call.title'));
  return (
    <>
      <header className="top"><span className="brand">MediTrack</span></header>
      <main id="main">
        <h1>{t('call.title')}</h1>
        <Patient way={way} />
      </main>
    </>
  );
}

function Patient({ way }: { way: Way }) {
  const { t } = useI18n();
  const query = useRoomQuery(way);
  return (
    <Shown query={query}>
      {(room) => (
        <Visit
          way={way}
          room={room}
          other={room.clinician ?? t('portal.clinic')}
          renderWaiting={(now, seat) => <Waiting room={now} seat={seat} />}
          renderOver={(last) => <Over room={last} />}
          renderLeave={(_, again) => <button type="button" className="call-end" onClick={again}>{t('call.leave')}</button>}
          renderFailure={(error, retry) => <Early room={room} error={error} onRetry={retry} />}
        />
      )}
    </Shown>
  );
}

function Waiting({ room, seat }: { room: Room; seat: Seat }) {
  const { t, locale } = useI18n();
  return (
    <>
      <h2>{t('call.waitingRoom')}</h2>
      <p role="status">{seat.room ? t('call.willAdmit', { name: room.clinician ?? t('portal.clinic') }) : t('call.entering')}</p>
      <p className="quiet">{[room.service, formatDateTime(room.start, locale)].filter(Boolean).join(' · ')}</p>
      {room.phone && <p>{t('call.phone', { phone: room.phone })}</p>}
    </>
  );
}

/** Why one is not let in; too early is no failure. */
function Early({ room, error, onRetry }: { room: Room; error: unknown; onRetry: () => void }) {
  const { t, locale } = useI18n();
  const now = useNow(5_000);
  if (Date.parse(room.opens) > now) {
    return (
      <section className="card" aria-label={t('call.waitingRoom')}>
        <p role="status">{t('call.early', { time: formatDateTime(room.opens, locale) })}</p>
        <button type="button" onClick={onRetry}>{t('error.retry')}</button>
      </section>
    );
  }
  return <Trouble error={error} onRetry={onRetry} />;
}

function Over({ room }: { room: Room }) {
  const { t } = useI18n();
  return (
    <section className="card" aria-label={t('call.title')}>
      <p role="status"><strong>{t('call.over')}</strong></p>
      <p>{t('call.thanks')}</p>
      {room.phone && <p>{t('call.phone', { phone: room.phone })}</p>}
    </section>
  );
}
