import { type Field, parseCsv } from '../maxcompute/csv.ts';

export type { Field } from '../maxcompute/csv.ts';

/** Rows without the header. */
export const parseAnswer = parseCsv;

/** Throws a SyntaxError for what is no whole number: an answer that is not understood must not look like a clean one. */
export function numberOf(field: Field | undefined): number {
  if (field == null || !/^-?\d+$/.test(field))
    throw new SyntaxError(`expected a number in the answer of a query, received ${JSON.stringify(field)}`);
  return Number(field);
}
