import { malformed } from '../errors.ts';
import type { ColumnType } from '../model/types.ts';
import type { Cell } from '../record/cells.ts';
import type { Api, DuckDBType, DuckDBValue } from './duckdb.ts';
import { decimalDigits, decimalText } from './value-text.ts';

/** DuckDB's type of a kept column: the same as `storedType` says in SQL. */
export function duckType(api: Api, type: ColumnType): DuckDBType {
  switch (type.name) {
    case 'TINYINT':
      return api.TINYINT;
    case 'SMALLINT':
      return api.SMALLINT;
    case 'INT':
    case 'INTERVAL_YEAR_MONTH':
      return api.INTEGER;
    case 'BIGINT':
      return api.BIGINT;
    case 'FLOAT':
      return api.FLOAT;
    case 'DOUBLE':
      return api.DOUBLE;
    case 'BOOLEAN':
      return api.BOOLEAN;
    case 'DATE':
      return api.DATE;
    case 'DATETIME':
      return api.TIMESTAMPTZ;
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
    case 'INTERVAL_DAY_TIME':
      return api.HUGEINT;
    case 'BINARY':
      return api.BLOB;
    case 'DECIMAL':
      return api.DECIMAL(type.precision, type.scale);
    case 'ARRAY':
      return api.LIST(duckType(api, type.element));
    case 'MAP':
      return api.LIST(api.STRUCT({ k: duckType(api, type.key), v: duckType(api, type.value) }));
    case 'STRUCT':
      return api.STRUCT(
        Object.fromEntries(type.fields.map((field, index) => [`f${index}`, duckType(api, field.type)])),
      );
    default:
      return api.VARCHAR;
  }
}

type ToDuck = (cell: Cell) => DuckDBValue;

/** Turns cells of a type into values for an appender. */
export function toDuck(api: Api, type: ColumnType): ToDuck {
  const convert = toDuckValue(api, type);
  return (cell) => (cell === null ? null : convert(cell));
}

function toDuckValue(api: Api, type: ColumnType): (cell: Exclude<Cell, null>) => DuckDBValue {
  switch (type.name) {
    case 'DATE':
      return (cell) => new api.DuckDBDateValue(cell as number);
    case 'DATETIME':
      return (cell) => new api.DuckDBTimestampTZValue((cell as bigint) * 1000n);
    case 'BINARY':
      return (cell) => new api.DuckDBBlobValue(cell as Uint8Array);
    case 'DECIMAL':
      return (cell) => {
        const value = decimalDigits(cell as string, type.precision, type.scale);
        return new api.DuckDBDecimalValue(value, type.precision, type.scale);
      };
    case 'ARRAY': {
      const item = toDuck(api, type.element);
      return (cell) => new api.DuckDBListValue((cell as readonly Cell[]).map(item));
    }
    case 'MAP':
      return mapToDuck(api, toDuck(api, type.key), toDuck(api, type.value));
    case 'STRUCT': {
      const fields = type.fields.map((field) => toDuck(api, field.type));
      return (cell) =>
        structValue(
          api,
          fields.map((field, at) => [`f${at}`, field((cell as readonly Cell[])[at]!)]),
        );
    }
    default:
      return (cell) => cell as DuckDBValue;
  }
}

const structValue = (api: Api, entries: readonly (readonly [string, DuckDBValue])[]): DuckDBValue =>
  new api.DuckDBStructValue(Object.fromEntries(entries));

function mapToDuck(api: Api, key: ToDuck, value: ToDuck): (cell: Exclude<Cell, null>) => DuckDBValue {
  return (cell) => {
    const entries = cell as readonly (readonly [Cell, Cell])[];
    checkKeys(entries);
    return new api.DuckDBListValue(
      entries.map(([k, v]) =>
        structValue(api, [
          ['k', key(k)],
          ['v', value(v)],
        ]),
      ),
    );
  };
}

/** No NULL and no key twice (protocol 5.5): no query could read such a MAP. */
function checkKeys(entries: readonly (readonly [Cell, Cell])[]): void {
  const seen = new Set<string>();
  for (const [key] of entries) {
    if (key === null) throw malformed('a MAP has a NULL key');
    const text = JSON.stringify(key, (_name, part: unknown) =>
      typeof part === 'bigint' ? `${part}n` : part,
    );
    if (seen.has(text)) throw malformed(`a MAP has the key ${text.slice(0, 60)} twice`);
    seen.add(text);
  }
}

type FromDuck = (value: DuckDBValue) => Cell;

/** Turns kept values of a type into cells. */
export function fromDuck(api: Api, type: ColumnType): FromDuck {
  const convert = fromDuckValue(api, type);
  return (value) => (value === null ? null : convert(value));
}

function fromDuckValue(api: Api, type: ColumnType): FromDuck {
  const instance = <T>(value: DuckDBValue, kind: abstract new (...given: never[]) => T): T => {
    if (value instanceof kind) return value;
    throw new Error(`a value of type ${type.name} is kept as ${typeof value}`);
  };
  switch (type.name) {
    case 'DATE':
      return (value) => instance(value, api.DuckDBDateValue).days;
    case 'DATETIME':
      return (value) => floorDivide(instance(value, api.DuckDBTimestampTZValue).micros, 1000n);
    case 'BINARY':
      return (value) => Uint8Array.from(instance(value, api.DuckDBBlobValue).bytes);
    case 'DECIMAL':
      return (value) => {
        const decimal = instance(value, api.DuckDBDecimalValue);
        return decimalText(decimal.value, decimal.scale);
      };
    case 'ARRAY': {
      const item = fromDuck(api, type.element);
      return (value) => instance(value, api.DuckDBListValue).items.map(item);
    }
    case 'MAP': {
      const key = fromDuck(api, type.key);
      const item = fromDuck(api, type.value);
      return (value) =>
        instance(value, api.DuckDBListValue).items.map((entry) => {
          const { entries } = instance(entry, api.DuckDBStructValue);
          return [key(entries.k ?? null), item(entries.v ?? null)];
        });
    }
    case 'STRUCT': {
      const fields = type.fields.map((field) => fromDuck(api, field.type));
      return (value) => {
        const { entries } = instance(value, api.DuckDBStructValue);
        return fields.map((field, at) => field(entries[`f${at}`] ?? null));
      };
    }
    default:
      return (value) => value as Cell;
  }
}

function floorDivide(value: bigint, unit: bigint): bigint {
  const quotient = value / unit;
  return value < 0n && quotient * unit !== value ? quotient - 1n : quotient;
}
