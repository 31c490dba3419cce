import { SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { type Position, type TopicPartition, topicPartitionKey } from '../source/source.ts';
import type { Decision, Facts, IntendedEntry } from './decision.ts';
import { decideWith } from './facts.ts';
import type { LedgerEntry } from './intent.ts';
import { act, passing } from './steps.ts';
import { abortable, type Case, positionOf, type RecoveryOptions, type Work } from './work.ts';

/**
 * Settles the intents that own topic partitions carry (found by a reading that counts, protocol step 2) and
 * resolves to where each of them is consumed from. Looks about once a second while it has to wait.
 * Throws `decision_needed` and `ledger_unreadable` (row 10) for the operator, `kafka_commit_refused` when the
 * caller has to forget everything and join again, the signal's reason when aborted, and what ends a service
 * anyway (rights, a full disk). Whatever it throws, and wherever it is killed: the same intents are found again.
 */
export async function recover(found: readonly LedgerEntry[], options: RecoveryOptions): Promise<Position[]> {
  const own = new Map(found.map((entry) => [topicPartitionKey(entry), entry]));
  const work: Work = {
    ...options,
    ...{ own, positions: new Map(), open: new Map(), settled: new Map(), cases: new Map() },
  };
  for (const entry of found) take(work, entry);
  try {
    while (work.open.size > 0) if (!(await round(work))) await pause(work);
  } catch (error) {
    if (!(error instanceof SinkError) || error.code !== 'decision_needed') work.events.pending([]);
    throw error;
  }
  work.events.pending([]);
  return found.map((entry) => work.positions.get(topicPartitionKey(entry))!);
}

/** What the ledger says now of an own topic partition. */
function take({ open, positions }: Work, entry: LedgerEntry): void {
  const key = topicPartitionKey(entry);
  if (entry.pointer !== null) return void open.set(key, entry as IntendedEntry);
  open.delete(key);
  positions.set(key, positionOf(entry, entry.offset));
}

/** One look at everything, and at most one step, since a step makes the look old. False: time must pass. */
async function round(work: Work): Promise<boolean> {
  const entries = await read(work);
  for (const [batch, own] of byBatch(work)) {
    const one = caseOf(work, batch);
    if (one.waiting === null) pending(work, one, own, FOUND);
    const decision = await decideNow(work, one, own, entries);
    if (decision === null) continue;
    const repeated = decision.row === one.last?.row && decision.action === one.last.action;
    show(work, one, own, decision);
    one.last = decision;
    if (await act(work, one, own, decision, repeated)) return !repeated;
  }
  return work.open.size === 0;
}

/** All own topic partitions, anchors and members in one reading; again when it names more of them. */
async function read(work: Work): Promise<LedgerEntry[]> {
  for (let wanted = wantedOf(work); ; ) {
    const entries = await abortable(work.store.read([...wanted.values()]), work.signal);
    takeAgain(work, entries);
    for (const { topic, partition, pointer } of entries) {
      const key = topicPartitionKey({ topic, partition });
      if (pointer?.list && key === topicPartitionKey(pointer.anchor))
        caseOf(work, pointer.batch).list ??= pointer.list;
    }
    const now = wantedOf(work);
    if ([...now.keys()].every((key) => wanted.has(key))) return entries;
    wanted = now;
  }
}

function wantedOf(work: Work): Map<string, TopicPartition> {
  const wanted = new Map<string, TopicPartition>(
    [...work.own].map(([key, { topic, partition }]) => [key, { topic, partition }]),
  );
  for (const own of work.open.values()) {
    const { batch, anchor } = own.pointer;
    for (const { topic, partition } of [own, anchor, ...(caseOf(work, batch).list?.members ?? [])])
      wanted.set(topicPartitionKey({ topic, partition }), { topic, partition });
  }
  return wanted;
}

/** Somebody else's commit may have become visible, or a tool has changed offsets: what is read now counts. */
function takeAgain(work: Work, entries: readonly LedgerEntry[]): void {
  const read = new Map(entries.map((entry) => [topicPartitionKey(entry), entry]));
  for (const [key, { pointer }] of [...work.open]) {
    const entry = read.get(key);
    if (!entry) throw new SinkError('kafka_commit_refused', `${key} has no committed offset any more`);
    take(work, entry);
    if (entry.pointer?.batch === pointer.batch) continue;
    const now = entry.pointer === null ? 'no intent' : `the intent of batch ${entry.pointer.batch}`;
    work.log.warn(
      { batch: pointer.batch, topicPartition: key, offset: entry.offset, now },
      'the intent is gone: this topic partition is settled by what its metadata says now',
    );
  }
  for (const key of work.own.keys()) {
    const entry = read.get(key);
    const batch = entry?.pointer?.batch;
    if (!entry || !batch || work.open.has(key) || work.settled.get(key) === batch) continue;
    // A failover shows it now; if we did not honour it for all of ours, its other members would wait for us.
    work.log.warn({ batch, topicPartition: key, offset: entry.offset }, 'an intent has appeared late');
    take(work, entry);
  }
}

function byBatch({ open, cases }: Work): [string, readonly IntendedEntry[]][] {
  const groups = new Map<string, IntendedEntry[]>();
  for (const own of open.values())
    groups.set(own.pointer.batch, [...(groups.get(own.pointer.batch) ?? []), own]);
  for (const batch of cases.keys()) if (!groups.has(batch)) cases.delete(batch);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

function caseOf({ cases, clock }: Work, batch: string): Case {
  const fresh = () => ({
    ...{ since: clock.now(), list: null, last: null, waiting: null },
    toldAt: Number.NEGATIVE_INFINITY,
  });
  const one = cases.get(batch) ?? fresh();
  cases.set(batch, one);
  return one;
}

/** Null: something passing is in the way, which was told. */
async function decideNow(
  work: Work,
  { list }: Case,
  own: readonly IntendedEntry[],
  entries: readonly LedgerEntry[],
): Promise<Decision | null> {
  const { provenance, mapping, onUnknown, cluster, sessions, signal } = work;
  const countable = provenance !== null && list?.mapping === mapping;
  const facts: Facts = {
    ...{ own, list, entries, states: null, counts: null, provenance: countable, onUnknown, cluster },
  };
  const uncountable = (error: SinkError) => {
    work.log.warn({ error }, 'rows cannot be counted by provenance columns: ledger.onUnknown decides');
  };
  const decision = decideWith(facts, { sessions, provenance, signal, uncountable });
  return passing(work, own, decision);
}

/** Until the first decision, which an outage may hold up. */
const FOUND = { row: 0, action: 'ask', why: 'what became of its sessions is being asked' } as const;

function pending(
  work: Work,
  one: Case,
  own: readonly IntendedEntry[],
  { row, action, why }: Pick<Decision, 'row' | 'action' | 'why'>,
): void {
  const { batch, createdAt } = own[0]!.pointer;
  const topicPartitions = own.map(({ topic, partition }) => ({ topic, partition }));
  one.waiting = { batch, row, action, why, since: one.since, createdAt, topicPartitions };
  work.events.pending([...work.cases.values()].flatMap(({ waiting }) => waiting ?? []));
}

/** One line when something new is seen of the batch, and one a minute. */
function show(work: Work, one: Case, own: readonly IntendedEntry[], decision: Decision): void {
  const { row, action, why } = decision;
  const { batch } = own[0]!.pointer;
  const now = work.clock.now();
  pending(work, one, own, decision);
  if (one.last?.row === row && one.last.action === action && now - one.toldAt < LIMITS.recoveryTellMs) return;
  one.toldAt = now;
  const forMs = now - one.since;
  const fields = {
    batch,
    row,
    action,
    why,
    forMs,
    topicPartitions: own.map(topicPartitionKey).join(' '),
  };
  work.log[forMs < LIMITS.recoveryTellMs ? 'info' : 'warn'](fields, 'settling an intent that was found');
}

/** Sessions that have to expire take hours. */
async function pause({ cases, clock, signal }: Work): Promise<void> {
  const slow = [...cases.values()].every(({ last }) => last?.row === 4);
  await clock.sleep(slow ? LIMITS.recoveryWaitMs : LIMITS.recoveryLookMs, signal);
}
