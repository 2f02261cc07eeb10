import { expect, it } from 'vitest';
import type { Dosage, MedicationRequest } from '../../fhir/types';
import { translator } from '../../lib/i18n';
import { en } from '../../lib/i18n/en';
import { Decimal, parse } from '../../lib/json';
import { doseText, sigText } from './medicine';

const t = translator('en', en);
const sig = (json: string) => sigText(t, { dosageInstruction: [parse(json) as Dosage] } as MedicationRequest);

it.each([
  ['1.0', '1'],
  ['0.50', '0.5'],
  ['10', '10'],
  ['100.0', '100'],
  ['2.25', '2.25'],
])('a dose of %s is written %s', (text, shown) => expect(doseText(new Decimal(text))).toBe(shown));

it.each([
  ['{"text":"Take as needed."}', 'Take as needed.'],
  ['{"timing":{"repeat":{"frequency":1,"period":1.0,"periodUnit":"d"}},"doseAndRate":[{"doseQuantity":{"value":1.0}}]}', 'dose 1 – once a day'],
  ['{"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}},"doseAndRate":[{"doseQuantity":{"value":5.0,"unit":"mg"}}]}', '5 mg – 2 times a day'],
  ['{"timing":{"repeat":{"frequency":1,"period":4.0,"periodUnit":"h"}},"asNeededBoolean":true}', 'every 4 hours – as needed'],
  ['{"timing":{"repeat":{"frequency":3,"period":2,"periodUnit":"wk"}}}', '3 times every 2 weeks'],
  ['{"timing":{"code":{"text":"BID"}}}', 'BID'],
  ['{}', ''],
])('%s reads %s', (json, text) => expect(sig(json)).toBe(text));
