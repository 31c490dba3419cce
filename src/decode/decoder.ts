import type { Cell, Dirty } from './cell/cell.ts';
import type { DecodeOptions } from './format.ts';
import type { Path } from './path/path.ts';
import type { UnmappedField, UnmappedSpec } from './path/unmapped.ts';
import type { SchemaText } from './schema/schema.ts';

/** What a decoder is made of: plain data, part of the plan. `paths[i]` fills `cells[i]`. */
export interface DecoderSpec extends DecodeOptions {
  readonly paths: readonly Path[];
  /** Names of the paths match in any case (ASCII); of several equal members the last one wins. */
  readonly ignoreCase?: boolean;
  /** Absent: fields that no path takes do not matter. */
  readonly unmapped?: UnmappedSpec;
}

/** Turns the bytes of one value or key into cells, for the mapped paths only. Never throws. */
export interface Decoder {
  /**
   * Fills `cells[i]` for `paths[i]`; a path that is not in the record leaves MISSING. The cells hold until
   * the next call: they may point into `bytes` and into memory of the decoder.
   *
   * @returns null, or why the record is dirty (the cells are then undefined)
   */
  decode(bytes: Uint8Array, start: number, end: number, cells: readonly Cell[]): Dirty | null;
  /**
   * Work that is cheaper once per chunk than per record. Optional for callers; the promise is that bytes
   * [0, dataEnd) do not change until the next call.
   */
  beginChunk?(bytes: Uint8Array, dataEnd: number): void;
  /** Only where records name their writer schema by a registry id. */
  readonly schemas?: SchemaCache;
  /** Fields that no path takes, met since the last call; each name once while it is remembered. */
  unmappedFields?(): readonly UnmappedField[];
  /** Rows of the record last decoded, at least 1; absent: every record has one. `decode` gives the first. */
  rows?(): number;
  /** Fills the cells with row number `index`; they hold until the next call. Present where `rows` is. */
  select?(index: number, cells: readonly Cell[]): Dirty | null;
}

/** The writer schemas that a decoder was given. */
export interface SchemaCache {
  /** Null: the registry does not know the id. A later call for the same id replaces the former. */
  add(id: number, schema: SchemaText | null): void;
  /**
   * Makes the ids that the registry did not know unknown again. For the start of a job, before `add`:
   * a registry that lags behind may know them by then.
   */
  forgetMissing(): void;
  /** The id in the header of the value when it was never added; null when it was, or there is no such header. */
  unknown(bytes: Uint8Array, start: number, end: number): number | null;
}
