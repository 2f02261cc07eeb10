/** The keys there are, and the switch for those of a single letter (WCAG 2.1.4). */

import { Switch } from '@mantine/core';
import { useState } from 'react';
import { type Key, useI18n } from '../lib/i18n';
import { singleKeysOff, switchSingleKeys } from '../lib/keys';
import { Dialog } from '../ui/Dialog';

const KEYS: readonly (readonly [string, Key])[] = [
  ['Ctrl K', 'keys.palette'],
  ['/', 'keys.search'],
  ['g p', 'keys.patients'],
  ['g r', 'keys.register'],
  ['g t', 'tasks.title'],
  ['g m', 'messages.title'],
  ['g c', 'keys.calendar'],
  ['g b', 'keys.board'],
  ['g n', 'notices.title'],
  ['g s', 'keys.system'],
  ['j k', 'keys.rows'],
  ['Alt 1 … 9', 'keys.chart'],
  ['n', 'keys.note'],
  ['a', 'keys.add'],
  ['Ctrl S', 'keys.save'],
  ['Ctrl Enter', 'keys.submit'],
  ['← →', 'keys.plot'],
  ['Esc', 'keys.close'],
  ['?', 'keys.help'],
];

export default function KeyboardHelp({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const [on, setOn] = useState(!singleKeysOff());
  return (
    <Dialog onClose={onClose} title={t('keys.title')}>
      <dl className="keys">
        {KEYS.map(([keys, label]) => (
          <div key={keys}>
            <dt>{keys.split(' ').map((key) => <kbd key={key}>{key}</kbd>)}</dt>
            <dd>{t(label)}</dd>
          </div>
        ))}
      </dl>
      <Switch
        label={t('keys.single')}
        checked={on}
        onChange={(event) => {
          switchSingleKeys(event.currentTarget.checked);
          setOn(event.currentTarget.checked);
        }}
      />
    </Dialog>
  );
}
