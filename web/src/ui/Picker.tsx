/** A combobox over a remote list: nothing is chosen until somebody presses Enter or clicks. */

import { TextInput } from '@mantine/core';
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react';
import { useI18n } from '../lib/i18n';

interface PickerProps<T> {
  label: string;
  placeholder?: string;
  text: string;
  onText: (text: string) => void;
  options: readonly T[];
  busy: boolean;
  error?: string;
  keyOf: (option: T) => string;
  render: (option: T) => ReactNode;
  onPick: (option: T) => void;
  /** Said when there are no options. */
  empty?: string;
  focused?: boolean;
  hideLabel?: boolean;
  disabled?: boolean;
}

export function Picker<T>(props: PickerProps<T>) {
  const { options, keyOf, render, onPick, text, busy, empty } = props;
  const { t } = useI18n();
  const id = useId();
  const [at, setAt] = useState(0);
  const active = Math.min(at, options.length - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length > 0) {
      event.preventDefault();
      setAt((active + step + options.length) % options.length);
    }
    const option = options[active];
    if (event.key === 'Enter' && option !== undefined) {
      event.preventDefault();
      onPick(option);
    }
  };
  return (
    <div className="picker">
      <TextInput
        label={props.hideLabel ? undefined : props.label}
        aria-label={props.hideLabel ? props.label : undefined}
        placeholder={props.placeholder}
        value={text}
        onChange={(event) => {
          setAt(0);
          props.onText(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
        error={props.error}
        disabled={props.disabled}
        data-autofocus={props.focused || undefined}
        role="combobox"
        aria-expanded={options.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={options.length > 0 ? `${id}-${active}` : undefined}
        aria-autocomplete="list"
        autoComplete="off"
        spellCheck={false}
      />
      <div id={`${id}-list`} role="listbox" aria-label={props.label} aria-busy={busy} className="picker-list" hidden={options.length === 0}>
        {options.map((option, index) => (
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the keys are the input's
          <div
            key={keyOf(option)}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            className="picker-option"
            ref={(node) => {
              if (index === active) node?.scrollIntoView({ block: 'nearest' });
            }}
            onPointerMove={() => setAt(index)}
            onClick={() => onPick(option)}
          >
            {render(option)}
          </div>
        ))}
      </div>
      <p role="status" className="quiet picker-status">
        {busy ? t('loading') : options.length === 0 && empty ? empty : <span className="visually-hidden">{t('picker.count', { count: options.length })}</span>}
      </p>
    </div>
  );
}
