import { createBudget } from '../../src/budget.ts';
import type { DeadLetter } from '../../src/deadletter/dead-letter.ts';
import type { EncodeJob, EncodeResult, Piece, Rejection } from '../../src/encode/job.ts';
import { SinkError } from '../../src/errors.ts';
import type { Log } from '../../src/log.ts';
import type { Batch, FlushLimits } from '../../src/sink/batch.ts';
import { Coordinator } from '../../src/sink/coordinator.ts';
import type { Identity } from '../../src/sink/intend.ts';
import type { CoordinatorOptions } from '../../src/sink/options.ts';
import type { UploadSession } from '../../src/sink/ports.ts';
import { F_VALUE, F_VALUE_LENGTH, viewChunk } from '../../src/source/chunk/chunk.ts';
import { createPacker, type Packer } from '../../src/source/chunk/packer.ts';
import type { Message } from '../../src/source/client/client.ts';
import type { OffsetCommit, Position, Source, SourceListener } from '../../src/source/source.ts';
import { handClock } from '../support/hand-clock.ts';

/**
 * The coordinator on its ports, with time that passes only when told. A record's value names its table
 * partition (`dt=1`), or `!` to be rejected, `?` to kill its worker (`??`: which names it), `~` to be filtered, `-` to be
 * skipped, `^` to end the service.
 */
export interface Harness {
  readonly coordinator: Coordinator;
  readonly trail: string[];
  readonly acknowledged: Position[][];
  readonly letters: DeadLetter[];
  readonly batches: Batch[];
  readonly rewinds: Position[][];
  /** Held back until released: `encode`, `put`, `commit`, `acknowledge`, `create`, or one of them in full (`create dt=1`). */
  hold(step: string): () => void;
  /** The next call of a step fails. */
  fail(step: string, error: SinkError): void;
  feed(...values: string[]): void;
  flush(): void;
  /** Moves time and lets everything run that can. */
  pass(ms: number): Promise<void>;
  readonly budgetUsed: () => number;
  readonly failure: () => SinkError | null | undefined;
}

const FLUSH: FlushLimits = {
  interval: 60_000,
  rows: 1e9,
  bytes: 1e12,
  blockBytes: 1e9,
  maxTablePartitions: 40,
};
const IDENTITY: Identity = {
  to: { project: 'p', schema: null, table: 't' },
  cluster: null,
  mapping: '0123456789abcdef',
};
const quiet = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => quiet,
} as unknown as Log;

