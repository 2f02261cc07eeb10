/** Places of the organisation: clinics, wards and rooms. */

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { create, search, update } from '../../fhir/client';
import { addressText } from '../../fhir/display';
import { Failure } from '../../fhir/Failure';
import { Loaded } from '../../fhir/Loaded';
import { MOST } from '../../fhir/queries';
import type { Location, Stored } from '../../fhir/types';
import { type Key, useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';

const SHOWN = 50;

export function LocationsPage() {
  const { t } = useI18n();
  const query = useQuery({ queryKey: ['locations'], queryFn: ({ signal }) => search('Location', { _count: MOST }, signal) });
  const [filter, setFilter] = useState('');
  const [editing, setEditing] = useState<Stored<Location> | 'new'>();
  return (
    <Panel title={t('admin.locations')} aside={query.data?.matches.length} actions={<Button leftSection={<Icon name="plus" />} onClick={() => setEditing('new')}>{t('admin.addLocation')}</Button>}>
      {editing && <LocationDialog stored={editing === 'new' ? undefined : editing} all={query.data?.matches ?? []} onClose={() => setEditing(undefined)} />}
      <Loaded query={query} rows={8}>
        {({ matches }) => {
          const wanted = filter.trim().toLocaleLowerCase();
          const found = matches.filter((one) => (one.name ?? '').toLocaleLowerCase().includes(wanted)).sort((a, b) => (a.name ?? '').localeCompare(b.name ?? ''));
          return (
            <>
              <TextInput className="filter-box" label={t('admin.filterLocations')} value={filter} onChange={(event) => setFilter(event.currentTarget.value)} autoComplete="off" />
              {found.length === 0 ? <Empty>{matches.length === 0 ? t('admin.noLocations') : t('admin.hiddenLocations', { count: matches.length })}</Empty> : <Rows list={found.slice(0, SHOWN)} onEdit={setEditing} />}
              {found.length > SHOWN && <p className="quiet">{t('summary.more', { count: found.length - SHOWN })}</p>}
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}

function Rows({ list, onEdit }: { list: Stored<Location>[]; onEdit: (one: Stored<Location>) => void }) {
  const { t } = useI18n();
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('admin.name')}</th>
            <th scope="col">{t('admin.partOf')}</th>
            <th scope="col">{t('patient.address')}</th>
            <th scope="col">{t('medicines.status')}</th>
            <th scope="col">{t('actions')}</th>
          </tr>
        </thead>
        <tbody>
          {list.map((one) => (
            <tr key={one.id}>
              <th scope="row">{one.name ?? t('notKnown')}</th>
              <td>{one.partOf?.display}</td>
              <td>{addressText(one.address)}</td>
              <td>{t(`location.${one.status ?? 'active'}` as Key)}</td>
              <td><Button variant="default" onClick={() => onEdit(one)}>{t('admin.edit')}<span className="visually-hidden"> {one.name}</span></Button></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function LocationDialog({ stored, all, onClose }: { stored: Stored<Location> | undefined; all: Stored<Location>[]; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [typed, setTyped] = useState({ name: stored?.name ?? '', status: stored?.status ?? 'active', partOf: stored?.partOf?.reference ?? '' });
  const set = (part: Partial<typeof typed>) => setTyped({ ...typed, ...part });
  const save = useMutation({
    mutationFn: () => {
      const parent = all.find((one) => `Location/${one.id}` === typed.partOf);
      const partOf = parent ? { reference: `Location/${parent.id}`, display: parent.name } : undefined;
      const base: Location = { resourceType: 'Location', managingOrganization: parent?.managingOrganization };
      const changed = { ...(stored ?? base), name: typed.name.trim(), status: typed.status, partOf };
      return stored ? update({ ...changed, id: stored.id }, undefined) : create(changed);
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['locations'] });
      onClose();
    },
  });
  const ready = typed.name.trim().length >= 2;
  // A place of a place of itself would have no end.
  const parents = all.filter((one) => one.id !== stored?.id && one.partOf?.reference !== `Location/${stored?.id}`).sort((a, b) => (a.name ?? '').localeCompare(b.name ?? ''));
  return (
    <Dialog onClose={onClose} title={t(stored ? 'admin.editLocation' : 'admin.addLocation')}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) save.mutate();
        }}
      >
        <TextInput label={t('admin.name')} value={typed.name} onChange={(event) => set({ name: event.currentTarget.value })} required autoComplete="off" data-autofocus />
        <NativeSelect label={t('admin.partOf')} value={typed.partOf} onChange={(event) => set({ partOf: event.currentTarget.value })} data={[{ value: '', label: '' }, ...parents.map((one) => ({ value: `Location/${one.id}`, label: one.name ?? one.id }))]} />
        <NativeSelect label={t('medicines.status')} value={typed.status} onChange={(event) => set({ status: event.currentTarget.value })} data={(['active', 'suspended', 'inactive'] as const).map((value) => ({ value, label: t(`location.${value}`) }))} />
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={save.isPending}>{t('save')}</Button>
          <Button type="button" size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
