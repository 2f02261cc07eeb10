/** How many messages wait, and the way to them: in sight on every page of the portal. */

import { badge, useUnread } from '../features/notices/api';
import { useI18n } from '../lib/i18n';
import { Icon } from '../ui/icons';
import { To } from './parts';

export default function Bell({ current }: { current: boolean }) {
  const { t } = useI18n();
  const unread = useUnread();
  return (
    <To page="notices" current={current} className="bell" label={unread === undefined ? t('notices.title') : t('notices.bell', { count: unread })}>
      <Icon name="bell" size={22} />
      {!!unread && <span className="bell-count" aria-hidden="true">{badge(unread)}</span>}
    </To>
  );
}
