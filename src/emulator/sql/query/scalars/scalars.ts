import type { ScalarFunction } from '../../../store/scalar-functions.ts';
import { CHARSET_FUNCTIONS } from './charsets.ts';
import { CONVERSIONS } from './conversions.ts';
import { INTERVAL_FUNCTIONS } from './intervals.ts';
import { JSON_FUNCTIONS } from './json.ts';
import { NUMBER_FUNCTIONS } from './numbers.ts';
import { TEXT_FUNCTIONS } from './texts.ts';
import { TIME_FUNCTIONS } from './times.ts';
import { URL_FUNCTIONS } from './urls.ts';

/** Functions of queries that are written in TypeScript because SQL cannot say them exactly. */
export const SCALARS: readonly ScalarFunction[] = [
  ...CONVERSIONS,
  ...NUMBER_FUNCTIONS,
  ...TEXT_FUNCTIONS,
  ...JSON_FUNCTIONS,
  ...URL_FUNCTIONS,
  ...CHARSET_FUNCTIONS,
  ...TIME_FUNCTIONS,
  ...INTERVAL_FUNCTIONS,
];
