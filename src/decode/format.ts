import type { CsvOptions } from './csv-options.ts';
import type { SchemaText } from './schema.ts';

/** Formats of a key or value. */
export const FORMATS = ['json', 'avro', 'csv', 'text', 'bytes'] as const;
export type Format = (typeof FORMATS)[number];

/** Wrappings of a value; `none`: the fields stand in the value itself. */
export const ENVELOPES = ['none', 'connect', 'debezium', 'canal'] as const;
export type Envelope = (typeof ENVELOPES)[number];

/** What becomes of a null value: dirty, a row without fields, or nothing (counted). */
export const TOMBSTONES = ['reject', 'row', 'skip'] as const;
export type Tombstone = (typeof TOMBSTONES)[number];

/** How the bytes of a key or value are written: `decode.key` and `decode.value` of the configuration. */
export interface DecodeOptions {
  readonly format: Format;
  readonly envelope?: Envelope;
  /** Null: see {@link tombstoneRule}. */
  readonly tombstone?: Tombstone | null;
  readonly csv?: CsvOptions;
  /** The schema of values that name none by an id; without one the id in each value says which. */
  readonly schema?: SchemaText | null;
}

/** Debezium sends a null value after each delete, to say the same to a compacted topic: nothing is lost without it. */
export const tombstoneRule = ({ tombstone, envelope }: DecodeOptions): Tombstone =>
  tombstone ?? (envelope === 'debezium' ? 'skip' : 'reject');
