import { LIMITS } from '../limits.ts';
import { type OffsetRange, type Position, topicPartitionKey } from '../source/source.ts';
import type { BatchKeys } from './batch-keys.ts';
import type { DirtyCounts } from './dirty-limit.ts';
import { addCounts, addLeftOut, type DirtyRecord, type LeftOut, NOTHING_LEFT_OUT } from './left-out.ts';
import type { Part } from './part.ts';
import type { LetterSession } from './ports.ts';
import type { BatchUpload } from './upload.ts';

/**
 * A batch: the offset ranges that are acknowledged together. Its life has these states, with these
 * names in code, docs, logs and metrics:
 *
 *   open -> sealed -> uploaded -> (intended ->) committed -> acknowledged
 *
 * `intended`: the durable note of exactly once stands in Kafka; from then on the batch is finished by us, or by
 * whoever recovers it. Before that it may end in `abandoned`: the records are read again.
 */
export type BatchState =
  | 'open'
  | 'sealed'
  | 'uploaded'
  | 'intended'
  | 'committed'
  | 'acknowledged'
  | 'abandoned';
type Phase = 'fill' | 'upload' | 'intend' | 'commit' | 'acknowledge';
export type SealReason = 'age' | 'rows' | 'bytes' | 'keys' | 'table_partitions' | 'revoke' | 'shutdown';

export interface Batch {
  readonly id: string;
  readonly assignment: number;
  readonly upload: BatchUpload;
  /** By topic partition; adjacent parts merge. */
  readonly ranges: Map<string, OffsetRange>;
  /** When its oldest record was polled, ms. */
  readonly openedAt: number;
  state: BatchState;
  /** When it entered its state, ms. */
  since: number;
  sealedBy: SealReason | null;
  /** ms. */
  sealedAt: number | null;
  records: number;
  rows: number;
  /** Of them beyond the first of their record. */
  extraRows: number;
  /** Uncompressed row bytes. */
  rowBytes: number;
  rejected: number;
  /** Records that are neither rows nor dead letters, and mended values. */
  leftOut: LeftOut;
  /** Its dead letters by code, and the last of them. */
  letterCodes: Readonly<Record<string, number>>;
  lastLetter: DirtyRecord | null;
  /** Of its rows; null: they are not compared. */
  readonly keys: BatchKeys | null;
  /** Dead letters handed to the destination so far. */
  letters: Promise<void>;
  /** Of dead letters in a table, once they are sealed; null: there is none. */
  letterSession: LetterSession | null;
  /** What its dead letters wait for, in words; empty: nothing. */
  readonly lettersWaitFor: () => string;
  /** When its intent was sent, ms; null: nobody but us knows of the batch. */
  intentAt: number | null;
  /** An offset commit that begins or ends it was sent: it may be done though nobody says so. */
  sent: boolean;
  /** Duration of each phase so far, ms. */
  readonly phases: Partial<Record<Phase, number>>;
}

export interface FlushLimits {
  readonly interval: number;
  readonly rows: number;
  readonly bytes: number;
  readonly blockBytes: number;
  readonly maxTablePartitions: number;
}

export function openBatch(
  id: string,
  assignment: number,
  upload: BatchUpload,
  openedAt: number,
  now: number,
  { keys = null, lettersWaitFor = () => '' }: Partial<Pick<Batch, 'keys' | 'lettersWaitFor'>> = {},
): Batch {
  return {
    id,
    assignment,
    upload,
    ranges: new Map(),
    openedAt,
    state: 'open',
    since: now,
    sealedBy: null,
    sealedAt: null,
    records: 0,
    rows: 0,
    extraRows: 0,
    rowBytes: 0,
    rejected: 0,
    leftOut: NOTHING_LEFT_OUT,
    letterCodes: {},
    lastLetter: null,
    keys,
    letters: Promise.resolve(),
    letterSession: null,
    lettersWaitFor,
    intentAt: null,
    sent: false,
    phases: {},
  };
}

/** The phase that ends with each state. */
const PHASES: Partial<Record<BatchState, Phase>> = {
  sealed: 'fill',
  uploaded: 'upload',
  intended: 'intend',
  committed: 'commit',
  acknowledged: 'acknowledge',
};

