/** A round of vital signs: typed with the keyboard alone, refused by the server's rules, each refusal at its field. */

import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { transaction } from '../../fhir/client';
import { Failure } from '../../fhir/Failure';
import { RequestError } from '../../fhir/http';
import { useChartChanged, usePatient } from '../../fhir/queries';
import { useSession } from '../../fhir/session';
import { VITALS, entries, fieldOf, matters } from '../../fhir/vitals';
import { age, now, today } from '../../lib/dates';
import { dropDraft, keepDraft, readDraft } from '../../lib/drafts';
import { type Key, useI18n } from '../../lib/i18n';
import { decimal, type Decimal } from '../../lib/json';
import { useShortcuts } from '../../lib/keys';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from './ChartLayout';
import { VisitField, useVisit } from './visit';

const route = getRouteApi('/patients/$id/vitals/new');

type Typed = Partial<Record<string, string>>;

/** The numbers that were typed, and the fields that hold none. */
function read(typed: Typed): { values: Partial<Record<string, Decimal>>; wrong: string[] } {
  const values: Partial<Record<string, Decimal>> = {};
  const wrong: string[] = [];
  for (const [key, text] of Object.entries(typed)) {
    if (!text?.trim()) continue;
    const value = decimal(text);
    if (value) values[key] = value;
    else wrong.push(key);
  }
  return { values, wrong };
}

export function VitalsEntry() {
  const { t } = useI18n();
  const id = useChartPatient();
  const session = useSession();
  const navigate = useNavigate();
  const changed = useChartChanged(id);
  const birth = usePatient(id).data?.body.birthDate;
  const years = birth ? age(birth, today())?.years : undefined;
  const entered = VITALS.filter((vital) => !vital.derived && matters(vital, years));
  const visit = useVisit(id, route.useSearch().visit);
  const draft = `vitals/${id}`;
  const form = useRef<HTMLFormElement>(null);
  const [typed, setTyped] = useState<Typed>(() => readDraft<Typed>(draft) ?? {});
  const [wrong, setWrong] = useState<Partial<Record<string, string>>>({});
  useEffect(() => {
    if (Object.values(typed).some(Boolean)) keepDraft(draft, typed);
  }, [typed, draft]);
  const leave = () => {
    dropDraft(draft);
    void navigate({ to: '/patients/$id/vitals', params: { id } });
  };
  const performer = session.fhirUser ? { reference: session.fhirUser, display: session.name } : { display: session.name };
  const save = useMutation({
    mutationFn: async (values: Partial<Record<string, Decimal>>) => {
      const list = entries({ patient: id, at: now(), values, performer, encounter: visit.reference });
      try {
        await transaction(list.map((entry) => entry.resource));
      } catch (error) {
        if (error instanceof RequestError && error.kind === 'invalid') {
          const at = error.issues.map((issue) => [fieldOf(issue.expression?.[0], list), issue.diagnostics ?? ''] as const);
          setWrong(Object.fromEntries(at.filter(([field]) => field !== undefined)));
        }
        throw error;
      }
    },
    onSuccess: async () => {
      await changed('Observation');
      leave();
    },
  });
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    const { values, wrong: bad } = read(typed);
    setWrong(Object.fromEntries(bad.map((key) => [key, t('vitals.notANumber')])));
    if (bad[0]) form.current?.querySelector<HTMLElement>(`[name="${bad[0]}"]`)?.focus();
    else if (Object.keys(values).length > 0 && !visit.undecided && !save.isPending) save.mutate(values);
  };
  useShortcuts({ 'mod+Enter': submit, 'mod+s': submit });
  const shownAtField = save.error instanceof RequestError && save.error.kind === 'invalid' && Object.keys(wrong).length > 0;
  return (
    <Panel title={t('vitals.add')}>
      <form ref={form} onSubmit={submit} noValidate>
        <div className="visit-field"><VisitField visit={visit} /></div>
        <div className="fields vitals-fields">
          {entered.map((vital, index) => (
            <TextInput
              key={vital.key}
              name={vital.key}
              label={t(`vital.${vital.key}` as Key)}
              rightSection={<span className="unit">{vital.shown}</span>}
              rightSectionWidth={64}
              rightSectionPointerEvents="none"
              inputMode="decimal"
              autoComplete="off"
              data-autofocus={index === 0 || undefined}
              value={typed[vital.key] ?? ''}
              onChange={(event) => setTyped({ ...typed, [vital.key]: event.currentTarget.value })}
              error={wrong[vital.key]}
            />
          ))}
        </div>
        <p className="quiet">{t('vitals.now')}</p>
        {save.isError && !shownAtField && <Failure error={save.error} onRetry={() => submit()} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={visit.undecided} loading={save.isPending}>{t('vitals.save')}</Button>
          <Button type="button" size="sm" variant="default" onClick={leave}>{t('cancel')}</Button>
        </div>
      </form>
    </Panel>
  );
}
