/** The pages of scheduling, side by side; while one of them is open, changes that others make are heard. */

import { Link } from '@tanstack/react-router';
import { useLive } from '../../fhir/live';
import { useI18n } from '../../lib/i18n';
import { useScheduleChanged } from './api';

export function ScheduleNav() {
  const { t } = useI18n();
  const changed = useScheduleChanged();
  useLive(['Appointment', 'Schedule', 'Slot'], () => void changed());
  return (
    <nav className="schedule-nav" aria-label={t('calendar.nav')}>
      <Link to="/schedule" search={{}} activeOptions={{ exact: true, includeSearch: false }}>{t('calendar.title')}</Link>
      <Link to="/schedule/board" search={{}}>{t('board.title')}</Link>
      <Link to="/schedule/waitlist" search={{}}>{t('waitlist.title')}</Link>
      <Link to="/schedule/hours" search={{}}>{t('hours.title')}</Link>
    </nav>
  );
}
