/** What must be looked at before an order is signed, beside the order itself: why, and from where it is known. */

import { useI18n } from '../../lib/i18n';
import { Icon } from '../../ui/icons';
import type { Concern } from './order';

export function Concerns({ list }: { list: Concern[] }) {
  const { t } = useI18n();
  if (list.length === 0) return null;
  const text = (one: Concern) => {
    if (one.kind === 'allergy') return t('concern.allergy', { substance: one.substance });
    return one.kind === 'duplicate' ? t('concern.duplicate', { name: one.name }) : t('concern.undosed');
  };
  return (
    <ul className="plain concerns">
      {list.map((one) => (
        <li key={text(one)} className={one.kind === 'allergy' ? 'notice-danger' : 'notice-warning'}>
          <Icon name="alert" size={14} /> <strong>{text(one)}</strong>
          {one.kind === 'allergy' && one.high && <b> ({t('allergy.high')})</b>}
        </li>
      ))}
    </ul>
  );
}
