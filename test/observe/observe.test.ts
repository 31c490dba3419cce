import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBudget } from '../../src/budget.ts';
import type { Clock } from '../../src/clock.ts';
import { SinkError } from '../../src/errors.ts';
import type { PendingIntent } from '../../src/ledger/work.ts';
import { createLog } from '../../src/log.ts';
import type { Parts } from '../../src/observe/collect.ts';
import { createObserver, type Observer } from '../../src/observe/observe.ts';
import { ready } from '../../src/ops/health.ts';
import { createMetrics, type Metrics } from '../../src/ops/metrics.ts';
import { absorb, type Batch, openBatch } from '../../src/sink/batch.ts';
import { type LeftOut, NOTHING_LEFT_OUT } from '../../src/sink/left-out.ts';
import { BatchUpload } from '../../src/sink/upload.ts';
import type { OffsetRange, TopicPartitionLag } from '../../src/source/source.ts';
import type { TrailEntry } from '../../src/trail/entry.ts';
import { parse, SMALLEST } from '../config/support.ts';

const NOW = 1_795_000_000_000;
const clock: Clock & { at: number } = { at: NOW, now: () => clock.at, sleep: async () => {} };
const stop = new AbortController();
let metrics: Metrics;
let observer: Observer;
let entries: TrailEntry[];

beforeEach(() => {
  clock.at = NOW;
  entries = [];
  metrics = createMetrics({ pipeline: 'orders' });
  const config = parse(SMALLEST);
  const log = createLog({ level: 'silent' });
  observer = createObserver({
    config,
    metrics,
    log,
    clock,
    workers: 2,
    onEntry: (entry) => void entries.push(entry),
    stop: stop.signal,
  });
});
afterEach(() => metrics.stop());

const tp = { topic: 't', partition: 0 };

/** A batch whose blocks are uploaded: `rows` by table partition, from `records` records. */
async function batchOf(
  records: number,
  rows: Record<string, number>,
  rejected = 0,
  leftOut: LeftOut = NOTHING_LEFT_OUT,
  extraRows = 0,
): Promise<Batch> {
  const session = (tablePartition: string) => {
    const calls = { putBlock: async () => {}, verify: async () => {}, commit: async () => {} };
    return { id: `s-${tablePartition}`, tablePartition, createdAt: NOW, ...calls };
  };
  const upload = new BatchUpload({
    tunnel: { create: async (tablePartition) => session(tablePartition) },
    compression: 'none',
    budget: createBudget(1e9),
    clock,
    onSession() {},
    onBlock() {},
    onCommit() {},
    onProgress() {},
  });
  const batch = openBatch('b1', 1, upload, NOW - 60_000, NOW);
  const pieces = Object.entries(rows).map(([tablePartition, n], i) => ({
    ...{ tablePartition, bytes: new Uint8Array(n), rows: n, rawBytes: 10 * n, crcOfCrcs: 0, adler32: 1 },
    ...{ oldestEvent: NOW - 5_000 + i, newestEvent: NOW - 1_000 + i },
  }));
  const range = { ...tp, first: 5, end: 5 + records, records, firstTimestamp: NOW - 60_000 };
  absorb(batch, {
    ranges: [range],
    pieces,
    letters: [],
    leftOut,
    keys: null,
    records,
    extraRows,
    polledAt: NOW,
  });
  batch.rejected = rejected;
  batch.sealedBy = 'age';
  await upload.finish();
  return batch;
}

/** Through its last two states, as the coordinator tells them. */
function acknowledge(batch: Batch): void {
  for (const state of ['committed', 'acknowledged'] as const) {
    batch.state = state;
    batch.phases[state === 'committed' ? 'commit' : 'acknowledge'] = 250;
    observer.events.state(batch);
  }
  observer.events.acknowledged(batch);
}

