import { createBudget } from '../../src/budget.ts';
import { systemClock } from '../../src/clock.ts';
import type { SinkError } from '../../src/errors.ts';
import { createLog, type Log } from '../../src/log.ts';
import { toDeadLetter } from '../../src/sink/letters.ts';
import { KafkaSource } from '../../src/source/consumer.ts';
import type { StartAt } from '../../src/source/membership/start-at.ts';
import type { OffsetCommit, Position, Recover, SourceChunk } from '../../src/source/source.ts';
import { until } from '../support/until.ts';

export interface ReaderOptions {
  readonly bootstrap: string;
  readonly topics?: readonly string[];
  readonly topicPattern?: string;
  readonly group: string;
  readonly startAt?: StartAt;
  readonly memoryBytes?: number;
  /** Chunks are given back at once unless held. */
  readonly hold?: boolean;
  /** More properties of the client. */
  readonly kafkaOptions?: Record<string, number | string>;
  readonly instanceId?: string;
  readonly pipeline?: string;
  readonly table?: string;
  readonly exactlyOnce?: boolean;
  readonly settleMs?: number;
  /** By default intents are taken for done where they are. */
  readonly recover?: Recover;
  readonly log?: Log;
}

/** A source on a real broker with a listener that writes down what it gets. */
export async function openReader(options: ReaderOptions) {
  const values: string[] = [];
  const held: SourceChunk[] = [];
  const ends = new Map<string, number>();
  const assigned: Position[][] = [];
  const state = {
    assignment: 0,
    failure: null as SinkError | null,
    pauses: 0,
    lost: 0,
    chunkSizes: [] as number[],
  };
  const memoryBytes = options.memoryBytes ?? 64 << 20;
  const source = new KafkaSource({
    pipeline: options.pipeline ?? 'reader',
    table: options.table ?? 'demo.orders',
    exactlyOnce: options.exactlyOnce ?? false,
    settleMs: options.settleMs ?? 100,
    recover: options.recover ?? ((found) => Promise.resolve(found)),
    kafka: {
      brokers: [options.bootstrap],
      topics: options.topics ?? [],
      topicPattern: options.topicPattern ?? null,
      groupId: options.group,
      instanceId: options.instanceId ?? null,
      security: {
        protocol: 'plaintext',
        mechanism: null,
        username: null,
        password: null,
        caFile: null,
        certFile: null,
        keyFile: null,
      },
      options: {
        'session.timeout.ms': 6000,
        'socket.connection.setup.timeout.ms': 60_000,
        'heartbeat.interval.ms': 500,
        'topic.metadata.refresh.interval.ms': 1000,
        ...options.kafkaOptions,
      },
    },
    startAt: options.startAt ?? 'earliest',
    memoryBytes,
    chunks: 8,
    budget: createBudget(memoryBytes),
    clock: systemClock,
    log: options.log ?? createLog({ level: 'error' }),
    onPause(paused) {
      if (paused) state.pauses += 1;
    },
    onCommit() {},
    onRead() {},
  });
  const take = (chunk: SourceChunk) => {
    for (let record = 0; record < chunk.records; record++) {
      const letter = toDeadLetter(chunk, {
        record,
        stage: 'decode',
        code: 'late',
        column: null,
        message: '',
      });
      values.push(
        letter.value === null ? '(null)' : Buffer.from(letter.value).toString('latin1').slice(0, 40),
      );
    }
    for (const range of chunk.ranges) ends.set(`${range.topic}-${range.partition}`, range.end);
    state.chunkSizes.push(chunk.records);
    source.recycle(chunk);
  };
  await source.start({
    onAssigned(assignment, positions) {
      state.assignment = assignment;
      assigned.push([...positions]);
    },
    onChunk: (chunk) => (options.hold ? void held.push(chunk) : take(chunk)),
    onRevoked: async () => {},
    onLost() {
      state.lost += 1;
    },
    onFailure: (error) => {
      state.failure = error;
    },
    onTurn() {},
  });
  return {
    source,
    values,
    ends,
    assigned,
    state,
    held,
    releaseAll() {
      for (const chunk of held.splice(0)) take(chunk);
    },
    untilAssigned: () => until(() => assigned.length > 0, { what: 'an assignment' }),
    untilRead: (count: number) => until(() => values.length >= count, { what: `${count} records` }),
    untilFailure: () => until(() => state.failure, { what: 'a failure' }),
    commit: (commits: OffsetCommit[]) => source.commit(state.assignment, commits),
    acknowledge: (positions: Position[]) =>
      source.commit(
        state.assignment,
        positions.map((p) => ({ ...p, intent: null })),
      ),
  };
}
