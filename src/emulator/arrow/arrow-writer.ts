import type { ColumnType } from '../model/types.ts';
import type { Cell } from '../record/cells.ts';
import { BatchBody, writeArray } from './array-writer.ts';
import { byte, type Flat, flatbuffer, short } from './flatbuffer-writer.ts';
import { framed } from './frame-writer.ts';
import { schemaHeader } from './schema.ts';
import type { TimeForm } from './time-form.ts';

interface ArrowColumn {
  readonly name: string;
  readonly type: ColumnType;
}

export interface FrameOptions {
  /** TIMESTAMP: nanoseconds in downloads of tables, struct{sec,nano} in results of instances. */
  readonly timestamp: 'nanoseconds' | 'struct';
  /** INTERVAL_DAY_TIME: struct{sec,nano} for PyODPS (the default), {days,ms} for the Java client. */
  readonly interval?: 'struct' | 'day-time';
}

type Rows = AsyncIterable<readonly (readonly Cell[])[]>;

const VERSION_5 = 4;
const SCHEMA = 1;
const RECORD_BATCH = 3;
const CONTINUATION = 0xffffffff;
const END_OF_STREAM = Buffer.from('ffffffff00000000', 'hex');
const PREVIEW_FORM: TimeForm = { timestampStruct: true, intervalStruct: true };

/**
 * Rows as framed RecordBatch messages (protocol 7), a batch for each piece of `rows`; no batch for no row. Throws
 * InvalidArgument (400) for a time that nanoseconds in 64 bits cannot hold.
 */
export function arrowFrames(
  columns: readonly ArrowColumn[],
  rows: Rows,
  options: FrameOptions,
): AsyncIterable<Buffer> {
  const intervalStruct = options.interval !== 'day-time';
  const nested: TimeForm = { timestampStruct: false, intervalStruct };
  const top: TimeForm = { timestampStruct: options.timestamp === 'struct', intervalStruct };
  return framed(batches(columns, rows, top, nested));
}

/** Rows as an Arrow IPC stream, with schema and end, as previews are; all times are structs. */
export async function* arrowStream(columns: readonly ArrowColumn[], rows: Rows): AsyncIterable<Buffer> {
  const messages = batches(columns, rows, PREVIEW_FORM, PREVIEW_FORM);
  // Before the schema: rows that cannot be read are refused as long as no answer has begun.
  let next = await messages.next();
  try {
    yield message(SCHEMA, schemaHeader(columns, PREVIEW_FORM), Buffer.of());
    for (; !next.done; next = await messages.next()) yield next.value;
    yield END_OF_STREAM;
  } finally {
    await messages.return();
  }
}

/** PyODPS expects the struct for columns alone, and nanoseconds for times inside of ARRAY, MAP and STRUCT. */
async function* batches(
  columns: readonly ArrowColumn[],
  rows: Rows,
  top: TimeForm,
  nested: TimeForm,
): AsyncGenerator<Buffer, void, void> {
  for await (const piece of rows) {
    if (piece.length === 0) continue;
    const body = new BatchBody();
    columns.forEach(({ name, type }, index) => {
      const form = isNested(type) ? nested : top;
      writeArray(
        body,
        type,
        piece.map((row) => row[index] ?? null),
        form,
        name,
      );
    });
    yield batchMessage(piece.length, body);
  }
}

const isNested = ({ name }: ColumnType): boolean => name === 'ARRAY' || name === 'MAP' || name === 'STRUCT';

const batchMessage = (rows: number, body: BatchBody): Buffer =>
  message(RECORD_BATCH, [{ long: rows }, { pairs: body.nodes }, { pairs: body.buffers }], body.bytes());

/** An encapsulated message: its metadata is padded so that the body begins at a multiple of 8. */
function message(kind: number, header: readonly Flat[], body: Buffer): Buffer {
  const metadata = flatbuffer([short(VERSION_5), byte(kind), { table: header }, { long: body.length }]);
  const padding = (8 - (metadata.length % 8)) % 8;
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32LE(CONTINUATION);
  prefix.writeInt32LE(metadata.length + padding, 4);
  return Buffer.concat([prefix, metadata, Buffer.alloc(padding), body]);
}
