import type { EncodeResult, MendedValues, Rejection } from '../encode/job.ts';
import type { RejectionCode } from '../errors.ts';
import type { Position, SourceChunk } from '../source/source.ts';
import { positionsOf } from './ranges.ts';

/** Records that became neither rows nor dead letters, because the configuration leaves them out; and mended values. */
export interface LeftOut {
  /** By `table.filter`. */
  readonly filtered: number;
  /** Dirty ones, by code. */
  readonly skipped: Readonly<Partial<Record<RejectionCode, number>>>;
  /** Rows whose key an earlier row of the batch has. */
  readonly deduplicated: number;
  readonly mended: readonly MendedValues[];
  /** The last of the skipped ones. */
  readonly lastSkipped: DirtyRecord | null;
}

/** A dirty record, as far as a message names it. */
export interface DirtyRecord extends Position {
  readonly code: string;
  readonly column: string | null;
  readonly message: string;
}

export const NOTHING_LEFT_OUT: LeftOut = {
  ...{ filtered: 0, skipped: {}, deduplicated: 0, mended: [], lastSkipped: null },
};

type Counts = Pick<EncodeResult, 'filtered' | 'skipped' | 'deduplicated' | 'mended' | 'lastSkipped'>;

/** Of a result whose chunk is back. */
export function leftOutOf(chunk: SourceChunk, counts: Counts): LeftOut {
  const { filtered, skipped, deduplicated = 0, mended = [], lastSkipped } = counts;
  const last = lastSkipped ? dirtyRecord(chunk, lastSkipped) : null;
  return { filtered, skipped, deduplicated, mended, lastSkipped: last };
}

export function dirtyRecord(chunk: SourceChunk, { record, code, column, message }: Rejection): DirtyRecord {
  return { ...positionsOf(chunk)(record), code, column, message };
}

/** `orders[3] offset 512: too_long: column name: 12 characters, but ...` */
export function dirtyText({ topic, partition, offset, code, column, message }: DirtyRecord): string {
  const where = column === null ? '' : `column ${column}: `;
  return `${topic}[${partition}] offset ${offset}: ${code}: ${where}${message}`;
}

export function addLeftOut(a: LeftOut, b: LeftOut): LeftOut {
  if (b === NOTHING_LEFT_OUT) return a;
  return {
    filtered: a.filtered + b.filtered,
    skipped: addCounts(a.skipped, b.skipped),
    deduplicated: a.deduplicated + b.deduplicated,
    mended: b.mended.reduce(addMended, a.mended),
    lastSkipped: b.lastSkipped ?? a.lastSkipped,
  };
}

type ByCode = Readonly<Partial<Record<string, number>>>;

export function addCounts(a: ByCode, b: ByCode): Record<string, number> {
  const sum = { ...a } as Record<string, number>;
  for (const [code, n] of Object.entries(b)) sum[code] = (sum[code] ?? 0) + n!;
  return sum;
}

export const totalOf = (counts: ByCode): number =>
  Object.values(counts).reduce<number>((sum, n) => sum + n!, 0);

function addMended(list: readonly MendedValues[], one: MendedValues): MendedValues[] {
  const isSame = ({ code, action }: MendedValues) => code === one.code && action === one.action;
  const known = list.find(isSame);
  const sum = { ...one, values: one.values + (known?.values ?? 0) };
  return [...list.filter((other) => !isSame(other)), sum];
}
