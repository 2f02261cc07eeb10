/** How many messages wait, and the way to them. The list itself is a page of its own, loaded when it is opened. */

import { Link } from '@tanstack/react-router';
import { useI18n } from '../../lib/i18n';
import { Icon } from '../../ui/icons';
import { badge, useUnread } from './api';

export function Bell() {
  const { t } = useI18n();
  const unread = useUnread();
  return (
    <Link to="/notifications" search={{}} className="bell" aria-label={unread === undefined ? t('notices.title') : t('notices.bell', { count: unread })}>
      <Icon name="bell" />
      {!!unread && <span className="bell-count" aria-hidden="true">{badge(unread)}</span>}
    </Link>
  );
}
