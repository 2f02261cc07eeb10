/** Messages with the clinic (S56); the way out of an emergency is always on the page. */

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { create } from '../fhir/client';
import { nameText } from '../fhir/display';
import { usePatient } from '../fhir/queries';
import { useSession } from '../fhir/session';
import type { Communication } from '../fhir/types';
import { fromPatient, textOf, threads } from '../features/inbox/thread';
import { formatDateTime, now } from '../lib/dates';
import { dropDraft, keepDraft, readDraft } from '../lib/drafts';
import { useI18n } from '../lib/i18n';
import { None, Shown, Trouble } from './parts';
import { useOwn, useRecord } from './record';

export default function Messages() {
  const { t, locale } = useI18n();
  const own = useOwn();
  const patient = usePatient(own ?? '').data?.body;
  // What was typed about one person is not sent about another.
  const draft = `portal-message/${own ?? ''}`;
  const session = useSession();
  const client = useQueryClient();
  const query = useRecord('Communication', { _sort: '-sent', patient: undefined, subject: `Patient/${own ?? ''}` });
  const [text, setText] = useState(() => readDraft<string>(draft) ?? '');
  const send = useMutation({
    mutationFn: () => {
      const subject = { reference: `Patient/${own ?? ''}`, display: patient && nameText(patient.name?.[0]) };
      // Whoever acts for a patient writes in the own name.
      const sender = { reference: session.fhirUser ?? subject.reference, display: session.name };
      const message: Communication = { resourceType: 'Communication', status: 'completed', subject, sender, sent: now(), payload: [{ contentString: text.trim() }] };
      return create(message);
    },
    onSuccess: async () => {
      dropDraft(draft);
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
                  <p className="quiet">{one.sender?.reference === session.fhirUser ? t('portal.you') : (one.sender?.display ?? t('portal.clinic'))} · {one.sent && formatDateTime(one.sent, locale)}</p>
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
            keepDraft(draft, event.currentTarget.value);
          }}
        />
        {send.isError && <Trouble error={send.error} />}
        <button type="submit" className="primary" disabled={!text.trim() || send.isPending}>{t('portal.send')}</button>
      </form>
    </>
  );
}
