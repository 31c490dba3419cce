import {
  BOOLEAN,
  BYTES,
  type Cell,
  DAY,
  type Dirty,
  DOUBLE,
  INSTANT,
  INTEGER,
  JSON_TEXT,
  LOCAL,
  NUMBER,
  STRING,
  TIME,
  TREE,
} from '../../decode/cell/cell.ts';
import { timeText, treeJson } from '../../decode/cell/tree-json.ts';
import { textOf } from '../../decode/encoding/utf8.ts';
import type { RecordWriter } from '../../encode/record-writer.ts';
import type { RejectionCode } from '../../errors.ts';

/** What converters need of the record writer; columns are 1-based numbers, 0 is inside a container. */
export type ColumnWriter = Pick<
  RecordWriter,
  | 'boolean'
  | 'integer'
  | 'bigInteger'
  | 'float'
  | 'double'
  | 'bytes'
  | 'timestamp'
  | 'open'
  | 'count'
  | 'flag'
  | 'undo'
>;

/**
 * Writes a cell that is neither missing nor null to a column, or says why that would lose something
 * (then nothing is written).
 */
export type Converter = (cell: Cell, out: ColumnWriter, column: number) => Dirty | null;

/** Digits that do not fit: dirty (false), rounded half up (true), or left out. */
export type Rounding = boolean | 'cut';

export function dirty(code: RejectionCode, message: string): Dirty {
  return { code, message };
}

export function wrongType(cell: Cell, wanted: string): Dirty {
  return dirty('wrong_type', `${show(cell)} cannot be converted to ${wanted}`);
}

export function outOfRange(cell: Cell, wanted: string): Dirty {
  return dirty('out_of_range', `${show(cell)} is outside the range of ${wanted}`);
}

export function notExact(cell: Cell, wanted: string): Dirty {
  return dirty('not_exact', `${show(cell)} does not fit ${wanted} without losing digits`);
}

const SHOWN_BYTES = 64;

function shownTree(cell: Cell): string {
  const text = treeJson(cell.tree!, SHOWN_BYTES);
  return text.length > SHOWN_BYTES ? `${text.slice(0, SHOWN_BYTES)}...` : text;
}

/** A short picture of the cell for messages. */
export function show(cell: Cell): string {
  const end = Math.min(cell.end, cell.start + SHOWN_BYTES);
  const cut = end < cell.end ? '...' : '';
  switch (cell.kind) {
    case BOOLEAN:
      return cell.num === 1 ? 'true' : 'false';
    case INTEGER:
      return String(cell.safe ? cell.num : cell.big);
    case DOUBLE:
      return String(cell.num);
    case NUMBER:
    case JSON_TEXT:
      return textOf(cell.bytes, cell.start, end) + cut;
    case STRING:
      return JSON.stringify(textOf(cell.bytes, cell.start, end) + cut);
    case BYTES:
      return `${cell.end - cell.start} bytes`;
    case INSTANT:
    case LOCAL:
      return `time ${cell.num} s ${cell.nanos} ns`;
    case DAY:
      return `day ${cell.num}`;
    case TIME:
      return `time of day ${timeText(cell)}`;
    case TREE:
      return shownTree(cell);
    default:
      return 'null';
  }
}
