import type { ScalarFunction, ScalarType, ScalarValue } from '../../../store/scalar-functions.ts';

interface Values {
  VARCHAR: string;
  BIGINT: bigint;
  DOUBLE: number;
  BOOLEAN: boolean;
  BLOB: Uint8Array;
  'VARCHAR[]': readonly (string | null)[];
  MAP: ReadonlyMap<string, string | null>;
}

type Arguments<T extends readonly ScalarType[]> = { [Index in keyof T]: Values[T[Index]] };

/** One function with the types of its arguments; NULL in, NULL out. */
export function define<const T extends readonly ScalarType[], G extends ScalarType>(
  name: string,
  takes: T,
  gives: G,
  call: (...values: Arguments<T>) => Values[G] | null,
): ScalarFunction {
  return {
    name,
    takes,
    gives,
    call: (...values: ScalarValue[]) => call(...(values as unknown as Arguments<T>)),
  };
}

/** The same where the arguments at these places may be NULL; they come as null. */
export const withNulls = (definition: ScalarFunction, ...nullable: number[]): ScalarFunction => ({
  ...definition,
  nullable,
});

/** Ends a query: the text is the whole error of the instance. */
export class InvalidArgument extends Error {
  constructor(text: string) {
    super(`ODPS-0121095:Invalid arguments - ${text}`);
  }
}
