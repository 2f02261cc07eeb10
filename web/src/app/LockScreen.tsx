/** The cover of a locked screen: nothing of the record is readable, and the way back is one button. */

import { Button } from '@mantine/core';
import { signInUrl, useSession } from '../fhir/session';
import { useI18n } from '../lib/i18n';
import { Dialog } from '../ui/Dialog';

export default function LockScreen({ drafts }: { drafts: boolean }) {
  const { t } = useI18n();
  const session = useSession();
  return (
    <Dialog locked onClose={() => undefined} title={t('lock.title')}>
      <div className="lock">
        <p>{t('lock.help')}</p>
        {drafts && <p><strong>{t('lock.drafts')}</strong></p>}
        <Button size="md" data-autofocus onClick={() => location.assign(signInUrl(session.tenant))}>{t('lock.unlock')}</Button>
      </div>
    </Dialog>
  );
}
