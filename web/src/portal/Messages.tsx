/** Messages with the clinic (S56); the way out of an emergency is always on the page. */

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { create } from '../fhir/client';
import { useSession } from '../fhir/session';
import type { Communication } from '../fhir/types';
import { fromPatient, textOf, threads } from '../features/work/thread';
import { formatDateTime, now } from '../lib/dates';
import { dropDraft, keepDraft, readDraft } from '../lib/drafts';
import { useI18n } from '../lib/i18n';
import { None, Shown, Trouble } from './parts';
import { useOwn, useRecord } from './record';

const DRAFT = 'portal-message';

export default function Messages() {
  const { t, locale } = useI18n();
  const own = useOwn();
  const session = useSession();
  const client = useQueryClient();
  const query = useRecord('Communication', { _sort: '-sent', patient: undefined, subject: `Patient/${own ?? ''}` });
  const [text, setText] = useState(() => readDraft<string>(DRAFT) ?? '');
  const send = useMutation({
    mutationFn: () => {
      const me = { reference: `Patient/${own ?? ''}`, display: session.name };
      const message: Communication = { resourceType: 'Communication', status: 'completed', subject: me, sender: me, sent: now(), payload: [{ contentString: text.trim() }] };
      return create(message);
    },
    onSuccess: async () => {
      dropDraft(DRAFT);
      setText('');
      await client.invalidateQueries({ queryKey: ['record', own, 'Communication'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() && !send.isPending) send.mutate();
  };
  return (
    <>
      <p className="urgent">{t('portal.urgent')}</p>
      <Shown query={query}>
        {({ matches }) => {
          const list = threads(matches)[0]?.messages ?? [];
          if (list.length === 0) return <None>{t('portal.noMessages')}</None>;
          return (
            <ol className="talk">
              {list.map((one) => (
                <li key={one.id} className={fromPatient(one) ? 'mine' : undefined}>
                  <p className="quiet">{fromPatient(one) ? t('portal.you') : (one.sender?.display ?? t('portal.clinic'))} · {one.sent && formatDateTime(one.sent, locale)}</p>
                  <p className="words">{textOf(one)}</p>
                </li>
              ))}
            </ol>
          );
        }}
      </Shown>
      <form className="card" onSubmit={submit}>
        <label htmlFor="text">{t('messages.reply')}</label>
        <textarea
          id="text"
          rows={4}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            keepDraft(DRAFT, event.currentTarget.value);
          }}
        />
        {send.isError && <Trouble error={send.error} />}
        <button type="submit" className="primary" disabled={!text.trim() || send.isPending}>{t('portal.send')}</button>
      </form>
    </>
  );
}
