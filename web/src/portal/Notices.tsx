/** What the clinic has told: the own messages, the latest first, each with the way to what it is about. */

import { useRef } from 'react';
import { type Message, useAllMessages, useRead } from '../features/notices/api';
import { formatDateTime } from '../lib/dates';
import { useI18n } from '../lib/i18n';
import { Card, None, To, Trouble, Wait } from './parts';
import { pageAbout } from './notice';

export default function Notices() {
  const { t, locale } = useI18n();
  const query = useAllMessages();
  const read = useRead();
  const messages = query.data?.pages.flatMap((page) => page.items) ?? [];
  const unread = query.data?.pages[0]?.unread.toNumber();
  return (
    <>
      {read.isError && <Trouble error={read.error} />}
      {query.isError && (query.data ? <p className="stale" role="status">{t('stale', { time: formatDateTime(new Date(query.dataUpdatedAt).toISOString(), locale) })}</p> : <Trouble error={query.error} onRetry={() => void query.refetch()} />)}
      {query.isPending && <Wait />}
      {unread !== undefined && (
        <Card title={t('notices.all')} action={<button type="button" disabled={read.isPending || unread === 0} onClick={() => read.mutate(undefined)}>{t('notices.readAll')}</button>}>
          <p className="quiet" role="status">{t('notices.count', { count: unread })}</p>
          {messages.length === 0 ? <None>{t('notices.none')}</None> : <ul className="rows">{messages.map((one) => <Line key={one.id} message={one} onRead={() => read.mutate(one.id)} />)}</ul>}
        </Card>
      )}
      {query.hasNextPage && <button type="button" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('notices.older')}</button>}
    </>
  );
}

function Line({ message, onRead }: { message: Message; onRead: () => void }) {
  const { t, locale } = useI18n();
  const line = useRef<HTMLLIElement>(null);
  const fresh = message.readAt === undefined;
  const about = pageAbout(message);
  return (
    <li ref={line} tabIndex={-1} className={fresh ? 'notice fresh' : 'notice'}>
      <div lang={message.language}>
        <strong>{message.title}</strong>
        <p>{message.body}</p>
      </div>
      <p className="quiet">{formatDateTime(message.createdAt, locale)}{fresh && ` · ${t('notices.isUnread')}`}{message.urgent && <span className="mark">{t('portal.notices.urgent')}</span>}</p>
      {(about || fresh) && (
        <p className="choices">
          {about && <To page={about} className="door" onFollow={fresh ? onRead : undefined}>{t('notices.open')}<span className="visually-hidden"> {message.title}</span></To>}
          {fresh && (
            <button
              type="button"
              onClick={() => {
                // The button goes away; who uses the keyboard stays at the message.
                line.current?.focus();
                onRead();
              }}
            >
              {t('notices.read')}<span className="visually-hidden"> {message.title}</span>
            </button>
          )}
        </p>
      )}
    </li>
  );
}
