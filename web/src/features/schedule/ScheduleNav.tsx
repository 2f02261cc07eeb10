/** The pages of scheduling, side by side. */

import { Link } from '@tanstack/react-router';
import { useI18n } from '../../lib/i18n';

export function ScheduleNav() {
  const { t } = useI18n();
  return (
    <nav className="schedule-nav" aria-label={t('calendar.nav')}>
      <Link to="/schedule" search={{}} activeOptions={{ exact: true, includeSearch: false }}>{t('calendar.title')}</Link>
      <Link to="/schedule/board" search={{}}>{t('board.title')}</Link>
      <Link to="/schedule/waitlist" search={{}}>{t('waitlist.title')}</Link>
      <Link to="/schedule/hours" search={{}}>{t('hours.title')}</Link>
    </nav>
  );
}
