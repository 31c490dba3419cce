import { isUtf8 } from 'node:buffer';
import { malformed } from '../../errors.ts';
import type { ColumnType } from '../../model/types.ts';
import type { Cell } from '../../record/cells.ts';
import type { Scan } from '../../record/scan.ts';
import { decimalDigits } from '../value-text.ts';
import { Bytes } from './bytes.ts';
import { Levels } from './levels.ts';
import type { Struct } from './thrift.ts';

/** Parquet's physical types. */
export const PHYSICAL = { boolean: 0, int32: 1, int64: 2, float: 4, double: 5, bytes: 6, fixed: 7 } as const;

/** Values of a type that is not nested, plain encoded. */
export interface Leaf {
  readonly physical: number;
  /** What the schema says besides the physical type. */
  readonly describe: (element: Struct) => void;
  readonly values: Bytes;
  /** Of the data itself: what statistics count. */
  bytes: number;
  readonly definitions: Levels;
  readonly repetitions: Levels;
  /** NULL and values together. */
  levels: number;
  fromCell(cell: Exclude<Cell, null>): void;
  /** The value at the cursor, verified by the record reader before. */
  fromRecord(scan: Scan): void;
  /** Ends a row group: what is still to be written goes into `values`. */
  finish(): void;
}

type Writers = Pick<Leaf, 'physical' | 'describe' | 'fromCell' | 'fromRecord'> & { finish?: () => void };

export function createLeaf(type: ColumnType): Leaf {
  const values = new Bytes();
  const counted = { bytes: 0 };
  const writers = writersOf(type, values, counted);
  return {
    ...{ values, definitions: new Levels(), repetitions: new Levels(), levels: 0, finish: () => {} },
    ...writers,
    get bytes() {
      return counted.bytes;
    },
    set bytes(value) {
      counted.bytes = value;
    },
  };
}

interface Counted {
  bytes: number;
}

function writersOf(type: ColumnType, values: Bytes, counted: Counted): Writers {
  switch (type.name) {
    case 'BOOLEAN':
      return booleans(values, counted);
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'INTERVAL_YEAR_MONTH':
      return integers(values, counted, () => {});
    case 'DATE':
      return integers(values, counted, (element) => element.i32(6, CONVERTED.date));
    case 'BIGINT':
      return longs(values, counted, () => {});
    case 'DATETIME':
      return longs(values, counted, (element) => element.struct(10, isInstant));
    case 'FLOAT':
    case 'DOUBLE':
      return floats(type.name === 'FLOAT' ? 4 : 8, values, counted);
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
    case 'INTERVAL_DAY_TIME':
      return nanoseconds(values, counted);
    case 'DECIMAL':
      return decimals(type.precision, type.scale, values, counted);
    case 'BINARY':
      return texts(values, counted, false, Number.POSITIVE_INFINITY);
    case 'VARCHAR':
    case 'CHAR':
      return texts(values, counted, true, type.length);
    case 'STRING':
    case 'JSON':
      return texts(values, counted, true, Number.POSITIVE_INFINITY);
    default:
      throw new Error(`${type.name} is nested`);
  }
}

const CONVERTED = { text: 0, decimal: 5, date: 6 } as const;

/** Logical type TIMESTAMP of an instant in milliseconds. */
function isInstant(logical: Struct): void {
  logical.struct(8, (timestamp) => {
    timestamp.boolean(1, true);
    timestamp.struct(2, (unit) => unit.struct(1, () => {}));
  });
}

function decimalOf(precision: number, scale: number): (element: Struct) => void {
  return (element) => {
    element.i32(6, CONVERTED.decimal);
    element.i32(7, scale);
    element.i32(8, precision);
  };
}

/** Bits, eight to a byte. */
function booleans(values: Bytes, counted: Counted): Writers {
  let bits = 0;
  let filled = 0;
  const add = (value: boolean) => {
    if (value) bits |= 1 << filled;
    filled += 1;
    counted.bytes += 8;
    if (filled === 8) finish();
  };
  const finish = () => {
    if (filled) values.byte(bits);
    bits = 0;
    filled = 0;
  };
  return {
    ...{ physical: PHYSICAL.boolean, describe: () => {}, finish },
    fromCell: (cell) => add(cell === true),
    fromRecord: (scan) => add(scan.byte() === 1),
  };
}

function integers(values: Bytes, counted: Counted, describe: Writers['describe']): Writers {
  const add = (value: number) => {
    values.int32(value);
    counted.bytes += 8;
  };
  return {
    ...{ physical: PHYSICAL.int32, describe },
    fromCell: (cell) => add(cell as number),
    fromRecord: (scan) => {
      scan.zigzag64();
      add(scan.low);
    },
  };
}

function longs(values: Bytes, counted: Counted, describe: Writers['describe']): Writers {
  return {
    ...{ physical: PHYSICAL.int64, describe },
    fromCell: (cell) => {
      longInteger(values, cell as bigint);
      counted.bytes += 8;
    },
    fromRecord: (scan) => {
      scan.zigzag64();
      values.int32(scan.low);
      values.int32(scan.high);
      counted.bytes += 8;
    },
  };
}

