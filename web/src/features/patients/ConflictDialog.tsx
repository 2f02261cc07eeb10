/** Somebody else saved first: what it was, what they made of it, what we typed, and a choice for every clash. */

import { Button } from '@mantine/core';
import { useState } from 'react';
import { patientName } from '../../fhir/display';
import type { Patient } from '../../fhir/types';
import { formatDateTime } from '../../lib/dates';
import { useI18n } from '../../lib/i18n';
import { type Values, merge } from '../../lib/merge';
import { Dialog } from '../../ui/Dialog';
import { fieldsOf } from './form';
import { fieldLabel } from './PatientForm';

interface ConflictDialogProps {
  base: Values;
  mine: Values;
  theirs: Patient;
  onResolve: (values: Values) => void;
  onCancel: () => void;
}

export function ConflictDialog({ base, mine, theirs, onResolve, onCancel }: ConflictDialogProps) {
  const { t, locale } = useI18n();
  const merged = merge(base, mine, fieldsOf(theirs));
  const [choices, setChoices] = useState<Record<string, 'mine' | 'theirs'>>({});
  const open = merged.conflicts.filter((conflict) => !choices[conflict.field]);
  const finish = () => {
    const values = { ...merged.values };
    for (const conflict of merged.conflicts) if (choices[conflict.field] === 'mine') values[conflict.field] = conflict.mine;
    onResolve(values);
  };
  const cell = (text: string) => text || <span className="quiet">{t('blank')}</span>;
  return (
    <Dialog onClose={onCancel} size="xl" title={t('conflict.title')}>
      <p>
        <strong>{patientName(theirs)}</strong> · {t('conflict.help', { time: formatDateTime(theirs.meta?.lastUpdated ?? '', locale) })}
      </p>
      {merged.conflicts.length === 0 ? (
        <p>{t('conflict.none')}</p>
      ) : (
        <div className="table-scroll">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{t('conflict.field')}</th>
                <th scope="col">{t('conflict.base')}</th>
                <th scope="col">{t('conflict.theirs')}</th>
                <th scope="col">{t('conflict.mine')}</th>
              </tr>
            </thead>
            <tbody>
              {merged.conflicts.map(({ field, base: before, mine: ours, theirs: other }) => (
                <tr key={field}>
                  <th scope="row">{t(fieldLabel(field))}</th>
                  <td>{cell(before)}</td>
                  {(['theirs', 'mine'] as const).map((side) => (
                    <td key={side}>
                      <label className="choice">
                        <input
                          type="radio"
                          name={`choice-${field}`}
                          checked={choices[field] === side}
                          onChange={() => setChoices({ ...choices, [field]: side })}
                        />
                        {cell(side === 'mine' ? ours : other)}
                      </label>
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="form-actions">
        <Button size="sm" onClick={finish} disabled={open.length > 0}>
          {t('conflict.use')}
        </Button>
        <Button size="sm" variant="default" onClick={onCancel}>
          {t('conflict.back')}
        </Button>
      </div>
    </Dialog>
  );
}
