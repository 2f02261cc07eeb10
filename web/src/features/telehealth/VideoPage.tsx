/** The clinician's side of a video visit (S27): the waiting room, the call, and the chart beside it. */

import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { usePatient } from '../../fhir/queries';
import { formatDateTime } from '../../lib/dates';
import { useNow, useTitle } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { Notice } from '../../ui/Notice';
import { Banner } from '../chart/Banner';
import { type Room, admit, byAppointment, end, invite } from './api';
import { SideChart } from './SideChart';
import type { Seat } from './useRoom';
import { Visit, useRoomQuery } from './Visit';

const route = getRouteApi('/video/$appointment');

export function VideoPage() {
  const { t } = useI18n();
  const { appointment } = route.useParams();
  const way = useMemo(() => byAppointment(appointment), [appointment]);
  const query = useRoomQuery(way);
  useTitle(t('call.title'));
  return <Loaded query={query} rows={8}>{(room) => <Clinician key={appointment} room={room} way={way} />}</Loaded>;
}

function Clinician({ room, way }: { room: Room; way: ReturnType<typeof byAppointment> }) {
  const { t } = useI18n();
  const patient = room.patient?.reference.split('/')[1] ?? '';
  const record = usePatient(patient);
  const name = room.patient?.display || t('call.thePatient');
  return (
    <div className="call-frame">
      <Loaded query={record} rows={2}>{({ body }) => <Banner patient={body} />}</Loaded>
      <div className="call-page">
        <div className="call-main">
          <Visit
            way={way}
            room={room}
            other={name}
            renderWaiting={(now, seat) => <Waiting room={now} seat={seat} name={name} />}
            renderOver={(last) => <Over room={last} patient={patient} />}
            renderLeave={(now) => <End room={now} />}
            renderFailure={(error, retry) => <Failure error={error} onRetry={retry} />}
          />
        </div>
        <SideChart patient={patient} encounter={room.encounter} />
      </div>
    </div>
  );
}

function Waiting({ room, seat, name }: { room: Room; seat: Seat; name: string }) {
  const { t } = useI18n();
  const now = useNow(15_000);
  const letIn = useMutation({ mutationFn: () => admit(room.appointment), onSettled: () => seat.ask() });
  const waits = room.state === 'waiting';
  const minutes = room.waiting ? Math.max(0, Math.floor((now - Date.parse(room.waiting)) / 60_000)) : 0;
  return (
    <>
      <h2>{t('call.waitingRoom')}</h2>
      <p role="status">{waits ? (room.otherPresent ? t('call.waits', { name, minutes }) : t('call.wentAway', { name })) : t('call.notYet', { name })}</p>
      <p className="quiet">{t('call.identify')}</p>
      {letIn.isError && <Failure error={letIn.error} />}
      <div className="form-actions">
        <Button size="sm" disabled={!waits} loading={letIn.isPending} onClick={() => letIn.mutate()}>{t('call.admit')}</Button>
        <GuestLink appointment={room.appointment} />
      </div>
    </>
  );
}

/** A link for a patient who does not sign in, to be handed on. */
function GuestLink({ appointment }: { appointment: string }) {
  const { t, locale } = useI18n();
  const made = useMutation({
    mutationFn: async () => {
      const link = await invite(appointment);
      const url = new URL(link.url, location.origin).href;
      await navigator.clipboard.writeText(url).catch(() => undefined);
      return { url, expires: link.expires };
    },
  });
  return (
    <>
      <Button size="sm" variant="default" loading={made.isPending} onClick={() => made.mutate()}>{t('call.link')}</Button>
      {made.isError && <Failure error={made.error} />}
      {made.data && <p className="call-url" role="status">{t('call.link.until', { time: formatDateTime(made.data.expires, locale) })} <code>{made.data.url}</code></p>}
    </>
  );
}

function End({ room }: { room: Room }) {
  const { t } = useI18n();
  const done = useMutation({ mutationFn: () => end(room.appointment) });
  return <button type="button" className="call-end" disabled={done.isPending} onClick={() => done.mutate()}>{t('call.end')}</button>;
}

function Over({ room, patient }: { room: Room; patient: string }) {
  const { t, locale } = useI18n();
  const encounter = room.encounter?.split('/')[1];
  return (
    <Notice tone="info" icon="check" title={t('call.over')}>
      {room.ended && <p>{formatDateTime(room.ended, locale)}</p>}
      {encounter && room.admitted && <p><Link to="/patients/$id/encounters/$encounter" params={{ id: patient, encounter }}>{t('call.finish')}</Link></p>}
    </Notice>
  );
}
