import type { Api, DuckDBType, DuckDBValue } from './duckdb.ts';

export type ScalarType = 'VARCHAR' | 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'BLOB' | 'VARCHAR[]' | 'MAP';
/** VARCHAR string, BIGINT bigint, DOUBLE number, BLOB bytes, VARCHAR[] texts, MAP pairs of texts. */
export type ScalarValue =
  | string
  | bigint
  | number
  | boolean
  | Uint8Array
  | readonly (string | null)[]
  | ReadonlyMap<string, string | null>
  | null;

/** A function of queries that is written here and not in SQL. */
export interface ScalarFunction {
  readonly name: string;
  readonly takes: readonly ScalarType[];
  readonly gives: ScalarType;
  /** Arguments that may be NULL; any other NULL makes the result NULL without a call. */
  readonly nullable?: readonly number[];
  /** What it throws ends the query with that text. */
  call(...values: ScalarValue[]): ScalarValue;
}

/** The function as DuckDB calls it: a chunk of up to 2048 rows at a time, on this thread. */
export function scalarFunction(api: Api, definition: ScalarFunction) {
  const { name, takes, gives, nullable = [], call } = definition;
  const wrap = toDuck(api, gives);
  return api.DuckDBScalarFunction.create({
    name,
    parameterTypes: takes.map((type) => duckType(api, type)),
    returnType: duckType(api, gives),
    specialHandling: true,
    mainFunction: (_info, input, output) => {
      const vectors = takes.map((_type, index) => input.getColumnVector(index));
      for (let row = 0; row < input.rowCount; row += 1) {
        const values = vectors.map((vector) => fromDuck(api, vector.getItem(row)));
        const empty = values.some((value, index) => value === null && !nullable.includes(index));
        const result = empty ? null : call(...values);
        output.setItem(row, result === null ? null : wrap(result));
      }
      output.flush();
    },
  });
}

function duckType(api: Api, type: ScalarType): DuckDBType {
  if (type === 'VARCHAR[]') return api.LIST(api.VARCHAR);
  if (type === 'MAP') return api.MAP(api.VARCHAR, api.VARCHAR);
  return api[type];
}

function fromDuck(api: Api, value: DuckDBValue): ScalarValue {
  if (value instanceof api.DuckDBBlobValue) return value.bytes;
  if (value instanceof api.DuckDBListValue) return value.items as (string | null)[];
  return value as ScalarValue;
}

function toDuck(api: Api, type: ScalarType): (value: Exclude<ScalarValue, null>) => DuckDBValue {
  switch (type) {
    case 'BLOB':
      return (value) => new api.DuckDBBlobValue(value as Uint8Array);
    case 'VARCHAR[]':
      return (value) => new api.DuckDBListValue([...(value as string[])]);
    case 'MAP':
      return (value) =>
        new api.DuckDBMapValue(
          [...(value as Map<string, string>)].map(([key, item]) => ({ key, value: item })),
        );
    default:
      return (value) => value as DuckDBValue;
  }
}
