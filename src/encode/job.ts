import type { UnmappedField } from '../decode/path/unmapped.ts';
import type { SchemaText } from '../decode/schema/schema.ts';
import type { RejectionCode } from '../errors.ts';
import type { MendAction } from '../mapping/dirty.ts';

/**
 * The thread boundary: what main sends to a worker and what comes back. Bytes go in and bytes come
 * out, moved, never copied. A worker does no I/O, reads no clock and logs nothing.
 *
 *   main                                    worker
 *   chunk, [from, to)          ------>      decode, map, choose the table partition, encode, compress
 *                              <------      chunk, pieces, rejections, upTo
 *
 * `upTo < to` when one more record would open table partition `maxTablePartitions + 1`: main sends the
 * rest of the chunk again. All rows of a record are in the pieces, or none. With `unknownSchemas` nothing was done: main fetches the schemas and sends
 * the chunk again together with them. The rejected bytes travel back inside the chunk itself.
 */
export interface EncodeJob {
  readonly chunk: ArrayBuffer;
  readonly capacity: number;
  readonly from: number;
  readonly to: number;
  /** Topic partition numbers of the chunk's index point into this list. */
  readonly topicPartitions: readonly { readonly topic: string; readonly partition: number }[];
  readonly maxTablePartitions: number;
  /** Wall clock when the records were polled, ms: only for the source `__ingest_time__`. */
  readonly polledAt: number;
  /** Writer schemas that a worker asked for. */
  readonly schemas: readonly WriterSchema[];
  /** Shared memory: the worker writes which record it is at, or where beside the records. Absent: nobody asks. */
  readonly progress?: Int32Array;
  /** Rows to be left out as copies of rows in earlier chunks: numbers of keys of the result before, ascending. */
  readonly drop?: readonly number[];
}

/** In {@link EncodeJob.progress}, in the place of a record number. */
export const NOT_BEGUN = -1;
export const RECORDS_DONE = -2;

export interface WriterSchema {
  readonly id: number;
  /** Null: the registry answered that it does not know this id. */
  readonly schema: SchemaText | null;
}

/** The compressed rows of one chunk for one table partition; pieces join into a block. */
export interface Piece {
  /** `dt=20261121,hr=09`; empty for an unpartitioned table. */
  readonly tablePartition: string;
  /** Exactly sized. Deflate: without the two header bytes, ended by a sync flush. */
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** Bytes of the record stream before compression, without the footer. */
  readonly rawBytes: number;
  /** Oldest and newest event time of the rows, ms; Infinity and -Infinity when there are no event times. */
  readonly oldestEvent: number;
  readonly newestEvent: number;
  /** CRC32C over the rows' CRCs, 4 bytes little endian each (protocol 5.3). */
  readonly crcOfCrcs: number;
  /** Adler-32 of the raw bytes; 1 when the compression is not deflate. */
  readonly adler32: number;
}

export interface Rejection {
  /** Number of the record in the chunk. */
  readonly record: number;
  readonly stage: 'decode' | 'map' | 'type' | 'partition' | 'size';
  readonly code: RejectionCode;
  readonly column: string | null;
  readonly message: string;
}

export interface MendedValues {
  readonly code: RejectionCode;
  readonly action: MendAction;
  readonly values: number;
}

export interface EncodeResult {
  readonly chunk: ArrayBuffer;
  readonly upTo: number;
  readonly unknownSchemas: readonly number[];
  readonly pieces: readonly Piece[];
  readonly rejections: readonly Rejection[];
  /** Rows beyond the first of their record: rows - extraRows is the number of records that became rows. */
  readonly extraRows: number;
  /** Records that the filter of the configuration left out. */
  readonly filtered: number;
  /** Dirty records that the configuration skips, by code. */
  readonly skipped: Readonly<Partial<Record<RejectionCode, number>>>;
  /** Fields of values that no column takes, each told once by each worker. */
  readonly unmappedFields: readonly UnmappedField[];
  /** The last of the skipped ones. */
  readonly lastSkipped?: Rejection | null;
  /** Values in rows that stand in the place of others. */
  readonly mended?: readonly MendedValues[];
  /** The record that ends the service: the result ends before it. */
  readonly stopped?: Rejection | null;
  /** Only with `table.deduplicate`: the hashed key of each row, 4 words each; zeros: none. */
  readonly keys?: Uint32Array | null;
  /** Records left out because earlier rows have their keys. */
  readonly deduplicated?: number;
  /** CPU microseconds that the worker spent. */
  readonly cpuMicros: number;
}
