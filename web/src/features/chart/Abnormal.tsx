/** A value that is out of range is bold, lettered and said aloud; a normal one stays plain. Colour is never the only sign. */

import type { ReactNode } from 'react';
import { type Key, useI18n } from '../../lib/i18n';
import { Icon } from '../../ui/icons';

export function Abnormal({ letter, children }: { letter: string; children: ReactNode }) {
  const { t } = useI18n();
  if (!letter) return <>{children}</>;
  const critical = letter.length === 2;
  return (
    <b className={critical ? 'critical' : 'abnormal'}>
      {critical && <Icon name="alert" size={14} />}
      {children} <abbr title={t(`abnormal.${letter}` as Key)} aria-hidden="true">{letter}</abbr>
      <span className="visually-hidden"> {t(`abnormal.${letter}` as Key)}</span>
    </b>
  );
}
