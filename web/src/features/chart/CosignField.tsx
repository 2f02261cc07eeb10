/** Who is asked to sign a note as well: needed where the organisation says so, and open to everybody else. */

import { NativeSelect } from '@mantine/core';
import { useI18n } from '../../lib/i18n';
import { useColleagues, useCosignRules } from './signing';

/** `ask` is `undefined` where no second signature is wanted, and empty where anybody may give it. */
export function CosignField({ ask, onAsk }: { ask: string | undefined; onAsk: (who: string | undefined) => void }) {
  const { t } = useI18n();
  const needed = useCosignRules().data?.body.ownNotes ?? false;
  const colleagues = useColleagues().data ?? [];
  const none = needed ? { value: '', label: t('cosign.anybody') } : { value: '', label: t('cosign.nobody') };
  return (
    <NativeSelect
      label={t('cosign.ask')}
      description={needed ? t('cosign.needed') : undefined}
      value={ask ?? ''}
      onChange={(event) => onAsk(event.currentTarget.value || undefined)}
      data={[none, ...colleagues]}
    />
  );
}
