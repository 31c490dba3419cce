import { decimalText } from '../model/decimal.ts';
import type { ColumnType } from '../model/types.ts';
import type { Cell } from '../record/cells.ts';
import type { Api, DuckDBValue } from './duckdb.ts';

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
    case 'CHAR':
      return (value) => filled(String(value), type.length);
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

/** CHAR comes out in its whole length, in characters, whatever was written. */
function filled(text: string, length: number): string {
  // Characters beyond the first plane are two of JavaScript's.
  const characters = /[\ud800-\udbff]/.test(text) ? [...text].length : text.length;
  return text + ' '.repeat(Math.max(0, length - characters));
}

function floorDivide(value: bigint, unit: bigint): bigint {
  const quotient = value / unit;
  return value < 0n && quotient * unit !== value ? quotient - 1n : quotient;
}
