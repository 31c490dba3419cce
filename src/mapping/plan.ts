import type { DecoderSpec } from '../decode/decoder.ts';
import type { Tombstone } from '../decode/format.ts';
import type { HashSpec } from './conceal/hash.ts';
import type { MaskSpec } from './conceal/mask.ts';
import type { DirtyRules } from './dirty.ts';
import type { InputView } from './expr/inputs.ts';
import type { MetadataName } from './source.ts';
import type { ColumnType } from './types.ts';

/**
 * Mapping, table schema and options, compiled once: plain data that goes to every worker. The row
 * mapper interprets it; a faster path may interpret it too and must give identical bytes.
 */
export interface Plan {
  /** Columns that have a source, in the order of the table. */
  readonly columns: readonly PlanColumn[];
  /** Every source once; columns and table partitions point here. */
  readonly slots: readonly Slot[];
  /** Null: nothing of the value (key) is decoded, and a null value is no tombstone error. */
  readonly decoders: { readonly value: DecoderSpec | null; readonly key: DecoderSpec | null };
  /** What becomes of a null value; absent: it is rejected if something of the value is decoded. */
  readonly tombstone?: Tombstone;
  /** The event times that table partitions are made of; each is read once per record. */
  readonly times: readonly PlanTime[];
  /** In the order of the table's partition keys; empty: the table is unpartitioned. */
  readonly partitions: readonly TablePartitionColumn[];
  readonly rules: LatenessRules;
  /** The slot of the expression that says which rows stay; absent: all do. */
  readonly filter?: number;
  /** What must not be shown, because a column is masked or hashed; absent: nothing. */
  readonly hidden?: Hidden;
  readonly compression: Compression;
  readonly maxFieldBytes: number;
  /** What happens to dirty records; absent: they are dead letters. */
  readonly dirty?: DirtyRules;
  /** Slots that make the key of a row: of the rows of a batch with an equal key the first stays. Absent: none. */
  readonly deduplicate?: readonly number[];
}

/** What a column takes beside its own family of types: whatever loses nothing, or nothing. */
export type Coercion = 'lenient' | 'strict';

/** Where values of masked and hashed columns could be seen. No sample of any record is shown then. */
export interface Hidden {
  /** Columns, table partition columns among them, whose rejections tell no value: the concealed ones, and those that read the same. */
  readonly columns: readonly string[];
}

export type Compression = 'deflate' | 'zstd' | 'none';

/** Where a cell comes from. `index` counts the paths of that decoder's spec. */
export type Slot =
  | { readonly from: 'value'; readonly index: number }
  | { readonly from: 'key'; readonly index: number }
  | { readonly from: 'metadata'; readonly name: MetadataName }
  | { readonly from: 'header'; readonly name: string }
  | { readonly from: 'constant'; readonly text: string }
  | {
      readonly from: 'expr';
      readonly text: string;
      /** In the order in which the expression names them; their slots stand before this one. */
      readonly inputs: readonly { readonly slot: number; readonly view: InputView }[];
    };

/** How a time is written: `format` null means iso for text and epoch_ms for numbers; `zone` is for text without one. */
export interface TimeSpec {
  readonly format: string | null;
  readonly zone: string;
}

export interface PlanColumn {
  /** 1-based number of the column in the table: the tag on the wire. */
  readonly number: number;
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly slot: number;
  /** Takes the place of a missing and of a null source; null: none. */
  readonly default: string | number | boolean | null;
  readonly time: TimeSpec;
  readonly trim: boolean;
  readonly round: boolean;
  /** Absent: lenient. */
  readonly coercion?: Coercion;
  /** The text is masked or hashed, never both; absent: neither. */
  readonly mask?: MaskSpec;
  readonly hash?: HashSpec;
}

export interface PlanTime {
  /** The first table partition column made of it: names the time in rejections. */
  readonly name: string;
  readonly slot: number;
  readonly time: TimeSpec;
  /** False for `__ingest_time__`: nothing is late, early or absurd by comparison with the record timestamp. */
  readonly compared: boolean;
}

export type TablePartitionColumn = { readonly name: string; readonly type: ColumnType } & (
  | { readonly kind: 'constant'; readonly value: string }
  | { readonly kind: 'source'; readonly slot: number }
  | {
      readonly kind: 'time';
      /** Index into {@link Plan.times}. */
      readonly time: number;
      readonly format: string;
      readonly zone: string;
      /** ms of local time; null: none. */
      readonly floor: number | null;
    }
);

/** What happens to a record past a limit; `partition` gives values for some or all partition keys. */
export type Destination =
  | 'true_partition'
  | 'dead_letter'
  | { readonly partition: Readonly<Record<string, string>> };

/** Times in ms; null: the rule is off. */
export interface LatenessRules {
  readonly late: { readonly after: number | null; readonly to: Destination };
  readonly future: { readonly after: number | null; readonly to: Destination };
  readonly absurd: { readonly before: number; readonly afterRecord: number | null };
}
