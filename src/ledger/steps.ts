import { asSinkError, SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { topicPartitionKey } from '../source/source.ts';
import { atMost } from './at-most.ts';
import type { Decision, IntendedEntry } from './decision.ts';
import type { IntentSession, LedgerEntry, TableName } from './intent.ts';
import { abortable, type Case, positionOf, type Work } from './work.ts';

/** The result; null when it failed for a reason that passes. */
export async function passing<T>(
  work: Work,
  own: readonly IntendedEntry[],
  result: Promise<T>,
): Promise<T | null> {
  try {
    return await abortable(result, work.signal);
  } catch (thrown) {
    work.signal.throwIfAborted();
    const error = asSinkError(thrown);
    if (error.action === 'stop') throw error;
    work.log.warn({ batch: own[0]!.pointer.batch, error }, 'settling an intent: looking again');
    return null;
  }
}

/** Rows where `ledger.onUnknown` or the operator decides. */
const UNCLEAR: readonly number[] = [5, 9, 10];

/** True: something has changed. */
export async function act(
  work: Work,
  one: Case,
  own: readonly IntendedEntry[],
  decision: Decision,
  repeated: boolean,
): Promise<boolean> {
  const { batch, to } = own[0]!.pointer;
  // What a service or a session answers for a moment must not end anything, nor cost rows by a policy.
  if (UNCLEAR.includes(decision.row) && !repeated) return false;
  switch (decision.action) {
    case 'confirm':
      await write(work, own.map(confirmed));
      return true;
    case 'commit':
      return (await passing(work, own, commitAll(work, own, decision.sessions))) ?? false;
    case 'advance':
      await abortable(work.letters.settled(batch), work.signal);
      await write(work, own.map(advanced));
      return settled(work, one, own, decision);
    case 'consume':
      // At once: with nothing to read, no later commit would overwrite it before its sessions are forgotten.
      await write(work, own.map(withdrawn));
      return settled(work, one, own, decision);
    case 'decide':
      throw new SinkError('decision_needed', `${about(own)} to ${tableName(to)}: ${decision.why}`);
    default:
      return false;
  }
}

const confirmed = (own: IntendedEntry): LedgerEntry => {
  return { ...own, pointer: { ...own.pointer, confirmed: true } };
};
const withdrawn = (own: IntendedEntry): LedgerEntry => ({ ...own, pointer: null });
const advanced = (own: IntendedEntry): LedgerEntry => ({ ...own, offset: own.pointer.end, pointer: null });

/** The witness last: once it is committed all are, whatever becomes of the members' metadata. */
async function commitAll(
  { sessions, signal }: Work,
  own: readonly IntendedEntry[],
  open: readonly IntentSession[],
): Promise<true> {
  const { to, witness } = own[0]!.pointer;
  const [first, last] = [
    open.filter(({ id }) => id !== witness.id),
    open.filter(({ id }) => id === witness.id),
  ];
  const commit = (session: IntentSession) =>
    sessions.commit(to, session, signal).catch((error) => hopeless(own, error));
  await atMost(LIMITS.commitsAtOnce, first, commit);
  await atMost(1, last, commit);
  return true;
}

/** Other blocks than the intent lists, or a table that was changed since: the session stays open until it expires. */
const HOPELESS: readonly string[] = ['block_mismatch', 'session_lost'];

/** Looking again would not help. The session counts as open, so that the operator has to name the batch. */
function hopeless(own: readonly IntendedEntry[], error: unknown): never {
  if (!(error instanceof SinkError) || !HOPELESS.includes(error.code)) throw error;
  const { batch, to } = own[0]!.pointer;
  throw new SinkError(
    'decision_needed',
    `${about(own)} to ${tableName(to)}: a session cannot be committed: ${error.message}; \`maxsink resolve --batch ${batch}\` shows what is in the table, with --replay its records are read again`,
    error,
  );
}

const write = ({ store, signal }: Work, entries: readonly LedgerEntry[]): Promise<void> =>
  abortable(store.commit(entries), signal);

/** Own topic partitions of the batch go on from its end, or from its beginning. */
function settled(work: Work, one: Case, own: readonly IntendedEntry[], decision: Decision): true {
  const { action, row, why } = decision;
  if (action !== 'advance' && action !== 'consume') return true;
  for (const entry of own) {
    const key = topicPartitionKey(entry);
    work.open.delete(key);
    work.settled.set(key, entry.pointer.batch);
    work.positions.set(key, positionOf(entry, action === 'advance' ? entry.pointer.end : entry.offset));
  }
  const { batch } = own[0]!.pointer;
  const [forMs, sessions] = [work.clock.now() - one.since, one.list?.sessions ?? null];
  const ranges = own.map(({ topic, partition, offset, pointer }) => {
    return { topic, partition, first: offset, end: pointer.end };
  });
  const offsets = ranges.map((range) => `${topicPartitionKey(range)}:${range.first}-${range.end}`).join(' ');
  const rows = action === 'advance' ? 'its rows are in the table' : 'its records are read again';
  work.log.info({ batch, row, why, forMs, offsets }, `intent settled: ${rows}`);
  work.events.recovered({ batch, row, action, ranges, sessions, forMs });
  return true;
}

const about = (own: readonly IntendedEntry[]): string =>
  `batch ${own[0]!.pointer.batch} of ${own.map(topicPartitionKey).join(', ')}`;

const tableName = ({ project, schema, table }: TableName): string =>
  [project, ...(schema === null ? [] : [schema]), table].join('.');