const sample = async (name: string): Promise<string[]> =>
  (await metrics.render())
    .split('\n')
    .filter((line) => line.startsWith(`maxsink_${name}{`))
    .map((line) => line.replace(/,?pipeline="orders"/, '').replace(/^maxsink_/, ''));

describe('records', () => {
  it('are accounted for at each acknowledgement, exactly', async () => {
    expect(await sample('completeness_ratio')).toEqual(['completeness_ratio{} 1']);
    acknowledge(await batchOf(10, { 'hr=09': 5, 'hr=10': 3 }, 2));
    acknowledge(await batchOf(1, { 'hr=10': 1 }));
    expect(await sample('records_acknowledged_total')).toEqual(['records_acknowledged_total{} 11']);
    expect(await sample('records_accounted_total')).toEqual([
      'records_accounted_total{outcome="row"} 9',
      'records_accounted_total{outcome="dead_letter"} 2',
      'records_accounted_total{outcome="filtered"} 0',
      'records_accounted_total{outcome="skipped"} 0',
      'records_accounted_total{outcome="deduplicated"} 0',
    ]);
    expect(await sample('completeness_ratio')).toEqual(['completeness_ratio{} 1']);
    expect(observer.status().records).toMatchObject({ acknowledged: 11, rows: 9, completeness: 1 });
    expect(observer.status().records.dirtyRatio).toBeCloseTo(2 / 11);
  });

  it('of several rows count once', async () => {
    acknowledge(await batchOf(4, { 'hr=09': 5, 'hr=10': 2 }, 1, NOTHING_LEFT_OUT, 4));
    expect(await sample('records_accounted_total')).toContain('records_accounted_total{outcome="row"} 3');
    expect(observer.status().records).toMatchObject({ acknowledged: 4, rows: 7, completeness: 1 });
    expect(entries.at(-1)).toMatchObject({ records: 4, rows: 7, extraRows: 4, deadLetters: 1 });
  });

  it('of each acknowledged batch are told exactly, to the log and to the trail', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'info', stream: { write: (line) => void lines.push(line) } });
    const onEntry = (entry: TrailEntry) => void entries.push(entry);
    const config = parse(SMALLEST);
    observer = createObserver({ config, metrics, log, clock, workers: 2, onEntry, stop: stop.signal });
    acknowledge(await batchOf(10, { 'hr=09': 5, 'hr=10': 3 }, 2));
    const sessions = [
      { tablePartition: 'hr=09', session: 's-hr=09', rows: 5, blocks: 1, bytes: expect.any(Number) },
      { tablePartition: 'hr=10', session: 's-hr=10', rows: 3, blocks: 1, bytes: expect.any(Number) },
    ];
    const numbers = { batch: 'b1', how: 'acknowledged', records: 10, rows: 8, deadLetters: 2, filtered: 0 };
    expect(entries).toMatchObject([{ ...numbers, sessions, ranges: [{ ...tp, first: 5, end: 15 }] }]);
    const told = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'batch acknowledged');
    expect(told).toMatchObject([{ ...numbers, sessions, offsets: 't 0:5-15', sealedBy: 'age' }]);
  });

  it('that the configuration leaves out are accounted for too, by reason', async () => {
    const leftOut: LeftOut = {
      ...{ filtered: 4, skipped: { invalid_json: 2, tombstone: 1 }, deduplicated: 5, lastSkipped: null },
      mended: [{ code: 'too_long', action: 'truncate', values: 7 }],
    };
    acknowledge(await batchOf(20, { 'hr=09': 5, 'hr=10': 1 }, 2, leftOut));
    acknowledge(await batchOf(12, {}, 0, { ...leftOut, mended: [] }));
    expect(await sample('completeness_ratio')).toEqual(['completeness_ratio{} 1']);
    expect(await sample('records_filtered_total')).toEqual(['records_filtered_total{} 8']);
    expect(await sample('records_deduplicated_total')).toEqual(['records_deduplicated_total{} 10']);
    expect(await sample('records_skipped_total')).toEqual(
      expect.arrayContaining([
        'records_skipped_total{code="invalid_json"} 4',
        'records_skipped_total{code="tombstone"} 2',
        'records_skipped_total{code="too_long"} 0',
      ]),
    );
    expect(await sample('values_mended_total')).toEqual(
      expect.arrayContaining([
        'values_mended_total{code="too_long",action="truncate"} 7',
        'values_mended_total{code="too_long",action="set_null"} 0',
      ]),
    );
    expect(observer.status().records).toMatchObject({ filtered: 8, skipped: 6, deduplicated: 10 });
    expect(observer.status().acknowledged[0]).toMatchObject({ filtered: 4, skipped: 3, deduplicated: 5 });
  });

  it('that are missing, or too many, show', async () => {
    acknowledge(await batchOf(10, { 'hr=09': 9 }));
    expect(await sample('completeness_ratio')).toEqual(['completeness_ratio{} 0.9']);
    acknowledge(await batchOf(10, { 'hr=09': 20 }));
    expect(observer.status().records.completeness).toBe(29 / 20);
  });

  it('count as written when they are committed, with their event times', async () => {
    const batch = await batchOf(8, { 'hr=09': 5, 'hr=10': 3 });
    observer.events.state(batch);
    expect(await sample('rows_written_total')).toEqual(['rows_written_total{} 0']);
    batch.state = 'committed';
    observer.events.state(batch);
    expect(await sample('rows_written_total')).toEqual(['rows_written_total{} 8']);
    expect(await sample('table_partition_newest_event_timestamp_seconds')).toEqual([
      `table_partition_newest_event_timestamp_seconds{table_partition="hr=10"} ${(NOW - 999) / 1000}`,
      `table_partition_newest_event_timestamp_seconds{table_partition="hr=09"} ${(NOW - 1000) / 1000}`,
    ]);
  });
});

