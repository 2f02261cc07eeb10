/**
 * The shorthand that prescribers type: `amoxicillin 500 mg tid 7d prn`.
 *
 * It fills in a form that is then read and signed; what is not understood stays part of the name and is never guessed.
 */

import { Decimal, decimal } from '../../lib/json';

/** How often a medicine is taken: so many times in so many units of time. */
export interface Rhythm {
  frequency: number;
  period: number;
  unit: 'h' | 'd' | 'wk';
}

export interface Shorthand {
  /** What is left: the words of the medicine. */
  name: string;
  dose?: Decimal;
  unit?: string;
  rhythm?: Rhythm;
  /** Days. */
  days?: number;
  asNeeded: boolean;
}

const RHYTHMS: Record<string, Rhythm> = {
  od: { frequency: 1, period: 1, unit: 'd' },
  daily: { frequency: 1, period: 1, unit: 'd' },
  nocte: { frequency: 1, period: 1, unit: 'd' },
  bd: { frequency: 2, period: 1, unit: 'd' },
  bid: { frequency: 2, period: 1, unit: 'd' },
  tds: { frequency: 3, period: 1, unit: 'd' },
  tid: { frequency: 3, period: 1, unit: 'd' },
  qds: { frequency: 4, period: 1, unit: 'd' },
  qid: { frequency: 4, period: 1, unit: 'd' },
  weekly: { frequency: 1, period: 1, unit: 'wk' },
};

/** Units of a dose as they are typed, and as they are written. No "U", no "µg": both are misread. */
const UNITS: Record<string, string> = {
  mg: 'mg',
  g: 'g',
  mcg: 'mcg',
  ug: 'mcg',
  ml: 'mL',
  tab: 'tablet',
  tabs: 'tablet',
  tablet: 'tablet',
  tablets: 'tablet',
  cap: 'capsule',
  caps: 'capsule',
  capsule: 'capsule',
  puff: 'puff',
  puffs: 'puff',
  drop: 'drop',
  drops: 'drop',
  units: 'units',
};

/** Units that a dose may have, in the order of the list. */
export const DOSE_UNITS = ['mg', 'g', 'mcg', 'mL', 'tablet', 'capsule', 'puff', 'drop', 'units'] as const;

const EVERY = /^(?:q|c\/?)(\d{1,2})h$/;
const SPAN = /^(\d{1,3})(d|w|wk|mo)$/;
const DAYS: Record<string, number> = { d: 1, w: 7, wk: 7, mo: 30 };
const AMOUNT = /^(\d+(?:[.,]\d+)?)([a-z]*)$/;

export function understand(text: string): Shorthand {
  const found: Shorthand = { name: '', asNeeded: false };
  const name: string[] = [];
  const words = text.trim().split(/\s+/).filter(Boolean);
  for (let at = 0; at < words.length; at += 1) {
    const word = (words[at] as string).toLowerCase();
    // The first word is a name, whatever it looks like.
    if (at === 0 || !takes(found, word)) {
      const joined = at > 0 && found.dose && !found.unit ? UNITS[word] : undefined;
      if (joined) found.unit = joined;
      else name.push(words[at] as string);
    }
  }
  return { ...found, name: name.join(' ') };
}

/** Understands one word; false when it is none of ours. */
function takes(found: Shorthand, word: string): boolean {
  const every = EVERY.exec(word);
  const span = SPAN.exec(word);
  const amount = AMOUNT.exec(word);
  if (word === 'prn') found.asNeeded = true;
  else if (RHYTHMS[word] && !found.rhythm) found.rhythm = RHYTHMS[word];
  else if (every && !found.rhythm) found.rhythm = { frequency: 1, period: Number(every[1]), unit: 'h' };
  else if (span && found.days === undefined) found.days = Number(span[1]) * (DAYS[span[2] as string] ?? 1);
  else if (amount && !found.dose && (amount[2] === '' || UNITS[amount[2] as string])) {
    found.dose = decimal(amount[1] as string);
    if (amount[2]) found.unit = UNITS[amount[2]];
  } else return false;
  return true;
}
