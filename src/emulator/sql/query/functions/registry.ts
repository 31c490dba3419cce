import { COLLECTIONS } from './collections.ts';
import { readSignatures, type Signature } from './signatures.ts';
import { MATH, TEXT } from './text.ts';
import { AGGREGATES, TIMES } from './times.ts';

/** Functions that are written as signatures; those of `special.ts` come first. */
export const SIGNATURES: ReadonlyMap<string, readonly Signature[]> = readSignatures(
  [TEXT, MATH, TIMES, AGGREGATES, COLLECTIONS].join('\n'),
);

/** Functions of the service's documentation that are known here by name only. */
export const LACKING: ReadonlySet<string> = new Set(
  (
    'clusters combinations compress decompress get_idcard_age get_idcard_birthday get_idcard_sex get_user_id ' +
    'json_explode numeric_histogram sym_decrypt sym_encrypt trans_array trans_cols'
  ).split(' '),
);
