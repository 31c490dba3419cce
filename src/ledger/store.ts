import { SinkError } from '../errors.ts';
import { type OffsetCommit, type TopicPartition, topicPartitionKey } from '../source/source.ts';
import type { LedgerEntry } from './intent.ts';
import { decodePointer, encodePointer } from './pointer.ts';
import type { LedgerStore } from './ports.ts';

/** Offsets of the group with intents as text, as a source reads and commits them. */
export interface IntentIo {
  read(list: readonly TopicPartition[]): Promise<readonly OffsetCommit[]>;
  commit(commits: readonly OffsetCommit[]): Promise<void>;
}

/** The ledger's view of a source's offsets. */
export const ledgerStore = (io: IntentIo): LedgerStore => ({
  read: async (list) => (await io.read(list)).map(ledgerEntry),
  commit: async (entries) => io.commit(entries.map(offsetCommit)),
});

/** Throws `ledger_unreadable`, with the topic partition. */
export function ledgerEntry({ topic, partition, offset, intent }: OffsetCommit): LedgerEntry {
  try {
    return { topic, partition, offset, pointer: intent === null ? null : decodePointer(intent) };
  } catch (error) {
    const where = `${topicPartitionKey({ topic, partition })} at offset ${offset}`;
    throw new SinkError('ledger_unreadable', `${where}: ${(error as Error).message}`, error);
  }
}

export const offsetCommit = ({ topic, partition, offset, pointer }: LedgerEntry): OffsetCommit => ({
  ...{ topic, partition, offset },
  intent: pointer === null ? null : encodePointer(pointer),
});
