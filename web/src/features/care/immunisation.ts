/** An immunisation as it is stored. */

import type { Coding, Immunization, Reference } from '../../fhir/types';

export const CVX = 'http://hl7.org/fhir/sid/cvx';

interface Typed {
  coding?: Coding;
  name: string;
  status: string;
  date: string;
  lot: string;
  expires: string;
  reason: string;
}

export function immunisation({ coding, name, status, date, lot, expires, reason }: Typed, patient: string, author: Reference | undefined): Immunization {
  const given = status === 'completed';
  return {
    resourceType: 'Immunization',
    status,
    statusReason: given ? undefined : { text: reason.trim() },
    vaccineCode: { coding: coding && [{ system: coding.system, code: coding.code, display: coding.display }], text: coding?.display ?? name },
    patient: { reference: `Patient/${patient}` },
    occurrenceDateTime: date,
    primarySource: true,
    lotNumber: (given && lot.trim()) || undefined,
    expirationDate: (given && expires) || undefined,
    performer: given && author ? [{ actor: author }] : undefined,
  };
}
