import { type Block, joinPieces } from '../encode/block.ts';
import { makePiece } from '../encode/piece.ts';
import { RecordWriter } from '../encode/record-writer.ts';
import { parseColumnType } from '../mapping/parse-type.ts';
import type { Compression } from '../mapping/plan.ts';
import { type ColumnType, isNested, type NestedType, type ScalarType } from '../mapping/types.ts';

/** A column as an upload session numbers it. */
interface ProbeColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

/** 2026-01-01T00:00:00Z. */
const SECONDS = 1_767_225_600;
const DAY_SECONDS = 86_400;

/**
 * A block of two joined pieces with three rows: a value in every column whose type is known, NULLs wherever
 * they are allowed, and values again. Null when a NOT NULL column has a type that cannot be written.
 */
export function probeBlock(columns: readonly ProbeColumn[], compression: Compression): Block | null {
  const types = columns.map(({ type }) => parseColumnType(type));
  if (columns.some(({ nullable }, at) => !nullable && types[at] === null)) return null;
  const piece = (rows: readonly ('full' | 'null')[]) => {
    const writer = new RecordWriter();
    for (const kind of rows) writeRow(writer, columns, types, kind === 'full');
    return makePiece('', writer, compression)!;
  };
  return joinPieces([piece(['full', 'null']), piece(['full'])], compression);
}

function writeRow(
  writer: RecordWriter,
  columns: readonly ProbeColumn[],
  types: readonly (ColumnType | null)[],
  full: boolean,
): void {
  writer.begin();
  columns.forEach(({ nullable }, at) => {
    const type = types[at];
    if (type && (full || !nullable)) writeValue(writer, at + 1, type);
  });
  writer.end();
}

function writeValue(writer: RecordWriter, column: number, type: ColumnType): void {
  if (isNested(type)) writeNested(writer, column, type);
  else VALUES[type.name](writer, column, type);
}

/** One item in every ARRAY, one entry in every MAP, a value in every field. */
function writeNested(writer: RecordWriter, column: number, type: NestedType): void {
  writer.open(column);
  const item = (of: ColumnType): void => {
    writer.flag(0);
    writeValue(writer, 0, of);
  };
  if (type.name === 'STRUCT') {
    for (const field of type.fields) item(field.type);
    return;
  }
  for (const of of type.name === 'MAP' ? [type.key, type.value] : [type.element]) {
    writer.count(1);
    item(of);
  }
}

type Write = (writer: RecordWriter, column: number, type: ScalarType) => void;

const one: Write = (writer, column) => writer.integer(column, 1);
const instant: Write = (writer, column) => writer.timestamp(column, SECONDS, 0);
const text =
  (content: string): Write =>
  (writer, column, { length }) => {
    const bytes = Buffer.from(content.slice(0, length));
    writer.bytes(column, bytes, 0, bytes.length);
  };

/** A value that every column of the type takes. */
const VALUES: Record<ScalarType['name'], Write> = {
  BOOLEAN: (writer, column) => writer.boolean(column, 1),
  TINYINT: one,
  SMALLINT: one,
  INT: one,
  BIGINT: one,
  FLOAT: (writer, column) => writer.float(column, 0.5),
  DOUBLE: (writer, column) => writer.double(column, 0.5),
  DATE: (writer, column) => writer.integer(column, SECONDS / DAY_SECONDS),
  DATETIME: (writer, column) => writer.integer(column, SECONDS * 1000),
  TIMESTAMP: instant,
  TIMESTAMP_NTZ: instant,
  INTERVAL_DAY_TIME: instant,
  INTERVAL_YEAR_MONTH: one,
  DECIMAL: text('0'),
  JSON: text('{}'),
  STRING: text('maxsink check'),
  VARCHAR: text('maxsink check'),
  CHAR: text('maxsink check'),
  BINARY: text('maxsink check'),
};
