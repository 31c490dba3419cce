import { LIMITS } from '../../limits.ts';
import { type Cell, type Dirty, JSON_TEXT, MISSING } from '../cell/cell.ts';
import type { Path } from './path.ts';

/**
 * What becomes of top-level fields that no path takes:
 *
 *   ignore       told once per field
 *   rest         collected as the members of one JSON object
 *   add_column   told with their kind, so that the table gets a column
 *   reject       their record is dirty
 */
export interface UnmappedSpec {
  readonly policy: 'ignore' | 'rest' | 'add_column' | 'reject';
  /** Where the fields stand; the whole value: []. */
  readonly at: readonly Path[];
  /** Names of fields there that stay out although no path takes them. */
  readonly except?: readonly string[];
}

/** The path whose cell takes the rest: an object of all members that no path takes; MISSING when there are none. */
export const REST = '__rest__';

/** The same fields where they stand inside an envelope. */
export function unmappedBelow(
  spec: UnmappedSpec | undefined,
  ...places: readonly Path[]
): { readonly unmapped?: UnmappedSpec } {
  if (!spec) return {};
  return { unmapped: { ...spec, at: places.flatMap((place) => spec.at.map((path) => [...place, ...path])) } };
}

/** A field that no path takes. */
export interface UnmappedField {
  readonly name: string;
  readonly kind: UnmappedKind;
  /** Of a decimal: the digits behind the point. */
  readonly scale?: number;
}

/**
 * Of a field's value:
 *
 *   integer    fits into 64 bits with a sign
 *   number     a fraction, or in floating point
 *   decimal    with a scale: exact
 *   instant    a point in time; `local` one without a zone, `day` a date
 *   text       text, and what only text holds
 *   null       says nothing of the field's type
 */
export type UnmappedKind =
  | ('integer' | 'number' | 'decimal' | 'boolean' | 'text' | 'bytes')
  | ('day' | 'instant' | 'local' | 'nested' | 'null');

export function unknownField(name: string): Dirty {
  return { code: 'unknown_field', message: `the field ${JSON.stringify(name)} has no column` };
}

/** What the decoder does with an unmapped member: adds it to the shape, tells it, keeps its bytes, or passes over it. */
export const SHAPE = 0;
const TELL = 1;
export const KEEP = 2;
const PASS = 3;

/** With `ignore`: records at the beginning of a chunk that are looked at, and behind them one in so many. */
const LOOK_FIRST = 256;
const LOOK_MASK = 15;

/** Different sets of unmapped names that are remembered; above that they are forgotten. */
const SHAPES = 4096;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const NONE: readonly UnmappedField[] = [];

/**
 * The unmapped fields of one decoder. Names are read only where a record has another set of them than any record
 * before: telling one set from another takes a few operations per member (`shape`), comparing names took a
 * tenth of the whole decoding.
 */
export class Unmapped {
  readonly #policy: UnmappedSpec['policy'];
  /** SHAPE, TELL, KEEP or PASS. */
  mode: number;
  /** Of the names of this record: a sum, so that their order does not matter. */
  shape = 0;
  /** With `reject`, the first field of this record. */
  found: string | null = null;
  readonly #shapes = new Set<number>([0]);
  readonly #told = new Set<string>();
  readonly #ranges: number[] = [];
  #fields: UnmappedField[] = [];
  /** Shape of the record whose names are told. */
  #new = 0;
  /** The place that goes before all others, whatever comes first in a record. */
  main: unknown = null;
  #isMain = false;
  /** Records of this chunk. */
  #seen = 0;

  constructor(policy: UnmappedSpec['policy']) {
    this.#policy = policy;
    this.mode = policy === 'rest' ? KEEP : SHAPE;
  }

  beginChunk(): void {
    this.#seen = 0;
  }

  /** At the beginning of a record. */
  begin(): void {
    this.shape = 0;
    this.found = null;
    this.mode = this.#policy === 'rest' ? KEEP : this.#looks() ? SHAPE : PASS;
    this.#ranges.length = 0;
    this.#isMain = false;
  }

  /** Where nothing is done with a field but to tell of it, a part of the records of a busy topic is enough. */
  #looks(): boolean {
    const seen = this.#seen++;
    return this.#policy !== 'ignore' || seen < LOOK_FIRST || (seen & LOOK_MASK) === 0;
  }

  /**
   * Into an object whose members count: those met so far are forgotten, for the last of two equal objects wins. False: its
   * members do not count, because those of `main` were met.
   */
  enter(place: unknown): boolean {
    if (this.mode === PASS) return false;
    const isMain = place === this.main;
    if (this.#isMain && !isMain) return false;
    this.#isMain = isMain;
    this.shape = 0;
    this.found = null;
    this.#ranges.length = 0;
    return true;
  }

  /** Whether the names have to be told: then `mode` is TELL until the next record. */
  isNewShape(): boolean {
    if (this.mode !== SHAPE || this.#shapes.has(this.shape)) return false;
    if (this.#shapes.size > SHAPES) this.#shapes.clear();
    if (this.#policy !== 'reject') this.#shapes.add(this.shape);
    this.#new = this.shape;
    this.mode = TELL;
    this.#isMain = false;
    return true;
  }

  tell(name: string, kind: UnmappedKind, scale?: number): void {
    if (this.#policy === 'reject') this.found ??= name;
    // A column needs a type: the field is looked at again until it has a value.
    else if (this.#policy === 'add_column' && kind === 'null') this.#shapes.delete(this.#new);
    else if (!this.#told.has(name) && this.#told.size < LIMITS.unmappedFields) {
      this.#told.add(name);
      this.#fields.push({ name, kind, ...(scale !== undefined && { scale }) });
    }
  }

  /** Bytes [from, to) are a member of a JSON object: `"name": value`. */
  keep(from: number, to: number): void {
    this.#ranges.push(from, to);
  }

  /** The object of the members kept. */
  fill(cell: Cell, bytes: Uint8Array): void {
    if (this.#ranges.length === 0) cell.kind = MISSING;
    else joinMembers(cell, bytes, this.#ranges);
  }

  /** Fields that were told since the last call. */
  take(): readonly UnmappedField[] {
    if (this.#fields.length === 0) return NONE;
    const taken = this.#fields;
    this.#fields = [];
    return taken;
  }
}

function joinMembers(cell: Cell, bytes: Uint8Array, ranges: readonly number[]): void {
  let size = 1;
  for (let i = 0; i < ranges.length; i += 2) size += ranges[i + 1]! - ranges[i]! + 1;
  const text = new Uint8Array(size);
  let at = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    text[at++] = i === 0 ? OPEN : COMMA;
    text.set(bytes.subarray(ranges[i]!, ranges[i + 1]!), at);
    at += ranges[i + 1]! - ranges[i]!;
  }
  text[at] = CLOSE;
  cell.setBytes(JSON_TEXT, text, 0, size);
}
