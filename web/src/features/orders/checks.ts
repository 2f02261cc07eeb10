/** The checks of orders over what the chart holds; while that is not read, nothing may be signed. */

import { useChart, useMedicationRequests } from '../../fhir/queries';
import { allergies, medicines } from '../chart/facts';
import { medicineName } from '../chart/medicine';
import { type Concern, type Order, concerns } from './order';

export interface Checks {
  ready: boolean;
  failed: unknown;
  of: (order: Order) => Concern[];
}

export function useChecks(id: string): Checks {
  const reported = useChart('AllergyIntolerance', id);
  const requests = useMedicationRequests(id);
  const known = reported.data !== undefined && requests.data !== undefined;
  const active = allergies(reported.data?.matches ?? []).active;
  const current = medicines(requests.data?.matches ?? [], medicineName).current.map((one) => one.request);
  return { ready: known, failed: known ? undefined : (reported.error ?? requests.error), of: (order) => concerns(order, active, current) };
}