describe('the status', () => {
  it('shows what waits while the service starts, without secrets', () => {
    observer.waitsFor('MaxCompute at http://me:hush@mc/api: table ods_orders');
    const { health, settings, topicPartitions } = observer.status();
    expect(health.ready.reason).toBe(
      'starting: waits for MaxCompute at http://[secret]@mc/api: table ods_orders',
    );
    expect(topicPartitions).toEqual([]);
    expect(settings).toMatchObject({ name: 'orders', flush: { interval: 60_000 } });
    expect(settings.maxcompute).toMatchObject({ project: 'demo', credentials: '[secret]' });
  });

  it('remembers the last ten batches, latest first', async () => {
    for (let n = 1; n <= 12; n++) acknowledge(await batchOf(n, { 'hr=09': n }));
    const { acknowledged } = observer.status();
    expect(acknowledged.map((batch) => batch.rows)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
    expect(acknowledged[0]).toMatchObject({
      ...{ state: 'acknowledged', sealedBy: 'age', ageSeconds: 60, rowBytes: 120, waitsFor: null },
      phases: { commit: 0.25, acknowledge: 0.25 },
      sessions: [{ tablePartition: 'hr=09', session: 's-hr=09', blocks: 1, rows: 12 }],
      ranges: [{ topic: 't', partition: 0, first: 5, end: 17 }],
    });
  });

  it('remembers warnings and errors, without secrets', () => {
    const { log } = observer;
    log.warn({ error: new SinkError('session_lost', 'gone'), doing: 'block 1' }, 'trying again');
    log.child({ component: 'x' }).error({ code: -195 }, 'kafka: sasl.password=hush');
    log.warn({ call: 'put', code: 'FlowExceeded', why: 'over quota' }, 'the call is sent again');
    log.info({}, 'nothing of note');
    expect(observer.status().problems.map(({ code, message }) => [code, message])).toEqual([
      ['FlowExceeded', 'the call is sent again: over quota'],
      ['-195', 'kafka: sasl.password=[secret]'],
      ['session_lost', 'trying again: gone'],
    ]);
  });
});

it('pauses are counted, and their seconds while they last', async () => {
  observer.paused(true);
  clock.at += 2_000;
  expect(await sample('pause_seconds_total')).toEqual(['pause_seconds_total{} 2']);
  clock.at += 500;
  observer.paused(false);
  clock.at += 10_000;
  expect(await sample('pause_seconds_total')).toEqual(['pause_seconds_total{} 2.5']);
  expect(await sample('pauses_total')).toEqual(['pauses_total{} 1']);
});

describe('intents of earlier owners', () => {
  const found = (batch: string, since: number): PendingIntent => {
    const why = 'the owner of t-1 has not confirmed it yet';
    return { batch, row: 6, action: 'wait', why, since, createdAt: NOW - 90_000, topicPartitions: [tp] };
  };

  it('are shown while they are settled, with their rows and reasons', async () => {
    expect(await sample('recovery_seconds')).toEqual(['recovery_seconds{} 0']);
    observer.recovery.pending([found('b1', NOW - 20_000), found('b2', NOW - 30_000)]);
    expect(await sample('intents_pending')).toEqual(['intents_pending{} 2']);
    expect(await sample('recovery_seconds')).toEqual(['recovery_seconds{} 30']);
    expect(observer.snapshot().recovery).toMatchObject({ since: NOW - 30_000 });
    expect(observer.status().pendingIntents[0]).toEqual({
      ...{ batch: 'b1', state: 'found', row: 6, waitsFor: 'the owner of t-1 has not confirmed it yet' },
      ...{ written: new Date(NOW - 90_000).toISOString(), ageSeconds: 90, topicPartitions: ['t-0'] },
    });
    observer.recovery.pending([]);
    expect(await sample('intents_pending')).toEqual(['intents_pending{} 0']);
    expect(observer.snapshot().recovery).toBeNull();
  });

  it('take no time while there are none, however slowly the metrics are made', async () => {
    const still = clock.now;
    clock.now = () => (clock.at += 7);
    try {
      expect(await sample('recovery_seconds')).toEqual(['recovery_seconds{} 0']);
    } finally {
      clock.now = still;
    }
  });

  it('are counted by row and action once they are settled', async () => {
    const ranges = [{ topic: 't', partition: 0, first: 3, end: 9 }];
    const sessions = [{ tablePartition: 'dt=1', id: 's1', blocks: 1, rows: 6 }];
    const done = { batch: 'b1', ranges, sessions, forMs: 5 };
    observer.recovery.recovered({ ...done, row: 2, action: 'advance' });
    observer.recovery.recovered({ ...done, row: 8, action: 'consume' });
    const lines = await sample('recoveries_total');
    expect(lines).toHaveLength(9);
    expect(lines.filter((line) => line.endsWith(' 1'))).toEqual([
      'recoveries_total{row="2",action="advance"} 1',
      'recoveries_total{row="8",action="consume"} 1',
    ]);
  });
});

describe('a decision of the operator', () => {
  it('is pending once it ends the service, and only such an error', async () => {
    observer.ends(null);
    observer.ends(new SinkError('maxcompute_denied', 'no Update'));
    expect(observer.snapshot().decisionPending).toBeNull();
    expect(await sample('decision_pending')).toEqual(['decision_pending{} 0']);
    observer.ends(new SinkError('decision_needed', 'batch b of t-0: session s1 is gone'));
    expect(await sample('decision_pending')).toEqual(['decision_pending{} 1']);
    const { ok, reason } = ready(observer.snapshot());
    expect(ok).toBe(false);
    expect(reason).toMatch(/^a decision is pending: batch b of t-0: session s1 is gone \(.*maxsink resolve/);
  });
});

it('rebalances are told apart', async () => {
  observer.events.assigned(4);
  observer.events.revoked(false);
  observer.events.assigned(2);
  observer.events.revoked(true);
  expect(await sample('rebalances_total')).toEqual([
    'rebalances_total{kind="assigned"} 2',
    'rebalances_total{kind="revoked"} 1',
    'rebalances_total{kind="lost"} 1',
  ]);
});

describe('gauges', () => {
  const held = (firstTimestamp: number, records = 3): OffsetRange => {
    return { ...tp, first: 5, end: 8, records, firstTimestamp };
  };
  const at = (stableEnd: number | null, unreadSince: number | null = null): TopicPartitionLag => {
    return { ...tp, acknowledged: 5, position: 8, stableEnd, unreadSince };
  };
  const watch = (
    lag: TopicPartitionLag,
    unacknowledged: readonly OffsetRange[],
    batches: readonly Batch[] = [],
  ) => {
    const parts: Parts = {
      coordinator: { batches, unacknowledged: () => unacknowledged.values(), lastTurnAt: NOW } as never,
      source: {
        snapshot: () => ({
          member: true,
          refusal: null,
          openingSince: null,
          paused: false,
          lastTurnAt: 0,
          topicPartitions: [lag],
        }),
      },
      pool: { workers: 2, busy: 1, cpuMicros: 5e6 },
      budget: { usedBytes: 7, limitBytes: 100 },
    };
    observer.waitsFor(null);
    observer.watch(parts);
  };

  it.each<[string, TopicPartitionLag, OffsetRange[], number | null, number | null]>([
    ['records in hand', at(10), [held(NOW - 9_000), held(NOW - 99_000)], 5, 9],
    ['records in hand, the oldest without a timestamp', at(10), [held(NaN), held(NOW - 2_000)], 5, 2],
    ['only what no reader sees', at(8), [held(NaN, 0)], 3, 0],
    ['nothing behind', at(5), [], 0, 0],
    ['nothing behind, though something was unread', at(5, NOW - 9_000), [], 0, 0],
    ['nothing in hand, something in the log', at(9, NOW - 4_000), [], 4, 4],
    ['a record from the future', at(10), [held(NOW + 5_000)], 5, 0],
    ['an end that is not known yet', at(null), [held(NOW - 9_000)], null, null],
  ])('of lag: %s', async (_, lag, unacknowledged, records, seconds) => {
    watch(lag, unacknowledged);
    const value = async (name: string) =>
      (await sample(name)).map((line) => Number(line.slice(line.lastIndexOf(' '))));
    expect(await value('lag_records')).toEqual(records === null ? [] : [records]);
    expect(await value('lag_seconds')).toEqual(seconds === null ? [] : [seconds]);
    const [status] = observer.status().topicPartitions;
    expect([status!.lagRecords, status!.lagSeconds]).toEqual([records, seconds]);
  });

  it('of batches, and whether one is stuck', async () => {
    const batch = await batchOf(3, { 'hr=09': 2, 'hr=10': 1 });
    batch.state = 'uploaded';
    batch.intentAt = NOW;
    watch(at(10), [], [batch]);
    clock.at = NOW + 180_000;
    expect(await sample('batches_stuck')).toEqual(['batches_stuck{} 0']);
    expect(ready(observer.snapshot())).toEqual({ ok: true, reason: 'moving 1 topic partitions' });
    clock.at += 1;
    expect(await sample('batches_stuck')).toEqual(['batches_stuck{} 1']);
    expect(ready(observer.snapshot()).ok).toBe(false);
    expect(await sample('sessions_open')).toEqual(['sessions_open{} 2']);
    expect(observer.status().pendingIntents).toMatchObject([
      { batch: 'b1', state: 'uploaded', row: null, ageSeconds: 180.001, topicPartitions: ['t-0'] },
    ]);
    expect(await sample('batches')).toContain('batches{state="intended"} 0');
    expect(await sample('batches')).toContain('batches{state="uploaded"} 1');
    expect(await sample('member')).toEqual(['member{} 1']);
    expect(await sample('workers_busy')).toEqual(['workers_busy{} 1']);
  });
});
