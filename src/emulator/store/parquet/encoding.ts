import type { Cell } from '../../record/cells.ts';
import type { Scan } from '../../record/scan.ts';
import type { Bytes } from './bytes.ts';
import type { Struct } from './thrift.ts';

/** Parquet's physical types. */
export const PHYSICAL = { boolean: 0, int32: 1, int64: 2, float: 4, double: 5, bytes: 6, fixed: 7 } as const;

/** What the schema says besides, where the logical type is not needed. */
export const CONVERTED = { text: 0, decimal: 5, date: 6 } as const;

/** Parquet's encodings of values and of levels. */
export const PAGE_ENCODING = { plain: 0, rle: 3 } as const;

/** How the values of one type are written. */
export interface Encoding {
  readonly physical: number;
  /** What the schema says besides the physical type. */
  readonly describe: (element: Struct) => void;
  /** A cell, which whoever read it has checked. */
  fromCell(cell: Exclude<Cell, null>): void;
  /** The value at the cursor, whole and in range for its wire form; refuses what its type does not take. */
  fromRecord(scan: Scan): void;
  /** Ends a row group: what is still to be written goes into the values. */
  finish?(): void;
}

/** Size of the data itself: what statistics count. */
export interface Counted {
  bytes: number;
}

/** Goes behind a value with its length; answers where it begins. */
export function valueStart(scan: Scan): number {
  const length = scan.varint32() >>> 0;
  const start = scan.at;
  scan.at += length;
  return start;
}

/** 16 bytes, the largest first. */
export function hugeInteger(values: Bytes, value: bigint): void {
  const at = values.grow(16);
  values.buffer.writeBigInt64BE(value >> 64n, at);
  values.buffer.writeBigUInt64BE(BigInt.asUintN(64, value), at + 8);
}

export function longInteger(values: Bytes, value: bigint): void {
  const at = values.grow(8);
  values.buffer.writeBigInt64LE(value, at);
}

export function decimalOf(precision: number, scale: number): (element: Struct) => void {
  return (element) => {
    element.i32(6, CONVERTED.decimal);
    element.i32(7, scale);
    element.i32(8, precision);
  };
}
