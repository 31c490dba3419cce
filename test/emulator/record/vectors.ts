import { readFileSync } from 'node:fs';
import { type ColumnType, parseType } from '../../../src/emulator/model/types.ts';
import type { Cell } from '../../../src/emulator/record/cells.ts';

export interface Vector {
  name: string;
  schema: { name: string; type: string }[];
  rows: unknown[][];
  hex: string;
  pyodpsHex?: string;
}

const load = (file: string) =>
  JSON.parse(readFileSync(new URL(`../../vectors/${file}`, import.meta.url), 'utf8'));
export const vectors: Vector[] = load('records.json').vectors;
export const typesOf = (vector: Vector) => vector.schema.map((column) => parseType(column.type));

/** A vector's notation (its own `valueConventions`) as the reader's value. */
function cellOf(type: ColumnType, value: unknown): Cell {
  if (value === null || value === undefined) return null;
  switch (type.name) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
      return Number(value);
    case 'BIGINT':
      return BigInt(value as string);
    case 'FLOAT':
    case 'DOUBLE':
      return Number(value);
    case 'BINARY':
      return new Uint8Array(Buffer.from((value as { hex: string }).hex, 'hex'));
    case 'DATE':
      return Date.parse(`${value}T00:00:00Z`) / 86_400_000;
    case 'DATETIME':
      return BigInt(Date.parse(value as string));
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
    case 'INTERVAL_DAY_TIME': {
      const { seconds, nanos } = value as { seconds: string; nanos: number };
      return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
    }
    case 'INTERVAL_YEAR_MONTH':
      return (value as { months: number }).months;
    case 'ARRAY':
      return (value as unknown[]).map((item) => cellOf(type.element, item));
    case 'MAP':
      return (value as [unknown, unknown][]).map(([k, v]) => [cellOf(type.key, k), cellOf(type.value, v)]);
    case 'STRUCT':
      return type.fields.map((field, index) => cellOf(field.type, (value as unknown[])[index]));
    default:
      return value as Cell;
  }
}

/** The rows of a vector as the reader answers them; a row may be shorter than its columns. */
export function rowsOf(vector: Vector): Cell[][] {
  const types = typesOf(vector);
  return vector.rows.map((row) => types.map((type, index) => cellOf(type, row[index])));
}
