import { LIMITS } from '../limits.ts';
import type { TopicPartition } from '../source/source.ts';
import type { IntentSession, Pointer, TableName } from './intent.ts';
import { MAPPING_HASH_CHARS } from './mapping-hash.ts';
import { pointerBody, pointerChars } from './pointer.ts';

/** What is known of a batch while it grows: neither the ids of all its sessions nor its last rows. */
export interface IntentFacts {
  readonly to: TableName;
  readonly cluster: string | null;
  readonly members: readonly TopicPartition[];
  readonly tablePartitions: readonly string[];
  /** The table of dead letters, which may have a session besides; null: they go elsewhere. */
  readonly letters: string | null;
}

/**
 * Whether the intent of such a batch fits into the metadata of its anchor, whatever the sessions are called
 * (letters, digits, `-`, `_`; at most `LIMITS.sessionIdChars`) and hold. To be asked before a topic partition
 * or a table partition joins; nothing else makes an intent longer. Costs some 10 us per table partition.
 */
export const intentFits = (facts: IntentFacts): boolean => intentChars(facts) <= LIMITS.intentChars;

/** At most so many characters: those of the dearest pointer with these members and table partitions, not deflated. */
export const intentChars = (facts: IntentFacts): number => pointerChars(pointerBody(dearest(facts)).length);

const BATCH = '00000000-0000-0000-0000-000000000000';
/** Beyond what a session can hold. */
const ROWS = 2 ** 35 - 1;

function dearest({ to, cluster, members, tablePartitions, letters }: IntentFacts): Pointer {
  const own = [...tablePartitions].sort().map(dearestSession);
  const sessions = letters === null ? own : [{ ...dearestSession('', own.length), table: letters }, ...own];
  return {
    ...{ batch: BATCH, end: Number.MAX_SAFE_INTEGER, createdAt: Number.MAX_SAFE_INTEGER, confirmed: true },
    ...{ to, cluster, anchor: dearestAnchor(members), witness: sessions.at(-1)! },
    list: { members, sessions, mapping: '_'.repeat(MAPPING_HASH_CHARS) },
  };
}

/** Ids of neighbours have nothing in common. */
const dearestSession = (tablePartition: string, index: number): IntentSession => ({
  ...{ tablePartition, id: (index % 2 ? 'z' : '_').repeat(LIMITS.sessionIdChars) },
  ...{ blocks: LIMITS.blocksPerSession, rows: ROWS },
});

/** The last topic, the highest number of any. */
const dearestAnchor = (members: readonly TopicPartition[]): TopicPartition => ({
  topic: members
    .map(({ topic }) => topic)
    .sort()
    .at(-1)!,
  partition: members.reduce((most, { partition: number }) => Math.max(most, number), 0),
});
