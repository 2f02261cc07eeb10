/** What stands beside a person: who pays, who stands for somebody, and a photograph; shown, and added to later. */

import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ComponentType, type FormEvent, useState } from 'react';
import { create } from '../../fhir/client';
import { conceptText, nameText } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { useChart, useChartChanged } from '../../fhir/queries';
import { useSession } from '../../fhir/session';
import type { Coverage, Patient, RelatedPerson, Stored } from '../../fhir/types';
import { formatDate } from '../../lib/dates';
import { type Key, useI18n } from '../../lib/i18n';
import type { Values } from '../../lib/merge';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { CoverageFields, GuardianFields, type PartProps, payorOf, usePayers } from './ExtraFields';
import { GUARDIANS, allowed, coverage, guardian, validateExtras } from './extras';
import { photoOf } from './form';
import { fromText, removePhoto, storePhoto } from './photo';
import { PhotoField } from './PhotoField';

export function PhotoPanel({ patient }: { patient: Stored<Patient> }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: async (text: string) => {
      const picture = fromText(text);
      await (picture ? storePhoto(patient.id, picture) : removePhoto(patient.id));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['Patient', patient.id] }),
  });
  return (
    <Panel title={t('photo.title')}>
      <PhotoField value={photoOf(patient)} busy={save.isPending} onChange={(text) => save.mutate(text)} />
      {save.isError && <Failure error={save.error} />}
    </Panel>
  );
}

export function CoveragePanel({ patient }: { patient: string }) {
  const { t, locale } = useI18n();
  const query = useChart('Coverage', patient);
  const payers = usePayers().data ?? [];
  const may = allowed(useSession().roles).coverage;
  const when = ({ period }: Coverage) => [period?.start, period?.end].map((day) => (day ? formatDate(day, locale) : '')).join(' – ');
  return (
    <Panel title={t('extra.coverage')} actions={may && <Adding title="extra.coverage" make={(values) => coverage(values, patient, payorOf(values.payer, payers))} Fields={CoverageFields} patient={patient} />}>
      <Loaded query={query}>
        {({ matches }) =>
          matches.length === 0 ? (
            <Empty>{t('extra.none.coverage')}</Empty>
          ) : (
            <ul className="facts">
              {matches.map((one) => (
                <li key={one.id}>
                  <span><strong>{one.payor.map(({ display, reference }) => display ?? reference).join(', ')}</strong> {one.class?.map(({ name, value }) => name ?? value).join(', ')} <span className="mono">{one.subscriberId}</span>{one.status !== 'active' && <span className="chip">{one.status}</span>}</span>
                  <span className="quiet nowrap">{(one.period?.start || one.period?.end) && when(one)}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

export function GuardiansPanel({ patient }: { patient: string }) {
  const { t } = useI18n();
  const query = useChart('RelatedPerson', patient);
  const may = allowed(useSession().roles).guardian;
  const role = (one: RelatedPerson) => {
    const known = GUARDIANS.find((code) => one.relationship?.some(({ coding }) => coding?.some((coded) => coded.code === code)));
    return known ? t(`extra.guardian.${known}`) : conceptText(one.relationship?.[0]);
  };
  return (
    <Panel title={t('extra.guardian')} actions={may && <Adding title="extra.guardian" make={(values) => guardian(values, patient)} Fields={GuardianFields} patient={patient} />}>
      <Loaded query={query}>
        {({ matches }) =>
          matches.length === 0 ? (
            <Empty>{t('extra.none.guardian')}</Empty>
          ) : (
            <ul className="facts">
              {matches.map((one) => <li key={one.id}><span><strong>{nameText(one.name?.[0])}</strong> {role(one)} <span className="quiet">{one.telecom?.map(({ value }) => value).filter(Boolean).join(', ')}</span></span></li>)}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

interface AddingProps {
  title: Key;
  /** The record of what was typed, once that is enough. */
  make: (values: Values) => Coverage | RelatedPerson | undefined;
  Fields: ComponentType<PartProps>;
  patient: string;
}

function Adding(props: AddingProps) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" leftSection={<Icon name="plus" />} onClick={() => setOpen(true)}>{t('extra.add')}<span className="visually-hidden"> {t(props.title)}</span></Button>
      {open && <AddDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function AddDialog({ title, make, Fields, patient, onClose }: AddingProps & { onClose: () => void }) {
  const { t } = useI18n();
  const changed = useChartChanged(patient);
  const [values, setValues] = useState<Values>({});
  const [tried, setTried] = useState(false);
  const wrong = validateExtras(values);
  const made = make(values);
  const save = useMutation({
    mutationFn: async () => {
      if (!made) return;
      await create(made);
      await changed(made.resourceType);
    },
    onSuccess: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (made && Object.keys(wrong).length === 0 && !save.isPending) save.mutate();
  };
  return (
    <Dialog title={t(title)} size="lg" onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <Fields values={values} wrong={tried ? wrong : {}} onChange={(change) => setValues({ ...values, ...change })} />
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!made} loading={save.isPending}>{t('save')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
