import { randomUUID } from 'node:crypto';
import { SinkError } from '../errors.ts';
import { type Batch, dirtyCounts, dueSeal, openBatch, overflows, type SealReason } from './batch.ts';
import { createBatchKeys } from './batch-keys.ts';
import { createDirtyLimit, type DirtyLimit, type DirtyLimits } from './dirty-limit.ts';
import { outgrowsIntent } from './intend.ts';
import { lettersBytes } from './letters.ts';
import type { CoordinatorOptions } from './options.ts';
import type { Part } from './part.ts';
import { BatchUpload } from './upload.ts';

/** A batch without parts; `polledAt`: when its first record was polled, ms. */
export function startBatch(
  { budget, clock, upload, deduplicates, deadLetters }: CoordinatorOptions,
  assignment: number,
  polledAt: number,
  onProgress: () => void,
): Batch {
  const uploads = new BatchUpload({ ...upload, budget, clock, onProgress });
  const keys = deduplicates ? createBatchKeys(budget) : null;
  const lettersWaitFor = () => deadLetters.waitsFor?.() ?? '';
  return openBatch(randomUUID(), assignment, uploads, polledAt, clock.now(), { keys, lettersWaitFor });
}

/** Why the batch should be sealed before the part joins one; null: it may join this one. */
export function sealedBefore(
  batch: Batch,
  part: Part,
  { flush, clock, identity }: Pick<CoordinatorOptions, 'flush' | 'clock' | 'identity'>,
): SealReason | null {
  const full = overflows(batch, part, flush) || (identity !== null && outgrowsIntent(batch, part, identity));
  return full ? 'table_partitions' : dueSeal(batch, flush, clock.now());
}

/** The dead letters of a part go to their destination, one part after the other; a failure is the batch's. */
export function sendLetters(
  batch: Batch,
  { letters }: Part,
  { budget, deadLetters, events }: Pick<CoordinatorOptions, 'budget' | 'deadLetters' | 'events'>,
  onTrouble: (error: unknown) => void,
): void {
  if (letters.length === 0) return;
  for (const letter of letters) events.rejected(letter.code);
  const bytes = lettersBytes(letters);
  batch.letters = batch.letters
    .then(async () => {
      if (batch.state !== 'abandoned') await deadLetters.append(batch.id, letters);
    })
    .finally(() => budget.release(bytes));
  batch.letters.catch(onTrouble);
}

/** Nothing of it becomes visible or is acknowledged by us. */
export function abandon(
  batch: Batch,
  reason: string,
  { deadLetters, events }: Pick<CoordinatorOptions, 'deadLetters' | 'events'>,
): void {
  batch.state = 'abandoned';
  batch.upload.abandon();
  batch.keys?.release();
  // Whoever recovers the batch makes its letters count, or its offsets do.
  const letters = batch.sent ? deadLetters.leave(batch.id) : deadLetters.abandon(batch.id);
  letters.catch(() => undefined);
  events.abandoned(batch, reason);
}

/** `dirty.limit`, asked about batches. */
export interface DirtyGuard {
  /** What ends the service; null: the batches in hand may go on. */
  passed(inHand: readonly Batch[], now: number, sealing: boolean): SinkError | null;
  acknowledged(batch: Batch): void;
}

const NO_LIMITS: DirtyLimits = { count: null, percent: null, window: 1 };

export function createDirtyGuard(limits: DirtyLimits = NO_LIMITS): DirtyGuard {
  const limit: DirtyLimit = createDirtyLimit(limits);
  return {
    passed(inHand, now, sealing) {
      const text = limit.passed(inHand.map(dirtyCounts), now, sealing);
      return text === null ? null : new SinkError('dirty_limit', text);
    },
    acknowledged: (batch) => limit.acknowledged(dirtyCounts(batch), batch.sealedAt ?? batch.since),
  };
}