export function harness(
  given: {
    flush?: Partial<FlushLimits>;
    budgetBytes?: number;
    revokeMs?: number;
    exactlyOnce?: boolean;
    dirty?: CoordinatorOptions['dirty'];
    /** In the place of the workers; rows with keys are compared. */
    encode?: (job: EncodeJob) => Omit<EncodeResult, 'cpuMicros'>;
  } = {},
): Harness {
  const trail: string[] = [];
  const acknowledged: Position[][] = [];
  const rewinds: Position[][] = [];
  const letters: DeadLetter[] = [];
  const batches: Batch[] = [];
  const gates = new Map<string, Promise<void>>();
  const failures = new Map<string, SinkError[]>();
  const time = handClock();
  const budget = createBudget(given.budgetBytes ?? 1 << 30);
  let offset = 0;
  let assignment = 0;
  let failure: SinkError | null | undefined;

  async function step(name: string, what: string): Promise<void> {
    await (gates.get(name) ?? gates.get(what));
    const error = failures.get(name)?.shift();
    if (error) throw error;
    trail.push(what);
  }

  const session = (tablePartition: string, n: number): UploadSession => ({
    id: `s${n}`,
    tablePartition,
    createdAt: 0,
    putBlock: (id) => step('put', `put ${tablePartition} ${id}`),
    verify: (blocks) => step('verify', `verify ${tablePartition} ${blocks.size}`),
    commit: (blocks) =>
      step('commit', `commit ${tablePartition} ${[...blocks.values()].reduce((a, b) => a + b, 0)}`),
  });

  let packer: Packer;
  let sessions = 0;
  const assign = (positions: readonly Position[]) => {
    assignment += 1;
    packer.reset(assignment, [{ topic: 't', partition: 0 }]);
    offset = positions[0]!.offset;
    coordinator.onAssigned(assignment, positions, assignment > 1);
  };
  const source: Source = {
    start: async (_: SourceListener) => {},
    recycle: (chunk) => packer.recycle(chunk),
    commit: async (_number, commits) => {
      const [{ offset, intent }] = commits as [OffsetCommit];
      const carried = intent === null ? '' : ' and intend';
      if (offset === (acknowledged.at(-1)?.[0]?.offset ?? 0)) return step('intend', `intend at ${offset}`);
      await step('acknowledge', `acknowledge ${commits.map((p) => p.offset).join(',')}${carried}`);
      acknowledged.push(commits.map(({ topic, partition }) => ({ topic, partition, offset })));
    },
    rewind: (positions) => {
      rewinds.push([...positions]);
      assign(positions);
    },
    rejoin: () => trail.push('rejoin'),
    stopReading: () => packer.flush(),
    stop: async () => {},
    snapshot: () => ({
      member: true,
      refusal: null,
      openingSince: null,
      paused: false,
      lastTurnAt: 0,
      topicPartitions: [],
    }),
  };
  const coordinator = new Coordinator({
    source,
    encoder: {
      async run(job) {
        await step('encode', `encode ${job.from}-${job.to}`);
        return given.encode ? { ...given.encode(job), cpuMicros: 0 } : encode(job);
      },
    },
    schemas: { schema: async () => null },
    deadLetters: {
      append: async (_batch, list) => {
        await step('append', `append ${list.length}`);
        letters.push(...list);
      },
      seal: () => step('sealLetters', 'letters durable'),
      acknowledge: () => step('ackLetters', 'letters acknowledged'),
      abandon: async () => void trail.push('letters removed'),
      leave: async () => void trail.push('letters left'),
    },
    upload: {
      tunnel: {
        create: async (tablePartition) => {
          await step('create', `create ${tablePartition}`);
          return session(tablePartition, sessions++);
        },
      },
      compression: 'none',
      onSession() {},
      onBlock() {},
      onCommit() {},
    },
    identity: given.exactlyOnce ? IDENTITY : null,
    budget,
    flush: { ...FLUSH, ...given.flush },
    dirty: given.dirty ?? {},
    deduplicates: given.encode !== undefined,
    revokeMs: given.revokeMs ?? 20_000,
    clock: time,
    log: quiet,
    events: {
      assigned() {},
      revoked() {},
      sealed: (batch) => trail.push(`sealed ${batch.sealedBy}`),
      state: (batch) => void (batches.includes(batch) || batches.push(batch)),
      acknowledged() {},
      abandoned: (_batch, reason) => trail.push(`abandoned ${reason}`),
      rejected() {},
    },
  });
  packer = createPacker({
    chunkBytes: 4096,
    chunks: 100,
    budget,
    onChunk: (chunk) => coordinator.onChunk(chunk),
  });
  assign([{ topic: 't', partition: 0, offset: 0 }]);
  void coordinator.finished.then((error) => {
    failure = error;
  });

  return {
    coordinator,
    trail,
    acknowledged,
    letters,
    batches,
    rewinds,
    hold(name) {
      let release = () => {};
      gates.set(name, new Promise((resolve) => (release = resolve)));
      return () => {
        gates.delete(name);
        release();
      };
    },
    fail(name, error) {
      failures.set(name, [...(failures.get(name) ?? []), error]);
    },
    feed(...values) {
      for (const value of values) {
        packer.add(
          { offset: offset++, value: Buffer.from(value), key: null, timestamp: 1 } as unknown as Message,
          0,
          time.now(),
        );
      }
      packer.flush();
    },
    flush: () => packer.flush(),
    async pass(ms) {
      for (let left = ms; left >= 0; left -= 10) {
        await time.pass(Math.min(left, 10));
        coordinator.onTurn();
      }
    },
    budgetUsed: () => budget.usedBytes,
    failure: () => failure,
  };
}

const text = (job: EncodeJob, record: number): string => {
  const view = viewChunk(job.chunk, job.capacity);
  const at = view.ints[F_VALUE * job.capacity + record]!;
  return Buffer.from(job.chunk, at, view.ints[F_VALUE_LENGTH * job.capacity + record]!).toString();
};

function encode(job: EncodeJob): EncodeResult {
  const rows = new Map<string, number>();
  const rejections: EncodeResult['rejections'][number][] = [];
  let filtered = 0;
  let skipped = 0;
  let lastSkipped: Rejection | null = null;
  let stopped: Rejection | null = null;
  let record = job.from;
  for (; record < job.to; record++) {
    const value = text(job, record);
    if (value === '??') job.progress![0] = record;
    if (value.startsWith('?')) throw new SinkError('worker_failed', 'worker died');
    const bad: Rejection = { record, stage: 'decode', code: 'invalid_json', column: null, message: 'bad' };
    if (value === '^') {
      stopped = bad;
      break;
    }
    if (value === '!') rejections.push(bad);
    if (value === '~') filtered += 1;
    if (value === '-') {
      skipped += 1;
      lastSkipped = bad;
    }
    if (/^[!~-]$/.test(value)) continue;
    if (!rows.has(value) && rows.size === job.maxTablePartitions) break;
    rows.set(value, (rows.get(value) ?? 0) + 1);
  }
  const pieces: Piece[] = [...rows].map(([tablePartition, n]) => {
    return {
      tablePartition,
      bytes: new Uint8Array(100 * n),
      rows: n,
      rawBytes: 100 * n,
      oldestEvent: Number.POSITIVE_INFINITY,
      newestEvent: Number.NEGATIVE_INFINITY,
      crcOfCrcs: 0,
      adler32: 1,
    };
  });
  return {
    chunk: job.chunk,
    upTo: record,
    unknownSchemas: [],
    pieces,
    rejections,
    extraRows: 0,
    unmappedFields: [],
    filtered,
    skipped: skipped > 0 ? { invalid_json: skipped } : {},
    lastSkipped,
    stopped,
    cpuMicros: 0,
  };
}
