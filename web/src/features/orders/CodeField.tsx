/** A name with the codes of one system on offer; words without a code are taken as they are. */

import { useState } from 'react';
import { useCodes } from '../../fhir/queries';
import type { Coding } from '../../fhir/types';
import { useSettled } from '../../lib/hooks';
import { useI18n } from '../../lib/i18n';
import { Picker } from '../../ui/Picker';

interface CodeFieldProps {
  label: string;
  placeholder?: string;
  system: string;
  text: string;
  /** The part of the text that is looked up; all of it when absent. */
  wanted?: string;
  onText: (text: string) => void;
  onPick: (coding: Coding) => void;
  focused?: boolean;
}

export function CodeField({ label, placeholder, system, text, wanted = text, onText, onPick, focused }: CodeFieldProps) {
  const { t } = useI18n();
  // After a choice the list is away until somebody types again.
  const [listed, setListed] = useState(false);
  const asked = useSettled(wanted, 150);
  const codes = useCodes(system, listed ? asked : '');
  const options = listed && wanted.trim().length >= 2 ? (codes.data ?? []) : [];
  return (
    <Picker
      label={label}
      placeholder={placeholder}
      text={text}
      onText={(typed) => {
        setListed(true);
        onText(typed);
      }}
      options={options}
      busy={listed && codes.isFetching}
      error={codes.isError ? t('orders.noCodes') : undefined}
      empty={listed && wanted.trim().length >= 2 && codes.isSuccess ? t('orders.free') : undefined}
      keyOf={(coding) => coding.code ?? ''}
      render={(coding) => <>{coding.display} <span className="mono quiet">{coding.code}</span></>}
      onPick={(coding) => {
        setListed(false);
        onPick(coding);
      }}
      focused={focused}
    />
  );
}