function floats(size: 4 | 8, values: Bytes, counted: Counted): Writers {
  return {
    ...{ physical: size === 4 ? PHYSICAL.float : PHYSICAL.double, describe: () => {} },
    fromCell: (cell) => {
      const at = values.grow(size);
      if (size === 4) values.buffer.writeFloatLE(cell as number, at);
      else values.buffer.writeDoubleLE(cell as number, at);
      counted.bytes += 8;
    },
    fromRecord: (scan) => {
      values.copy(scan.bytes, scan.at, scan.at + size);
      scan.at += size;
      counted.bytes += 8;
    },
  };
}

/** 16 bytes, the largest first: Parquet's DECIMAL(38,0), which becomes a HUGEINT. */
function nanoseconds(values: Bytes, counted: Counted): Writers {
  const add = (value: bigint) => {
    hugeInteger(values, value);
    counted.bytes += 8;
  };
  return {
    ...{ physical: PHYSICAL.fixed, describe: decimalOf(38, 0) },
    fromCell: (cell) => add(cell as bigint),
    fromRecord: (scan) => {
      scan.zigzag64();
      const seconds = scan.bigint();
      scan.zigzag64();
      const nanos = scan.number();
      if (nanos < 0 || nanos > 999_999_999) throw malformed(`nanoseconds ${nanos} are outside 0..999999999`);
      add(seconds * 1_000_000_000n + BigInt(nanos));
    },
  };
}

function hugeInteger(values: Bytes, value: bigint): void {
  const at = values.grow(16);
  values.buffer.writeBigInt64BE(value >> 64n, at);
  values.buffer.writeBigUInt64BE(BigInt.asUintN(64, value), at + 8);
}

function decimals(precision: number, scale: number, values: Bytes, counted: Counted): Writers {
  const isLong = precision <= 18;
  const add = (text: string) => {
    const digits = decimalDigits(text, precision, scale);
    if (isLong) longInteger(values, digits);
    else hugeInteger(values, digits);
    counted.bytes += text.length;
  };
  return {
    ...{ physical: isLong ? PHYSICAL.int64 : PHYSICAL.fixed, describe: decimalOf(precision, scale) },
    fromCell: (cell) => add(cell as string),
    fromRecord: (scan) => {
      const length = scan.varint32() >>> 0;
      const start = scan.at;
      scan.at += length;
      const number = isLong ? shortDecimal(scan.bytes, start, scan.at, precision, scale) : undefined;
      if (number === undefined)
        return add(Buffer.from(scan.bytes.subarray(start, scan.at)).toString('latin1'));
      values.int32(number | 0);
      values.int32(Math.floor(number / 4294967296));
      counted.bytes += length;
    },
  };
}

/** Digits at the scale when a Number holds them and nothing is to be rounded; a BigInt for each costs most of it. */
function shortDecimal(
  bytes: Uint8Array,
  start: number,
  end: number,
  precision: number,
  scale: number,
): number | undefined {
  const isNegative = bytes[start] === MINUS;
  let digits = 0;
  let point = -1;
  let number = 0;
  for (let at = isNegative ? start + 1 : start; at < end; at += 1) {
    const digit = bytes[at]! - ZERO;
    if (bytes[at] === POINT && point < 0) point = digits;
    else if (digit < 0 || digit > 9) return undefined;
    else {
      number = number * 10 + digit;
      digits += 1;
    }
  }
  const missing = scale - (point < 0 ? 0 : digits - point);
  if (digits === 0 || missing < 0 || digits + missing > Math.min(15, precision)) return undefined;
  const scaled = number * 10 ** missing;
  return isNegative ? -scaled : scaled;
}

const [MINUS, POINT, ZERO] = [45, 46, 48];

function longInteger(values: Bytes, value: bigint): void {
  const at = values.grow(8);
  values.buffer.writeBigInt64LE(value, at);
}

function texts(values: Bytes, counted: Counted, isText: boolean, limit: number): Writers {
  const add = (source: Uint8Array, start: number, end: number) => {
    values.int32(end - start);
    const isAscii = values.copy(source, start, end);
    counted.bytes += end - start;
    if (!isText || (isAscii && end - start <= limit)) return;
    const text = source.subarray(start, end);
    if (!isUtf8(text)) throw malformed('a text is not valid UTF-8');
    if (text.length > limit) checkLength(Buffer.from(text).toString(), limit);
  };
  return {
    physical: PHYSICAL.bytes,
    describe: (element) => (isText ? element.i32(6, CONVERTED.text) : undefined),
    fromCell: (cell) => {
      const bytes = typeof cell === 'string' ? Buffer.from(cell) : (cell as Uint8Array);
      add(bytes, 0, bytes.length);
    },
    fromRecord: (scan) => {
      const length = scan.varint32() >>> 0;
      const start = scan.at;
      scan.at += length;
      add(scan.bytes, start, scan.at);
    },
  };
}

/** VARCHAR and CHAR count characters, not bytes (protocol 5.5). */
function checkLength(text: string, limit: number): void {
  const { length } = [...text];
  if (length > limit) throw malformed(`a text of ${length} characters does not fit into ${limit}`);
}
