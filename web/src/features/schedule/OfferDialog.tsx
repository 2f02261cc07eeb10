/** A free time, and who on the waiting list fits it best, with the reasons. */

import { Button, NativeSelect } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Loaded } from '../../fhir/Loaded';
import { type Key, useI18n } from '../../lib/i18n';
import { clockMinutes, clockOf, instantOf, iso } from '../../lib/zone';
import { Dialog } from '../../ui/Dialog';
import { Empty } from '../../ui/Notice';
import { offer, useScheduleChanged, useWaitlist } from './api';
import { type Calendar, isPerson, useClinicZone } from './people';
import { Refusal } from './Refusal';
import { FreeTimes, type Time } from './TimeFields';
import type { Service } from './types';
import { useWhen } from './VisitDialog';
import { useWish } from './WaitlistPage';

const DEFAULT_MINUTES = 30;

/** The server's reasons; one that is not known here is shown as it came. */
const WHY: Readonly<Record<string, Key>> = {
  urgent: 'offer.why.urgent',
  'has waited long': 'offer.why.long',
  'asked for this clinician': 'offer.why.clinician',
  'needs this service': 'offer.why.service',
  'asked for this time': 'offer.why.time',
};

export function OfferDialog({ calendars, services, onClose }: { calendars: readonly Calendar[]; services: readonly Service[]; onClose: () => void }) {
  const { t } = useI18n();
  const zone = useClinicZone();
  const when = useWhen(zone);
  const wish = useWish(calendars, services);
  const changed = useScheduleChanged();
  const [service, setService] = useState('');
  const minutes = services.find(({ code }) => code === service)?.minutes ?? DEFAULT_MINUTES;
  const [time, setTime] = useState<Time>(() => ({ day: clockOf(Date.now(), zone).day, clock: '', minutes, actor: calendars.find(({ actor }) => isPerson(actor))?.actor ?? '', room: '' }));
  const [chosen, setChosen] = useState<{ start: string; end: string; actor: string }>();
  const ranked = useWaitlist(chosen, chosen !== undefined);
  const send = useMutation({
    mutationFn: (id: string) => {
      if (!chosen) throw new TypeError('no time is chosen');
      return offer(id, chosen);
    },
    onSuccess: async () => {
      await changed();
      onClose();
    },
  });
  const pick = (next: Time) => {
    setTime(next);
    // Without a clock time it is only a later day to search from.
    const start = instantOf(next.day, clockMinutes(next.clock) ?? 0, zone);
    setChosen(next.clock ? { start: iso(start), end: iso(start + minutes * 60_000), actor: next.actor } : undefined);
  };
  return (
    <Dialog title={t('offer.title')} size="xl" onClose={onClose}>
      <div className="stack">
        <NativeSelect label={t('booking.service')} data-autofocus value={service} onChange={(event) => {
          setService(event.currentTarget.value);
          setChosen(undefined);
        }} data={[{ value: '', label: t('waitlist.anyService') }, ...services.map(({ code, name }) => ({ value: code, label: name }))]} />
        {chosen ? (
          <>
            <p><strong>{when(chosen.start, chosen.end)}, {calendars.find(({ actor }) => actor === chosen.actor)?.name}</strong> <button type="button" className="link" onClick={() => setChosen(undefined)}>{t('offer.otherTime')}</button></p>
            {send.isError && <Refusal error={send.error} />}
            <Loaded query={ranked}>
              {(items) =>
                items.length === 0 ? (
                  <Empty>{t('offer.nobody')}</Empty>
                ) : (
                  <ol className="plain stack">
                    {items.map((one) => (
                      <li key={one.id} className="offered">
                        <p><strong>{one.patient?.display || t('visit.noName')}</strong> {one.score !== null && <span className="chip">{t('offer.score', { percent: Math.round(one.score * 100) })}</span>}<br />{wish(one)}<br /><span className="quiet">{(one.why ?? []).map((why) => (WHY[why] ? t(WHY[why]) : why)).join(' · ')}</span></p>
                        <Button disabled={one.offer !== null || send.isPending} onClick={() => send.mutate(one.id)}>{one.offer ? t('offer.hasOne') : t('offer.send')}<span className="visually-hidden"> {one.patient?.display}</span></Button>
                      </li>
                    ))}
                  </ol>
                )
              }
            </Loaded>
          </>
        ) : (
          <FreeTimes time={{ ...time, minutes }} anyone service={service || undefined} zone={zone} calendars={calendars} onPick={pick} />
        )}
      </div>
    </Dialog>
  );
}
