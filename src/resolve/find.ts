import type { IntendedEntry } from '../ledger/decision.ts';
import type { IntentList, LedgerEntry } from '../ledger/intent.ts';
import { ledgerEntry } from '../ledger/store.ts';
import type { RawPosition } from '../source/client/client.ts';
import { hasOffset, type Note, readNote } from '../source/membership/note.ts';
import { type TopicPartition, topicPartitionKey } from '../source/source.ts';

/** What the group has committed for one topic partition. */
export interface Found extends LedgerEntry {
  readonly metadata: string;
  /** Null: the note itself cannot be read. */
  readonly note: Note | null;
  /** Why the metadata cannot be read; null: it can. */
  readonly unreadable: string | null;
}

/** One batch that was about to be committed, as far as the group's offsets tell. */
export interface Intent {
  readonly batch: string;
  /** All topic partitions that carry it, ascending. */
  readonly own: readonly (Found & IntendedEntry)[];
  /** Null: the anchor does not carry it any more. */
  readonly list: IntentList | null;
  /** Anchor and members, those with an offset. */
  readonly entries: readonly Found[];
}

export type ReadCommitted = (list: readonly TopicPartition[]) => Promise<readonly RawPosition[]>;

/**
 * Reads the topic partitions in `list`, and those that an intent found there names: a batch may have members in
 * topics that are not read any more. Those without an offset are left out.
 */
export async function findCommitted(
  read: ReadCommitted,
  list: readonly TopicPartition[],
): Promise<Map<string, Found>> {
  const asked = new Set<string>();
  const found = new Map<string, Found>();
  for (let wanted = list; wanted.length > 0; ) {
    for (const one of wanted) asked.add(topicPartitionKey(one));
    const answered = (await read(wanted)).filter(hasOffset).map(readPosition);
    for (const one of answered) found.set(topicPartitionKey(one), one);
    const named = new Map(answered.flatMap(namedBy).map((one) => [topicPartitionKey(one), one]));
    wanted = [...named].flatMap(([key, one]) => (asked.has(key) ? [] : [one]));
  }
  return found;
}

const namedBy = ({ pointer }: Found): TopicPartition[] =>
  pointer === null ? [] : [pointer.anchor, ...(pointer.list?.members ?? [])];

/** Never throws: what is not understood is told. */
function readPosition(position: RawPosition): Found {
  const { topic, partition, offset } = position;
  const at = { topic, partition, offset, metadata: position.metadata ?? '' };
  let note: Note | null = null;
  try {
    note = readNote(position);
    return {
      ...at,
      note,
      ...ledgerEntry({ topic, partition, offset, intent: note.intent }),
      unreadable: null,
    };
  } catch (error) {
    return { ...at, note, pointer: null, unreadable: (error as Error).message };
  }
}

/** The intents of all batches, the oldest first. */
export function intentsOf(found: ReadonlyMap<string, Found>): Intent[] {
  const batches = new Map<string, (Found & IntendedEntry)[]>();
  for (const one of [...found.values()].filter(isCarrier).sort(ascending))
    batches.set(one.pointer.batch, [...(batches.get(one.pointer.batch) ?? []), one]);
  return [...batches]
    .map(([batch, own]) => intentOf(batch, own, found))
    .sort((a, b) => a.own[0]!.pointer.createdAt - b.own[0]!.pointer.createdAt);
}

function intentOf(
  batch: string,
  own: readonly (Found & IntendedEntry)[],
  found: ReadonlyMap<string, Found>,
): Intent {
  const { anchor } = own[0]!.pointer;
  const list = own.find((one) => topicPartitionKey(one) === topicPartitionKey(anchor))?.pointer.list ?? null;
  const named = new Set([anchor, ...(list?.members ?? own)].map(topicPartitionKey));
  return { batch, own, list, entries: [...named].flatMap((key) => found.get(key) ?? []) };
}

const isCarrier = (one: Found): one is Found & IntendedEntry => one.pointer !== null;

const ascending = (a: TopicPartition, b: TopicPartition): number =>
  a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition;
