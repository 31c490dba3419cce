import type { RejectionCode } from '../../errors.ts';

/**
 * A cell is one decoded source of one record, on its way to a column: a tagged view that the decoders
 * fill and the converters read. One object per slot is used again for every record, so nothing is
 * allocated for a record that needs no text.
 *
 * kind      | carries
 * MISSING   | nothing: the path is not in the record (becomes NULL or the default)
 * NULL      | nothing: the source says null
 * BOOLEAN   | num 0 or 1
 * INTEGER   | a 64-bit integer (Avro int and long, offsets, timestamps): num when `safe`, else big
 * DOUBLE    | num (Avro float and double)
 * NUMBER    | bytes [start, end): the source text of a number, JSON grammar (`-12.50`, `1e3`)
 * STRING    | bytes [start, end): UTF-8, known to be valid
 * BYTES     | bytes [start, end): arbitrary bytes
 * JSON      | bytes [start, end): the source text of a JSON object or array, valid UTF-8
 * INSTANT   | num: epoch seconds (floor), nanos 0..999999999 (Avro timestamp-*)
 * LOCAL     | the same for a local date-time without a zone (Avro local-timestamp-*)
 * DAY       | num: days since 1970-01-01 (Avro date)
 * TIME      | num: seconds since midnight, nanos (Avro time-*)
 * TREE      | tree: an object or array of a format whose source text is no JSON
 */
export const MISSING = 0;
export const NULL = 1;
export const BOOLEAN = 2;
export const INTEGER = 3;
export const DOUBLE = 4;
export const NUMBER = 5;
export const STRING = 6;
export const BYTES = 7;
export const JSON_TEXT = 8;
export const INSTANT = 9;
export const LOCAL = 10;
export const DAY = 11;
export const TIME = 12;
export const TREE = 13;

/** A nested value; the cells in it are its own. Members stand in the order of the source; names may repeat: the last wins. */
export type Tree = { readonly members: readonly Member[] } | { readonly items: readonly Cell[] };

export interface Member {
  readonly name: string;
  readonly value: Cell;
}

const EMPTY = new Uint8Array(0);

export class Cell {
  kind = MISSING;
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  num = 0;
  nanos = 0;
  /** INTEGER only: whether `num` is exact; otherwise `big` holds the value. */
  safe = true;
  big = 0n;
  /** DOUBLE only: whether it was a 32-bit float (shortest-float.ts). */
  single = false;
  /** TREE only. */
  tree: Tree | null = null;

  setBytes(kind: number, bytes: Uint8Array, start: number, end: number): void {
    this.kind = kind;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  setDouble(value: number, single = false): void {
    this.kind = DOUBLE;
    this.num = value;
    this.single = single;
  }

  setTree(tree: Tree): void {
    this.kind = TREE;
    this.tree = tree;
  }

  setInteger(value: number | bigint): void {
    this.kind = INTEGER;
    if (typeof value === 'number') {
      this.num = value;
      this.safe = true;
    } else if (value >= -9007199254740991n && value <= 9007199254740991n) {
      this.num = Number(value);
      this.safe = true;
    } else {
      this.big = value;
      this.safe = false;
    }
  }

  /** Takes the value of another cell; bytes and trees are shared. */
  copy(from: Cell): void {
    this.kind = from.kind;
    this.bytes = from.bytes;
    this.start = from.start;
    this.end = from.end;
    this.num = from.num;
    this.nanos = from.nanos;
    this.safe = from.safe;
    this.big = from.big;
    this.single = from.single;
    this.tree = from.tree;
  }
}

/**
 * Why a record cannot become a row. A plain value, never thrown across the hot path.
 * `column` is set by whoever knows it.
 */
export interface Dirty {
  readonly code: RejectionCode;
  readonly message: string;
  readonly column?: string;
}
