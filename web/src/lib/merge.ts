/** Three-way comparison of forms: what we began with, what we typed, what somebody else stored meanwhile. */

export type Values = Record<string, string>;

/** A field that both sides changed, differently. */
export interface Conflict {
  field: string;
  base: string;
  mine: string;
  theirs: string;
}

export interface Merged {
  /** Their values with our changes, except where both changed the same field. */
  values: Values;
  conflicts: Conflict[];
  /** Fields that only they changed. */
  taken: string[];
}

/** Nothing is overwritten silently: a field that both changed differently keeps theirs and is named. */
export function merge(base: Values, mine: Values, theirs: Values): Merged {
  const values: Values = { ...theirs };
  const conflicts: Conflict[] = [];
  const taken: string[] = [];
  for (const field of new Set([...Object.keys(base), ...Object.keys(mine), ...Object.keys(theirs)])) {
    const [from, ours, other] = [base[field] ?? '', mine[field] ?? '', theirs[field] ?? ''];
    if (ours === other) continue;
    if (ours === from) taken.push(field);
    else if (other === from) values[field] = ours;
    else conflicts.push({ field, base: from, mine: ours, theirs: other });
  }
  return { values, conflicts, taken };
}
