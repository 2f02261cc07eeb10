/** What one was told: the latest first, with what is unread in front of the eyes. */

import { Button } from '@mantine/core';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { formatDateTime } from '../../lib/dates';
import { useTitle } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { type Message, target, useInbox, useRead } from './api';

export function NoticesPage() {
  const { t } = useI18n();
  useTitle(t('notices.title'));
  const navigate = useNavigate();
  const { unread = false } = useSearch({ from: '/notifications' });
  // Cursors of the pages before this one, the nearest last.
  const [behind, setBehind] = useState<string[]>([]);
  const query = useInbox(behind.at(-1), unread);
  const read = useRead();
  const choose = (only: boolean) => {
    setBehind([]);
    void navigate({ to: '/notifications', search: only ? { unread: true } : {} });
  };
  return (
    <div className="page">
      <h1>{t('notices.title')}</h1>
      {read.isError && <Failure error={read.error} />}
      <Panel
        title={unread ? t('notices.unread') : t('notices.all')}
        aside={query.data && t('notices.count', { count: query.data.unread.toNumber() })}
        actions={
          <>
            <Button variant="default" aria-pressed={unread} onClick={() => choose(!unread)}>{t('notices.onlyUnread')}</Button>
            <Button variant="default" disabled={read.isPending || query.data?.unread.toNumber() === 0} onClick={() => read.mutate(undefined)}>{t('notices.readAll')}</Button>
            <Link to="/notifications/preferences">{t('notices.preferences')}</Link>
          </>
        }
      >
        <Loaded query={query} rows={6}>
          {({ items, next }) => (
            <>
              {items.length === 0 ? <Empty>{t('notices.none')}</Empty> : <ul className="notices">{items.map((one) => <Line key={one.id} message={one} onRead={() => read.mutate(one.id)} />)}</ul>}
              {(behind.length > 0 || next) && (
                <div className="form-actions">
                  <Button variant="default" disabled={behind.length === 0} onClick={() => setBehind(behind.slice(0, -1))}>{t('notices.newer')}</Button>
                  <Button variant="default" disabled={!next} onClick={() => next && setBehind([...behind, next])}>{t('notices.older')}</Button>
                </div>
              )}
            </>
          )}
        </Loaded>
      </Panel>
    </div>
  );
}

function Line({ message, onRead }: { message: Message; onRead: () => void }) {
  const { t, locale } = useI18n();
  const to = target(message);
  const fresh = message.readAt === undefined;
  return (
    <li className={fresh ? 'notice-line unread' : 'notice-line'}>
      <div lang={message.language}>
        <strong>{message.urgent && <span className="critical"><Icon name="alert" /> </span>}{message.title}</strong>
        <p>{message.body}</p>
      </div>
      <div className="notice-side">
        <span className="quiet nowrap">{formatDateTime(message.createdAt, locale)}{fresh && <span className="visually-hidden"> {t('notices.isUnread')}</span>}</span>
        {to && <Link {...to} search={{}} onClick={fresh ? onRead : undefined}>{t('notices.open')}<span className="visually-hidden"> {message.title}</span></Link>}
        {fresh && <Button variant="default" size="xs" onClick={onRead}>{t('notices.read')}<span className="visually-hidden"> {message.title}</span></Button>}
      </div>
    </li>
  );
}
