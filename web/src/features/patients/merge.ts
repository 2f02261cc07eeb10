/** Two records side by side: what they differ in, and the details that follow from the choices. */

import type { Details, PatientView } from './api';
import type { Field } from './form';

export type Side = 'stays' | 'goes';

/** Fields that are chosen one by one; an address is chosen as a whole. */
export const CHOSEN = ['family', 'given', 'birthDate', 'gender', 'phone', 'email', 'line', 'language'] as const satisfies readonly Field[];
export type Choice = (typeof CHOSEN)[number];

/** A field as it is shown. */
export function shown(view: PatientView, field: Choice): string {
  const { details } = view;
  switch (field) {
    case 'given':
      return details.given.join(' ');
    case 'line': {
      const address = details.address;
      return address ? [...address.line, address.city, address.state, address.postalCode, address.country].filter(Boolean).join(', ') : '';
    }
    default:
      return details[field] ?? '';
  }
}

/** Fields in which two records differ. */
export function differing(stays: PatientView, goes: PatientView): Choice[] {
  return CHOSEN.filter((field) => shown(stays, field) !== shown(goes, field));
}

/** What is chosen before anybody chooses: what the record that stays says, else what the other one says. */
export function suggestion(stays: PatientView, field: Choice): Side {
  return shown(stays, field) ? 'stays' : 'goes';
}

/** The details of the merged record. */
export function chosen(stays: PatientView, goes: PatientView, choices: Partial<Record<Choice, Side>>): Details {
  const details = { ...stays.details };
  for (const field of differing(stays, goes)) {
    if ((choices[field] ?? suggestion(stays, field)) === 'stays') continue;
    const other = goes.details;
    switch (field) {
      case 'given':
        details.given = other.given;
        break;
      case 'line':
        details.address = other.address;
        break;
      default:
        details[field] = other[field];
    }
  }
  return details;
}
