/** Care plans and goals (S19): what is agreed, who agreed it, how far it is. */

import { Button, NativeSelect, TextInput, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { create, update } from '../../fhir/client';
import { conceptText } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useChart, useChartChanged } from '../../fhir/queries';
import { useAuthor } from '../../fhir/session';
import type { CarePlan, Goal, Resource, Stored } from '../../fhir/types';
import { formatDate, now, today } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import { useShortcuts } from '../../lib/keys';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { useChartPatient } from '../chart/ChartLayout';
import { Stamp } from '../chart/Stamp';
import { ACTIVITY_STATES, GOAL_STATES, activityText, carePlan, goal, inOrder, isRunning, planTitle, targetText, withActivity } from './plan';

type Adding = 'plan' | 'goal' | undefined;

export function PlanPage() {
  const { t } = useI18n();
  const id = useChartPatient();
  const plans = useChart('CarePlan', id);
  const goals = useChart('Goal', id);
  const [adding, setAdding] = useState<Adding>();
  useShortcuts(useMemo(() => ({ a: () => setAdding('goal') }), []));
  return (
    <div className="stack">
      {adding && <AddDialog kind={adding} onClose={() => setAdding(undefined)} />}
      <Panel title={t('care.goals')} aside={goals.data?.matches.length} actions={<Button leftSection={<Icon name="plus" />} onClick={() => setAdding('goal')}>{t('care.addGoal')}</Button>}>
        <Loaded query={goals} rows={3}>{({ matches }) => (matches.length === 0 ? <Empty>{t('care.noGoals')}</Empty> : <Goals list={inOrder(matches)} />)}</Loaded>
      </Panel>
      <Panel title={t('care.plans')} aside={plans.data?.matches.length} actions={<Button leftSection={<Icon name="plus" />} onClick={() => setAdding('plan')}>{t('care.addPlan')}</Button>}>
        <Loaded query={plans} rows={5}>{({ matches }) => (matches.length === 0 ? <Empty>{t('care.noPlans')}</Empty> : inOrder(matches).map((plan) => <Plan key={plan.id} plan={plan} />))}</Loaded>
      </Panel>
    </div>
  );
}

/** Stores a changed record of the chart over the version that is shown. */
function useChange(type: 'CarePlan' | 'Goal') {
  const changed = useChartChanged(useChartPatient());
  return useMutation({ mutationFn: (changedOne: Stored<Resource>) => update(changedOne, undefined), onSettled: () => changed(type) });
}

