/** Who is signed in, and what is theirs to choose: language, appearance, help, and leaving. */

import { useMantineColorScheme } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useRef } from 'react';
import { endSession, signInUrl, useSession } from '../fhir/session';
import { LOCALES, type Locale, useI18n } from '../lib/i18n';
import { Icon } from '../ui/icons';

export function UserMenu({ onHelp }: { onHelp: () => void }) {
  const { t, locale, setLocale } = useI18n();
  const session = useSession();
  const panel = useRef<HTMLDivElement>(null);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const leave = async () => {
    await endSession('choices');
    location.assign(signInUrl(session.tenant));
  };
  const then = (act: () => void) => () => {
    panel.current?.hidePopover();
    act();
  };
  return (
    <>
      <button type="button" className="user-button" popoverTarget="user-menu">
        <Icon name="user" /> <span>{session.name}</span>
      </button>
      <div ref={panel} id="user-menu" className="user-menu" popover="auto">
        <p><strong>{session.name}</strong><br /><span className="quiet">{t('shell.roles', { roles: session.roles.join(', ') })}</span></p>
        <Group label={t('shell.language')}>
          {(Object.keys(LOCALES) as Locale[]).map((one) => (
            <button key={one} type="button" lang={one} aria-pressed={one === locale} onClick={then(() => setLocale(one))}>{LOCALES[one]}</button>
          ))}
        </Group>
        <Group label={t('shell.scheme')}>
          {(['auto', 'light', 'dark'] as const).map((one) => (
            <button key={one} type="button" aria-pressed={one === colorScheme} onClick={then(() => setColorScheme(one))}>{t(`shell.scheme.${one}`)}</button>
          ))}
        </Group>
        <Link to="/sessions" onClick={then(() => undefined)}><Icon name="shield" /> {t('sessions.title')}</Link>
        <button type="button" onClick={then(onHelp)}><Icon name="keyboard" /> {t('keys.title')}</button>
        <button type="button" onClick={then(() => void leave())}><Icon name="lock" /> {t('shell.signOut')}</button>
      </div>
    </>
  );
}

function Group({ label, children }: { label: string; children: ReactNode }) {
  return (
    <fieldset>
      <legend>{label}</legend>
      {children}
    </fieldset>
  );
}
