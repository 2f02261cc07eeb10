/** The availability editor (S22): when somebody can be booked, tried out as patients will see it before it is saved. */

import { Button, NativeSelect } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { RequestError } from '../../fhir/http';
import { Loaded } from '../../fhir/Loaded';
import { useTitle } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { Empty, Notice } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { saveHours, useHours, useScheduleChanged, useSettings } from './api';
import { HoursFields } from './HoursFields';
import { emptyHours, hoursOf, isWrong } from './hoursForm';
import { HoursPreview } from './HoursPreview';
import { useBookable, useClinicZone } from './people';
import { Refusal } from './Refusal';
import { ScheduleNav } from './ScheduleNav';
import type { Appointment, Availability, Hours, Service } from './types';
import { useWhen } from './VisitDialog';
import './schedule.css';

export interface HoursSearch {
  actor?: string;
}

const route = getRouteApi('/schedule/hours');

export function HoursPage() {
  const { t } = useI18n();
  useTitle(t('hours.title'));
  const { actor = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const bookable = useBookable();
  const settings = useSettings();
  return (
    <div className="page">
      <ScheduleNav />
      <h1>{t('hours.title')}</h1>
      <Loaded query={bookable} rows={1}>
        {(all) =>
          all.length === 0 ? (
            <Empty>{t('hours.nobody')}</Empty>
          ) : (
            <NativeSelect className="search-box" label={t('hours.of')} value={actor} onChange={(event) => void navigate({ search: { actor: event.currentTarget.value || undefined } })} data={[{ value: '', label: t('hours.choose') }, ...all.map((one) => ({ value: one.actor, label: one.name }))]} />
          )
        }
      </Loaded>
      {actor && <Loaded query={settings} rows={8}>{({ services, holidays }) => <HoursOf key={actor} actor={actor} services={services} holidays={holidays} />}</Loaded>}
    </div>
  );
}

function HoursOf({ actor, services, holidays }: { actor: string; services: readonly Service[]; holidays: readonly string[] }) {
  const { t } = useI18n();
  const zone = useClinicZone();
  const query = useHours(actor);
  const [count, setCount] = useState(0);
  return (
    <Loaded query={query} rows={8}>
      {(stored) => (
        <>
          {stored === null && <Notice tone="info" icon="info" title={t('hours.none')}><p>{t('hours.none.help')}</p></Notice>}
          <Editor
            key={count}
            actor={actor}
            stored={stored}
            initial={stored ? hoursOf(stored) : emptyHours(zone, holidays)}
            services={services}
            onNewer={async () => {
              await query.refetch();
              setCount(count + 1);
            }}
          />
        </>
      )}
    </Loaded>
  );
}

interface EditorProps {
  actor: string;
  stored: Availability | null;
  initial: Hours;
  services: readonly Service[];
  onNewer: () => Promise<void>;
}

function Editor({ actor, stored, initial, services, onNewer }: EditorProps) {
  const { t } = useI18n();
  const changed = useScheduleChanged();
  // The version that the form was filled from: what comes in later by itself must not be overwritten unseen.
  const [over, setOver] = useState(stored);
  const [hours, setHours] = useState(initial);
  const [affected, setAffected] = useState<Appointment[]>();
  const save = useMutation({
    mutationFn: () => saveHours(actor, hours, over),
    onSuccess: async (answer) => {
      setOver(answer.availability);
      setHours(hoursOf(answer.availability));
      setAffected(answer.affected);
      await changed();
    },
  });
  const wrong = isWrong(hours);
  const submit = () => {
    if (!wrong && !save.isPending) save.mutate();
  };
  useShortcuts({ 'mod+s': submit });
  const stale = save.error instanceof RequestError && save.error.status === 412;
  const edit = (next: Hours) => {
    save.reset();
    setAffected(undefined);
    setHours(next);
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <HoursFields hours={hours} onHours={edit} services={services} />
      {stale ? (
        <Notice tone="warning" icon="alert" title={t('hours.stale')}>
          <p>{t('hours.stale.help')}</p>
          <Button type="button" variant="default" onClick={() => void onNewer()}>{t('hours.stale.load')}</Button>
        </Notice>
      ) : (
        save.isError && <Refusal error={save.error} />
      )}
      {affected && <Affected list={affected} />}
      <div className="form-actions">
        <Button type="submit" size="sm" disabled={wrong} loading={save.isPending}>{t('save')}</Button>
        {wrong && <span className="quiet" role="status">{t('hours.wrong')}</span>}
      </div>
      <HoursPreview actor={actor} hours={hours} wrong={wrong} services={services} />
    </form>
  );
}

/** Visits that were booked before and now lie outside of the hours: somebody has to look at them. */
export function Affected({ list }: { list: readonly Appointment[] }) {
  const { t } = useI18n();
  const zone = useClinicZone();
  const when = useWhen(zone);
  if (list.length === 0) return <Notice tone="info" icon="check" title={t('hours.saved')}><p>{t('hours.affected.none')}</p></Notice>;
  return (
    <Panel title={t('hours.affected')} aside={list.length}>
      <p className="quiet">{t('hours.affected.help')}</p>
      <ul className="facts">
        {list.map((one) => (
          <li key={one.id}><span>{one.patient?.display || t('visit.noName')}</span><a className="nowrap" href={`/app/schedule?visit=${one.id}&day=${one.start.slice(0, 10)}`}>{when(one.start, one.end)}</a></li>
        ))}
      </ul>
    </Panel>
  );
}
