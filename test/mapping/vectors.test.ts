import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BOOLEAN, BYTES, type Cell, DOUBLE, INSTANT, JSON_TEXT, NULL } from '../../src/decode/cell/cell.ts';
import { parseType } from '../../src/emulator/model/types.ts';
import { readRows } from '../../src/emulator/record/cells.ts';
import { footerBytes } from '../../src/encode/block.ts';
import { RecordWriter } from '../../src/encode/record-writer.ts';
import { createConverter } from '../../src/mapping/convert/convert.ts';
import { parseColumnType } from '../../src/mapping/parse-type.ts';
import type { ColumnType } from '../../src/mapping/types.ts';
import { integer, items, members, number, ofKind, string, text } from '../decode/trees.ts';

interface Vector {
  readonly name: string;
  readonly schema: readonly { readonly type: string }[];
  readonly rows: readonly (readonly VectorValue[])[];
  readonly hex: string;
}
type VectorValue =
  | null
  | boolean
  | number
  | string
  | { readonly hex: string }
  | { readonly seconds: string; readonly nanos: number }
  | { readonly months: number }
  | readonly VectorValue[];

const { vectors } = JSON.parse(readFileSync(new URL('../vectors/records.json', import.meta.url), 'utf8')) as {
  vectors: readonly Vector[];
};

/** A value as a typed format gives it. */
function cellOf(type: ColumnType, value: VectorValue): Cell {
  if (value === null) return ofKind(NULL);
  const list = value as readonly VectorValue[];
  switch (type.name) {
    case 'ARRAY':
      return items(...list.map((item) => cellOf(type.element, item)));
    case 'MAP':
      return items(
        ...list.map((entry) => {
          const [key, inner] = entry as readonly VectorValue[];
          return items(cellOf(type.key, key!), cellOf(type.value, inner!));
        }),
      );
    case 'STRUCT':
      return members(
        ...type.fields.map((field, i): [string, Cell] => [field.name, cellOf(field.type, list[i]!)]),
      );
    case 'BOOLEAN':
      return ofKind(BOOLEAN, Number(value));
    case 'BIGINT':
      return integer(BigInt(value as string));
    case 'FLOAT':
    case 'DOUBLE':
      return ofKind(DOUBLE, Number(value));
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
      return number(value as string);
    case 'BINARY':
      return text(BYTES, Buffer.from((value as { hex: string }).hex, 'hex'));
    case 'JSON':
      return text(JSON_TEXT, value as string);
    case 'INTERVAL_YEAR_MONTH':
      return integer((value as { months: number }).months);
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ': {
      const { seconds, nanos } = value as { seconds: string; nanos: number };
      return ofKind(INSTANT, Number(seconds), nanos);
    }
    case 'INTERVAL_DAY_TIME': {
      const { seconds, nanos } = value as { seconds: string; nanos: number };
      return string(`PT${seconds}.${String(nanos).padStart(9, '0')}S`);
    }
    default:
      return string(value as string);
  }
}

/** The clients send decimals with the zeros that they were given, maxsink canonical ones: then values are compared. */
const ZEROS = /^(-?\d+(?:\.\d*[1-9])?)\.?0+$/;
const canonical = (value: unknown): unknown => {
  if (typeof value === 'string') return /^-?\d+\.\d+$/.test(value) ? value.replace(ZEROS, '$1') : value;
  return Array.isArray(value) ? value.map(canonical) : value;
};
const hasZeros = (rows: Vector['rows']): boolean => /"-?\d+\.\d*0"/.test(JSON.stringify(rows));

/** The rows of a vector, converted and written. */
function written({ schema, rows }: Vector): Buffer {
  const types = schema.map(({ type }) => parseColumnType(type)!);
  const options = { time: { format: null, zone: 'UTC' }, round: false, trim: false };
  const converters = types.map((type) => createConverter({ type, ...options }, 8 * 2 ** 20));
  const writer = new RecordWriter();
  for (const row of rows) {
    writer.begin();
    row.forEach((value, i) => {
      const cell = cellOf(types[i]!, value);
      if (cell.kind !== NULL) expect(converters[i]!(cell, writer, i + 1)).toBeNull();
    });
    writer.end();
  }
  return Buffer.concat([writer.view(), footerBytes(writer.rows, writer.crcOfCrcs)]);
}

describe('converted values', () => {
  it.each(vectors.filter(({ rows }) => !hasZeros(rows)))(
    'are the bytes of the official clients: $name',
    (vector) => {
      expect(written(vector).toString('hex')).toBe(vector.hex);
    },
  );

  it.each(vectors.filter(({ rows }) => hasZeros(rows)))(
    'are the values of the official clients: $name',
    (vector) => {
      const types = vector.schema.map(({ type }) => parseType(type));
      const theirs = readRows(types, Buffer.from(vector.hex, 'hex'));
      expect(readRows(types, written(vector))).toEqual(canonical(theirs));
    },
  );
});
