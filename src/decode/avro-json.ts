import { LIMITS } from '../limits.ts';
import {
  type Cursor,
  enter,
  Malformed,
  readBlocks,
  readIndex,
  readLength,
  readLong,
  take,
} from './avro-cursor.ts';
import { decimalText, readDouble, readFloat, uuidText } from './avro-scalar.ts';
import { type AvroType, type BinaryType, minBytes, perType } from './avro-type.ts';
import { validUtf8 } from './utf8.ts';

/** Reads one value as JSON text. */
export type ToJson = (cursor: Cursor) => string;

/**
 * A record, array or map as JSON text, for a STRING or JSON column: unions without their branch names, longs
 * and decimals with all digits, bytes and fixed in base64, NaN and infinities as strings, dates and
 * timestamps as the numbers that stand in the record.
 */
export function jsonWriters(): (type: AvroType) => ToJson {
  const of: (type: AvroType) => ToJson = perType(make);

  function make(type: AvroType): ToJson {
    switch (type.kind) {
      case 'array':
        return arrayJson(of(type.items), minBytes(type.items));
      case 'map':
        return mapJson(of(type.values), 1 + minBytes(type.values));
      case 'union': {
        const branches = type.branches.map(of);
        return (cursor) => branches[readIndex(cursor, branches.length)]!(cursor);
      }
      case 'record':
        return recordJson(
          type.fields.map((field) => ({ key: `${JSON.stringify(field.name)}:`, value: of(field.type) })),
        );
      default:
        return scalarJson(type);
    }
  }

  return of;
}

function recordJson(fields: readonly { key: string; value: ToJson }[]): ToJson {
  return (cursor) => {
    enter(cursor);
    let text = '{';
    for (const { key, value } of fields) {
      if (text.length > 1) text += ',';
      text = bounded(text + key + value(cursor));
    }
    cursor.depth--;
    return `${text}}`;
  };
}

function arrayJson(item: ToJson, itemBytes: number): ToJson {
  return (cursor) => {
    let text = '[';
    readBlocks(cursor, itemBytes, (index) => {
      text = bounded(text + (index > 0 ? ',' : '') + item(cursor));
    });
    return `${text}]`;
  };
}

function mapJson(value: ToJson, entryBytes: number): ToJson {
  return (cursor) => {
    let text = '{';
    readBlocks(cursor, entryBytes, (index) => {
      const key = stringJson(cursor);
      text = bounded(`${text}${index > 0 ? ',' : ''}${key}:${value(cursor)}`);
    });
    return `${text}}`;
  };
}

function bounded(text: string): string {
  if (text.length <= LIMITS.maxFieldBytes) return text;
  throw new Malformed(
    `the JSON text of a mapped value is longer than ${LIMITS.maxFieldBytes} characters`,
    'too_long',
  );
}

function scalarJson(type: AvroType): ToJson {
  switch (type.kind) {
    case 'null':
      return () => 'null';
    case 'boolean':
      return (cursor) => (cursor.bytes[take(cursor, 1)] === 0 ? 'false' : 'true');
    case 'int':
    case 'long':
      return (cursor) => readLong(cursor).toString();
    case 'float':
      return (cursor) => numberJson(shortestFloat(readFloat(cursor)));
    case 'double':
      return (cursor) => numberJson(readDouble(cursor));
    case 'enum':
      return (cursor) => JSON.stringify(type.symbols[readIndex(cursor, type.symbols.length)]);
    case 'fixed':
    case 'bytes':
      return bytesJson(type);
    default:
      return stringJson;
  }
}

function stringJson(cursor: Cursor): string {
  const at = take(cursor, readLength(cursor));
  if (!validUtf8(cursor.bytes, at, cursor.at))
    throw new Malformed('a string is not valid UTF-8', 'invalid_utf8');
  return JSON.stringify(asBuffer(cursor.bytes, at, cursor.at).toString('utf8'));
}

function bytesJson(type: BinaryType): ToJson {
  const { name, scale } = type.logical;
  return (cursor) => {
    const at = take(cursor, type.kind === 'fixed' ? type.size : readLength(cursor));
    const bytes = asBuffer(cursor.bytes, at, cursor.at);
    if (name === 'decimal') return decimalText(bytes, scale);
    return JSON.stringify(name === 'uuid' ? uuidText(bytes) : bytes.toString('base64'));
  };
}

function asBuffer(bytes: Uint8Array, start: number, end: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
}

function numberJson(value: number): string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

/** The shortest decimal that is this 32-bit float: 0.1, not 0.10000000149011612. */
function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}
