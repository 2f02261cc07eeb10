/** The next two weeks as patients will see them, by the server's own rules, before anything is saved. */

import { NativeSelect } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Loaded } from '../../fhir/Loaded';
import { useSettled } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { addDays, clockOf, clockText, dayText } from '../../lib/zone';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { preview } from './api';
import { useToday } from './people';
import { byDay } from './TimeFields';
import type { Hours, Service } from './types';

const DAYS = 14;

export function HoursPreview({ actor, hours, wrong, services }: { actor: string; hours: Hours; wrong: boolean; services: readonly Service[] }) {
  const { t, locale } = useI18n();
  const [service, setService] = useState('');
  const settled = useSettled(hours, 400);
  const from = useToday(settled.timeZone);
  const query = useQuery({
    queryKey: ['schedule', 'preview', actor, settled, service, from],
    queryFn: () => preview(actor, settled, from, addDays(from, DAYS), service || undefined),
    enabled: !wrong && settled === hours,
    placeholderData: keepPreviousData,
  });
  const chooser = services.length > 0 && (
    <NativeSelect size="xs" aria-label={t('booking.service')} value={service} onChange={(event) => setService(event.currentTarget.value)} data={[{ value: '', label: t('waitlist.anyService') }, ...services.map(({ code, name }) => ({ value: code, label: name }))]} />
  );
  return (
    <Panel title={t('hours.preview')} actions={chooser}>
      {wrong ? (
        <Empty>{t('hours.preview.wrong')}</Empty>
      ) : (
        <Loaded query={query} rows={6}>
          {({ slots, affected }) => {
            const days = new Map(byDay(slots?.slots ?? [], settled.timeZone));
            return (
              <>
                {affected.length > 0 && <p className="field-error">{t('hours.preview.affected', { count: affected.length })}</p>}
                <ol className="plain preview">
                  {Array.from({ length: DAYS }, (_, index) => addDays(from, index)).map((day) => {
                    const list = days.get(day) ?? [];
                    const first = list[0];
                    const last = list.at(-1);
                    return (
                      <li key={day}>
                        <strong>{dayText(day, locale, 'short')}</strong>
                        {first && last ? (
                          <>
                            <span>{t('hours.preview.count', { count: list.length })}</span>
                            <span className="quiet">{clockText(clockOf(Date.parse(first.start), settled.timeZone).minutes)}–{clockText(clockOf(Date.parse(last.end), settled.timeZone).minutes)}</span>
                          </>
                        ) : (
                          <span className="quiet">{t('hours.preview.none')}</span>
                        )}
                      </li>
                    );
                  })}
                </ol>
              </>
            );
          }}
        </Loaded>
      )}
    </Panel>
  );
}
