import type { Typed } from '../types.ts';
import { SPECIAL_AGGREGATES } from './aggregates.ts';
import type { FunctionCall } from './calls.ts';
import { CONDITIONALS } from './conditionals.ts';
import { LAMBDAS } from './lambdas.ts';
import { NESTED } from './nested.ts';
import { NUMBERS } from './numbers.ts';
import { PLACES } from './places.ts';
import { TIME_UNITS } from './units.ts';

export type Special = (given: FunctionCall) => Typed;

/** Functions whose result type or text a signature cannot say. */
export const SPECIAL: Readonly<Record<string, Special>> = {
  ...CONDITIONALS,
  ...NUMBERS,
  ...TIME_UNITS,
  ...SPECIAL_AGGREGATES,
  ...NESTED,
  ...LAMBDAS,
  ...PLACES,
};
