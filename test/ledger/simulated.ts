import { SinkError } from '../../src/errors.ts';
import type { IntentList, IntentSession, LedgerEntry, Pointer, SessionRef } from '../../src/ledger/intent.ts';
import type { LedgerStore, SessionState, Sessions } from '../../src/ledger/ports.ts';
import type { PendingIntent, Recovered, RecoveryOptions } from '../../src/ledger/work.ts';
import type { Log } from '../../src/log.ts';
import { type TopicPartition, topicPartitionKey } from '../../src/source/source.ts';
import { handClock } from '../support/hand-clock.ts';

export const tp = (partition: number): TopicPartition => ({ topic: 't', partition });
export const TO = { project: 'demo', schema: null, table: 'orders' };

export interface BatchOfTest {
  readonly batch?: string;
  /** [number of the topic partition, O, E]; the first one is the anchor. */
  readonly members: readonly (readonly [number, number, number])[];
  /** Ids; the first one is the witness. Each has 10 rows. */
  readonly sessions?: readonly string[];
  readonly confirmed?: boolean;
  readonly cluster?: string | null;
}

export const sessionOf = (id: string): IntentSession => ({
  id,
  tablePartition: `hr=${id}`,
  blocks: 1,
  rows: 10,
});

/** What the writer of an intent commits. */
export function intentOf(given: BatchOfTest): LedgerEntry[] {
  const { batch = 'b', members, sessions = ['s1', 's2'], confirmed = false, cluster = 'c1' } = given;
  const list: IntentList = {
    members: members.map(([partition]) => tp(partition)),
    sessions: sessions.map(sessionOf),
    mapping: 'm1',
  };
  const { id, tablePartition } = list.sessions[0]!;
  const pointer: Omit<Pointer, 'end' | 'list'> = {
    ...{ batch, anchor: list.members[0]!, createdAt: 900_000, confirmed, to: TO, cluster },
    witness: { id, tablePartition },
  };
  return members.map(([partition, offset, end], index) => {
    return { ...tp(partition), offset, pointer: { ...pointer, end, list: index === 0 ? list : null } };
  });
}

export type World = ReturnType<typeof world>;

/** A group's offsets and MaxCompute's sessions, which several members use at once. */
export function world(entries: readonly LedgerEntry[], states: Record<string, SessionState>) {
  const clock = handClock();
  const offsets = new Map(entries.map((entry) => [topicPartitionKey(entry), entry]));
  const sessions = new Map(Object.entries(states));
  /** Commits of sessions and of offsets, letters, in the order in which they took effect. */
  const trail: string[] = [];
  const failures = new Map<string, SinkError[]>();
  const counts = new Map<string, number>();
  const lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const step = (name: string) => {
    const error = failures.get(name)?.shift();
    if (error) throw error;
  };
  const tell = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: fields as Record<string, unknown>, message });
  const log = { info: tell('info'), warn: tell('warn') } as unknown as Log;
  const port: Sessions = {
    async state(_to, { id }) {
      step(`state ${id}`);
      return sessions.get(id) ?? 'gone';
    },
    async commit(_to, { id }) {
      step(`commit ${id}`);
      if (sessions.get(id) !== 'open' && sessions.get(id) !== 'committed')
        throw new SinkError('commit_unknown', id);
      trail.push(`commit ${id}`);
      sessions.set(id, 'committed');
    },
  };
  const store = (): LedgerStore => ({
    async read(list) {
      step('read');
      return list.flatMap((one) => offsets.get(topicPartitionKey(one)) ?? []);
    },
    async commit(list) {
      step('offsets');
      for (const entry of list) {
        const { offset, pointer } = entry;
        offsets.set(topicPartitionKey(entry), entry);
        const what = pointer === null ? '' : ` ${pointer.batch}${pointer.confirmed ? ' confirmed' : ''}`;
        trail.push(`${topicPartitionKey(entry)}=${offset}${what}`);
      }
    },
  });
  /** What one member passes to `recover`, with what it has told. */
  const member = (given: Partial<RecoveryOptions> = {}) => {
    const recovered: Recovered[] = [];
    const pending: (readonly PendingIntent[])[] = [];
    const abort = new AbortController();
    const options: RecoveryOptions = {
      ...{
        store: store(),
        sessions: port,
        provenance: null,
        onUnknown: 'stop',
        mapping: 'm1',
        cluster: 'c1',
      },
      ...{ clock, log, signal: abort.signal },
      letters: {
        async settled(batch) {
          step('letters');
          trail.push(`letters ${batch}`);
        },
      },
      events: { recovered: (done) => recovered.push(done), pending: (list) => pending.push(list) },
      ...given,
    };
    return { options, recovered, pending, abort };
  };
  const provenance = {
    async count(_to: unknown, { tablePartition }: SessionRef) {
      step(`count ${tablePartition}`);
      return counts.get(tablePartition) ?? 0;
    },
  };
  return {
    ...{ clock, offsets, sessions, trail, counts, lines, member, provenance },
    fail: (name: string, error: SinkError) => failures.set(name, [...(failures.get(name) ?? []), error]),
    /** Another tool, or another member, commits. */
    put: (entry: LedgerEntry) => offsets.set(topicPartitionKey(entry), entry),
    of: (...partitions: number[]) => partitions.map((n) => offsets.get(topicPartitionKey(tp(n)))!),
  };
}
