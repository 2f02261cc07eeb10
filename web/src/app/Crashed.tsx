/** A defect of a page, or a chunk that a newer release has replaced: the rest of the application goes on. */

import { useI18n } from '../lib/i18n';
import { Notice } from '../ui/Notice';

export function Crashed() {
  const { t } = useI18n();
  return (
    <div className="page">
      <Notice tone="danger" icon="alert" title={t('crashed.title')} onRetry={() => location.reload()}>
        <p>{t('crashed.help')}</p>
      </Notice>
    </div>
  );
}
