import type { Budget } from '../budget.ts';
import { LIMITS } from '../limits.ts';
import type { Batch, FlushLimits } from './batch.ts';

/**
 * Sends the blocks of the open batch that are full, and its largest ones whatever their size while the budget is
 * short. Bytes that are on their way already do not count: the server frees them.
 */
export function sendBlocks(
  open: Batch,
  batches: readonly Batch[],
  { budget, flush }: { readonly budget: Budget; readonly flush: FlushLimits },
): void {
  open.upload.sendFull(flush.blockBytes);
  const limit = budget.limitBytes * LIMITS.pressureUploadShare;
  const sending = () => batches.reduce((bytes, batch) => bytes + batch.upload.sendingBytes, 0);
  while (budget.usedBytes - sending() + budget.wantedBytes > limit && open.upload.sendLargest());
}