function Goals({ list }: { list: Stored<Goal>[] }) {
  const { t, locale } = useI18n();
  const change = useChange('Goal');
  return (
    <div className="table-scroll">
      {change.isError && <Failure error={change.error} />}
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('care.goal')}</th>
            <th scope="col">{t('care.target')}</th>
            <th scope="col">{t('care.due')}</th>
            <th scope="col">{t('care.achievement')}</th>
            <th scope="col">{t('medicines.status')}</th>
          </tr>
        </thead>
        <tbody>
          {list.map((one) => {
            const due = one.target?.[0]?.dueDate;
            const late = due !== undefined && due < today() && isRunning(one.lifecycleStatus);
            return (
              <tr key={one.id}>
                <th scope="row">{conceptText(one.description)}</th>
                <td className="nowrap">{targetText(one)}</td>
                <td className="nowrap">{due ? formatDate(due, locale) : <span className="quiet">{t('care.noDate')}</span>}{late && <span className="chip chip-warning">{t('care.late')}</span>}</td>
                <td>{conceptText(one.achievementStatus) || <span className="quiet">{t('notKnown')}</span>}</td>
                <td><State label={conceptText(one.description)} states={GOAL_STATES} prefix="goal" value={one.lifecycleStatus} busy={change.isPending} onChange={(lifecycleStatus) => change.mutate({ ...one, lifecycleStatus } as Stored<Goal>)} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

interface StateProps {
  label: string;
  states: readonly string[];
  prefix: 'goal' | 'activity';
  value: string;
  busy: boolean;
  onChange: (state: string) => void;
}

/** The state of one thing, changed in place; one that is not on offer stays what it is. */
function State({ label, states, prefix, value, busy, onChange }: StateProps) {
  const { t } = useI18n();
  const offered = states.includes(value) ? states : [value, ...states];
  const words = (state: string) => t((prefix === 'goal' ? `goal.${state}` : `activity.${state}`) as Key);
  return <NativeSelect size="xs" aria-label={label} value={value} disabled={busy} onChange={(event) => onChange(event.currentTarget.value)} data={offered.map((state) => ({ value: state, label: words(state) }))} />;
}

function Plan({ plan }: { plan: Stored<CarePlan> }) {
  const { t, locale } = useI18n();
  const change = useChange('CarePlan');
  const running = isRunning(plan.status);
  return (
    <details className="document" open={running}>
      <summary>
        <strong>{planTitle(plan) || t('care.plan')}</strong>
        {!running && <span className="chip">{t(`plan.${plan.status}` as Key)}</span>}
        <span className="quiet">
          {plan.period?.start && t('since', { date: formatDate(plan.period.start, locale) })}
          {plan.author?.display && ` · ${plan.author.display}`}
        </span>
      </summary>
      {change.isError && <Failure error={change.error} />}
      {plan.activity ? (
        <ul className="facts plan-activities">
          {plan.activity.map((activity, index) => (
            <li key={`${activityText(activity)}-${index}`}>
              <span>{activityText(activity)}</span>
              <State label={activityText(activity)} states={ACTIVITY_STATES} prefix="activity" value={activity.detail?.status ?? 'unknown'} busy={change.isPending || !running} onChange={(status) => change.mutate(withActivity(plan, index, status))} />
            </li>
          ))}
        </ul>
      ) : (
        <Empty>{t('care.noActivities')}</Empty>
      )}
      {running && (
        <p className="form-actions">
          <Button variant="default" loading={change.isPending} onClick={() => change.mutate({ ...plan, status: 'completed', period: { ...plan.period, end: now() } } as Stored<CarePlan>)}>
            {t('care.complete')}<span className="visually-hidden"> {planTitle(plan)}</span>
          </Button>
        </p>
      )}
    </details>
  );
}

function AddDialog({ kind, onClose }: { kind: 'plan' | 'goal'; onClose: () => void }) {
  const { t } = useI18n();
  const id = useChartPatient();
  const author = useAuthor();
  const changed = useChartChanged(id);
  const [text, setText] = useState('');
  const [lines, setLines] = useState('');
  const [due, setDue] = useState('');
  const save = useMutation({
    mutationFn: (): Promise<unknown> => (kind === 'goal' ? create(goal(text, due, { patient: id, at: now() })) : create(carePlan(text, lines, { patient: id, at: now(), author }))),
    onSuccess: async () => {
      await changed(kind === 'goal' ? 'Goal' : 'CarePlan');
      onClose();
    },
  });
  const ready = text.trim().length >= 3;
  const title = t(kind === 'goal' ? 'care.addGoal' : 'care.addPlan');
  return (
    <Dialog onClose={onClose} title={title}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) save.mutate();
        }}
      >
        <Stamp />
        <TextInput label={t(kind === 'goal' ? 'care.goal' : 'note.title')} value={text} onChange={(event) => setText(event.currentTarget.value)} required autoComplete="off" data-autofocus />
        {kind === 'goal' ? (
          <TextInput type="date" label={t('care.due')} description={t('optional')} min={today()} value={due} onChange={(event) => setDue(event.currentTarget.value)} />
        ) : (
          <Textarea label={t('care.activities')} description={t('care.activities.help')} autosize minRows={3} value={lines} onChange={(event) => setLines(event.currentTarget.value)} />
        )}
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={save.isPending}>{title}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
