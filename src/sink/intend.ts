import { intentFits } from '../ledger/fits.ts';
import type { IntentSession, Pointer, TableName } from '../ledger/intent.ts';
import { encodePointer } from '../ledger/pointer.ts';
import { LIMITS } from '../limits.ts';
import { type Position, type TopicPartition, topicPartitionKey } from '../source/source.ts';
import type { Batch } from './batch.ts';
import type { CoordinatorOptions } from './options.ts';
import type { Part } from './part.ts';

/** What intents are written for. */
export interface Identity {
  readonly to: TableName;
  /** Id of the Kafka cluster; null: unknown. */
  readonly cluster: string | null;
  /** Hash of mapping and partitioning. */
  readonly mapping: string;
  /** The table of dead letters; absent or null: they go elsewhere. */
  readonly letters?: string | null;
}

/**
 * Topic partition -> the text of its intent. The batch must be uploaded: its sessions and rows are final.
 * Members are those that the batch moves on from `before`: nothing would ever overwrite the intent of another
 * one, if the batch is not done in the end.
 */
export function intentOf(
  batch: Batch,
  before: ReadonlyMap<string, Position>,
  { to, cluster, mapping }: Identity,
  now: number,
): Map<string, string> {
  const ranges = [...batch.ranges].filter(([key, { end }]) => end !== before.get(key)?.offset);
  const own = batch.upload.facts().map(({ tablePartition, sessionId, blocks, rowsInBlocks }) => {
    return { tablePartition, id: sessionId!, blocks, rows: rowsInBlocks };
  });
  const sessions: IntentSession[] = batch.letterSession ? [...own, batch.letterSession.ref] : own;
  const members = ranges.map(([, { topic, partition }]) => ({ topic, partition }));
  const anchor = members[0]!;
  const { blocks: _, rows: __, ...witness } = sessions[0]!;
  const pointer = {
    ...{
      batch: batch.id,
      anchor,
      createdAt: now,
      confirmed: false,
      witness,
      to,
      cluster,
    },
  };
  const list = { members, sessions, mapping };
  return new Map(
    ranges.map(([key, { end }], i) => {
      const own: Pointer = { ...pointer, end, list: i === 0 ? list : null };
      return [key, encodePointer(own)] as const;
    }),
  );
}

/** Table partitions that one part may have: a batch takes its first part whatever it is. */
export const tablePartitionsOfPart = ({
  identity,
  flush,
}: Pick<CoordinatorOptions, 'identity' | 'flush'>): number =>
  identity === null
    ? flush.maxTablePartitions
    : Math.min(flush.maxTablePartitions, LIMITS.intentSessions - (identity.letters ? 1 : 0));

/** Whether the intent of a batch of this part alone fits into Kafka's metadata. */
export function intentOfPartFits(
  { ranges, pieces }: Part,
  { to, cluster, letters = null }: Identity,
): boolean {
  if (pieces.length === 0 && letters === null) return true;
  const tablePartitions = [...new Set(pieces.map((piece) => piece.tablePartition))];
  return intentFits({ to, cluster, members: ranges, tablePartitions, letters });
}

/** Whether the intent of the batch would not fit into Kafka's metadata any more, if the part joined it. */
export function outgrowsIntent(batch: Batch, part: Part, { to, cluster, letters = null }: Identity): boolean {
  const members = part.ranges.filter((range) => !batch.ranges.has(topicPartitionKey(range)));
  const added = part.pieces.map((piece) => piece.tablePartition).filter((name) => !batch.upload.has(name));
  if (members.length === 0 && added.length === 0) return false;
  const tablePartitions = [...batch.upload.facts().map((target) => target.tablePartition), ...added];
  const all: TopicPartition[] = [...batch.ranges.values(), ...members];
  if (tablePartitions.length === 0 && letters === null) return false;
  return !intentFits({ to, cluster, members: all, tablePartitions, letters });
}
