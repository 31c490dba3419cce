import type { IntentSession } from '../ledger/intent.ts';
import type { Batch } from '../sink/batch.ts';
import type { TopicPartition } from '../source/source.ts';

/** One entry of the audit trail: what exactly was acknowledged together. */
export interface TrailEntry {
  readonly batch: string;
  /** `recovered`: by a member that found the intent of another one, or of itself before. */
  readonly how: 'acknowledged' | 'recovered';
  readonly ranges: readonly TrailRange[];
  /** Records that were read = rows - extraRows + dead letters + filtered + skipped + deduplicated; null: unknown to who recovered it. */
  readonly records: number | null;
  readonly rows: number | null;
  /** Rows beyond the first of their record. */
  readonly extraRows: number | null;
  readonly deadLetters: number | null;
  readonly filtered: number | null;
  /** Dirty records that the configuration skips. */
  readonly skipped: number | null;
  readonly deduplicated: number | null;
  /** Uncompressed. */
  readonly rowBytes: number | null;
  readonly sessions: readonly TrailSession[];
}

/** Offsets [first, end) of a topic partition. */
interface Offsets extends TopicPartition {
  readonly first: number;
  readonly end: number;
}

interface TrailRange extends Offsets {
  readonly records: number | null;
}

export interface TrailSession {
  /** `dt=20261121,hr=09`; empty for an unpartitioned table. */
  readonly tablePartition: string;
  readonly session: string;
  readonly rows: number;
  readonly blocks: number;
  /** As they were sent; null: unknown. */
  readonly bytes: number | null;
}

/** Of a batch that is acknowledged: rows are those of its blocks, records those of its ranges. */
export function entryOf(batch: Batch): TrailEntry {
  const sessions = batch.upload.facts().map(({ tablePartition, sessionId, rowsInBlocks, blocks, bytes }) => ({
    ...{ tablePartition, session: sessionId ?? '', rows: rowsInBlocks, blocks, bytes },
  }));
  const { filtered, skipped, deduplicated } = batch.leftOut;
  const skippedRecords = Object.values(skipped).reduce((sum, n) => sum + n, 0);
  const ranges = [...batch.ranges.values()].map(({ topic, partition, first, end, records }) => ({
    ...{ topic, partition, first, end, records },
  }));
  return {
    ...{ batch: batch.id, how: 'acknowledged', ranges, sessions },
    records: ranges.reduce((sum, one) => sum + one.records, 0),
    rows: sessions.reduce((sum, one) => sum + one.rows, 0),
    extraRows: batch.extraRows,
    ...{ deadLetters: batch.rejected, rowBytes: batch.rowBytes },
    ...{ filtered, skipped: skippedRecords, deduplicated },
  };
}

/**
 * Of a batch whose intent was found and settled by an advance: the ranges that went on, and what the list of the
 * intent says; null: it is gone.
 */
export function recoveredEntry(
  batch: string,
  ranges: readonly Offsets[],
  sessions: readonly IntentSession[] | null,
): TrailEntry {
  // Rows of dead letters are none of the table's, and one letter may have several.
  const own = sessions?.filter(({ table }) => table === undefined) ?? null;
  return {
    ...{ batch, how: 'recovered', records: null, extraRows: null, rowBytes: null },
    ...{ deadLetters: null, filtered: null, skipped: null, deduplicated: null },
    ranges: ranges.map((range) => ({ ...range, records: null })),
    rows: own?.reduce((sum, one) => sum + one.rows, 0) ?? null,
    sessions: (own ?? []).map(({ tablePartition, id, rows, blocks }) => ({
      ...{ tablePartition, session: id, rows, blocks, bytes: null },
    })),
  };
}

/** Fields of the log line. */
export function trailFields(entry: TrailEntry): object {
  const { batch, how, records, rows, extraRows, deadLetters, filtered, skipped, deduplicated } = entry;
  const { rowBytes, sessions } = entry;
  return {
    ...{ batch, how, records, rows, extraRows, deadLetters, filtered, skipped, deduplicated, rowBytes },
    offsets: offsetsText(entry.ranges),
    sessions,
  };
}

/** `orders 0:5-15 1:0-9; payments 0:1-2`, ends exclusive: short for many topic partitions. */
export function offsetsText<T extends Offsets>(ranges: readonly T[]): string {
  const texts = [...byTopic(ranges)].map(([topic, list]) => {
    const parts = list.map(({ partition, first, end }) => `${partition}:${first}-${end}`);
    return `${topic} ${parts.join(' ')}`;
  });
  return texts.join('; ');
}

export interface TrailSender {
  readonly pipeline: string;
  readonly group: string;
  readonly table: string;
  /** Unlike every other process of the pipeline. */
  readonly process: string;
}

/**
 * The JSON message: the entry's fields beside version, sender and time; `offsets` is topic ->
 * `[topic partition, first, end, records]`.
 */
export function trailMessage(entry: TrailEntry, sender: TrailSender, now: number): string {
  const { ranges, ...rest } = entry;
  const offsets = Object.fromEntries(
    [...byTopic(ranges)].map(([topic, list]) => [
      topic,
      list.map(({ partition, first, end, records }) => [partition, first, end, records]),
    ]),
  );
  return JSON.stringify({ version: 1, ...sender, at: new Date(now).toISOString(), ...rest, offsets });
}

function byTopic<T extends TopicPartition>(ranges: readonly T[]): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const range of ranges) {
    const list = found.get(range.topic);
    if (list) list.push(range);
    else found.set(range.topic, [range]);
  }
  return found;
}
