import type { CsvOptions } from './csv/options.ts';
import type { SchemaText } from './schema/schema.ts';

/** Formats of a key or value. */
export const FORMATS = [
  'json',
  'jsonschema',
  'avro',
  'protobuf',
  'csv',
  'text',
  'bytes',
  'short',
  'integer',
  'long',
  'float',
  'double',
] as const;
export type Format = (typeof FORMATS)[number];

/** Wrappings of a value; `none`: the fields stand in the value itself. */
export const ENVELOPES = ['none', 'connect', 'debezium', 'canal'] as const;
export type Envelope = (typeof ENVELOPES)[number];

/** What becomes of a null value: dirty, a row without fields, or nothing (counted). */
export const TOMBSTONES = ['reject', 'row', 'skip'] as const;
export type Tombstone = (typeof TOMBSTONES)[number];

/** Compressions of a whole value. */
export const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** How the bytes of a key or value are written: `decode.key` and `decode.value` of the configuration. */
export interface DecodeOptions {
  readonly format: Format;
  readonly envelope?: Envelope;
  /** Null: see {@link tombstoneRule}. */
  readonly tombstone?: Tombstone | null;
  readonly csv?: CsvOptions;
  /** Label of the text's encoding, as the WHATWG Encoding Standard has them; absent: UTF-8. */
  readonly encoding?: string;
  readonly compression?: Compression;
  /** JSON Schema: whether each record is validated. */
  readonly validate?: boolean;
  /** The schema of a format that has one, where no registry gives it: values then have no header. */
  readonly schema?: SchemaText | null;
  /** Protobuf with a schema file: the full name of the message, where the file has several. */
  readonly message?: string | null;
}

/** Debezium sends a null value after each delete, to say the same to a compacted topic: nothing is lost without it. */
export const tombstoneRule = ({ tombstone, envelope }: DecodeOptions): Tombstone =>
  tombstone ?? (envelope === 'debezium' ? 'skip' : 'reject');