/** What is abandoned stays so. */
export function enter(batch: Batch, state: BatchState, now: number): void {
  if (batch.state === 'abandoned') return;
  const phase = PHASES[state];
  if (phase) batch.phases[phase] = now - (state === 'sealed' ? batch.openedAt : batch.since);
  batch.state = state;
  batch.since = now;
}

/** No record joins it any more. */
export function seal(batch: Batch, reason: SealReason, now: number): void {
  batch.sealedBy = reason;
  batch.sealedAt = now;
  batch.keys?.release();
  enter(batch, 'sealed', now);
}

export function absorb(batch: Batch, part: Part): void {
  for (const range of part.ranges) {
    const key = topicPartitionKey(range);
    const known = batch.ranges.get(key);
    batch.ranges.set(key, known ? joinRanges(known, range) : range);
  }
  for (const piece of part.pieces) {
    batch.upload.add(piece);
    batch.rows += piece.rows;
    batch.rowBytes += piece.rawBytes;
  }
  batch.records += part.records;
  batch.extraRows += part.extraRows;
  batch.rejected += part.letters.length;
  batch.leftOut = addLeftOut(batch.leftOut, part.leftOut);
  if (part.keys) batch.keys?.add(part.keys);
  if (part.letters.length === 0) return;
  const codes: Record<string, number> = {};
  for (const { code } of part.letters) codes[code] = (codes[code] ?? 0) + 1;
  batch.letterCodes = addCounts(batch.letterCodes, codes);
  // Not the letter itself: its bytes are written and forgotten.
  const { topic, partition, offset, code, column, message } = part.letters.at(-1)!;
  batch.lastLetter = { topic, partition, offset, code, column, message };
}

/** What the limit of dirty records counts. */
export function dirtyCounts({ records, letterCodes, lastLetter, leftOut }: Batch): DirtyCounts {
  const { skipped, lastSkipped } = leftOut;
  return { records, dirty: addCounts(letterCodes, skipped), last: lastLetter ?? lastSkipped };
}

function joinRanges(before: OffsetRange, after: OffsetRange): OffsetRange {
  const { topic, partition, first } = before;
  const firstTimestamp = before.records > 0 ? before.firstTimestamp : after.firstTimestamp;
  return { topic, partition, first, end: after.end, records: before.records + after.records, firstTimestamp };
}

/** What is not acknowledged, in words: for the error of a stop that took too long. */
export function leftOver(batches: readonly Batch[], chunks: number, now: number): string {
  const encoding = `chunks with the workers or waiting for a schema: ${chunks}`;
  return [...batches.map((batch) => standing(batch, now)), ...(chunks > 0 ? [encoding] : [])].join('; ');
}

function standing(batch: Batch, now: number): string {
  const { id, state, since, intentAt } = batch;
  const kafka =
    state === 'committed' ? 'offsets' : state === 'uploaded' && intentAt !== null ? 'intent' : null;
  const what = kafka === null ? waitsFor(batch) : `Kafka to take its ${kafka}`;
  const waits = what === '' ? '' : `, waiting for ${what}`;
  return `batch ${id} has been ${state} for ${Math.round((now - since) / 1000)} s${waits}`;
}

/** What the batch waits for outside, in words; empty: nothing. */
export const waitsFor = ({ upload, lettersWaitFor }: Batch): string => lettersWaitFor() || upload.waitsFor;

/** Why the batch should be sealed now; null: it goes on. */
export function dueSeal(batch: Batch, limits: FlushLimits, now: number): SealReason | null {
  if (batch.rows >= limits.rows) return 'rows';
  if (batch.rowBytes >= limits.bytes || batch.upload.blocks >= LIMITS.blocksPerSession) return 'bytes';
  if (batch.keys?.isFull) return 'keys';
  if (now - batch.openedAt >= limits.interval) return 'age';
  return null;
}

/** Whether `part` would open more table partitions than a batch may have. */
export function overflows(batch: Batch, part: Part, limits: FlushLimits): boolean {
  const added = part.pieces.filter((piece) => !batch.upload.has(piece.tablePartition)).length;
  return added > 0 && batch.upload.tablePartitions + added > limits.maxTablePartitions;
}

export const endPositions = (batch: Batch): Position[] =>
  [...batch.ranges.values()].map(({ topic, partition, end }) => ({ topic, partition, offset: end }));
