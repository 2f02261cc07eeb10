/** An address that leads nowhere. */

import { Link } from '@tanstack/react-router';
import { useI18n } from '../lib/i18n';
import { Empty } from '../ui/Notice';

export function NotFound() {
  const { t } = useI18n();
  return (
    <div className="page">
      <h1>{t('notFound.title')}</h1>
      <Empty action={<Link to="/patients" search={{}}>{t('patients.title')}</Link>}>{t('notFound.help')}</Empty>
    </div>
  );
}
