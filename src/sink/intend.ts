import type { Pointer, TableName } from '../ledger/intent.ts';
import { encodePointer } from '../ledger/pointer.ts';
import type { Batch } from './batch.ts';

/** What intents are written for. */
export interface Identity {
  readonly to: TableName;
  /** Id of the Kafka cluster; null: unknown. */
  readonly cluster: string | null;
  /** Hash of mapping and partitioning. */
  readonly mapping: string;
}

/** Topic partition -> the text of its intent. The batch must be uploaded: its sessions and rows are final. */
export function intentOf(batch: Batch, { to, cluster, mapping }: Identity, now: number): Map<string, string> {
  const sessions = batch.upload.facts().map(({ tablePartition, sessionId, blocks, rowsInBlocks }) => {
    return { tablePartition, id: sessionId!, blocks, rows: rowsInBlocks };
  });
  const members = [...batch.ranges.values()].map(({ topic, partition }) => ({ topic, partition }));
  const anchor = members[0]!;
  const { tablePartition, id } = sessions[0]!;
  const pointer = {
    ...{
      batch: batch.id,
      anchor,
      createdAt: now,
      confirmed: false,
      witness: { tablePartition, id },
      to,
      cluster,
    },
  };
  const list = { members, sessions, mapping };
  return new Map(
    [...batch.ranges].map(([key, { end }], i) => {
      const own: Pointer = { ...pointer, end, list: i === 0 ? list : null };
      return [key, encodePointer(own)] as const;
    }),
  );
}
