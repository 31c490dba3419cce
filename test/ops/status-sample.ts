import type { Status } from '../../src/ops/status.ts';

/** A busy process, with names that a page must not take for HTML. */
export const SAMPLE: Status = {
  version: '1.2.3',
  node: 'v20.20.2',
  name: 'orders',
  group: 'maxsink-orders',
  guarantee: 'at_least_once',
  topics: '订单明细, <b>topic</b>',
  table: 'demo.dwd.ods_orders',
  now: '2026-11-21T12:00:00.000Z',
  startedAt: '2026-11-19T09:00:00.000Z',
  uptimeSeconds: 183_600,
  health: {
    live: { ok: true, reason: 'the loop turns' },
    ready: { ok: false, reason: 'a batch has been uploaded for 240 s' },
  },
  records: {
    acknowledged: 1_204_551_230,
    rows: 1_204_540_001,
    deadLetters: 11_229,
    filtered: 0,
    skipped: 0,
    deduplicated: 0,
    skippedByCode: {},
    mended: [],
    completeness: 1,
    dirtyRatio: 0.0093,
    rejected: { invalid_json: 10_020, wrong_type: 1_200, no_event_time: 9 },
  },
  topicPartitions: Array.from({ length: 16 }, (_, partition) => ({
    topic: partition % 5 === 4 ? '<img src=x onerror=alert(1)>' : '订单明细',
    partition,
    acknowledged: 75_284_400 + partition,
    position: 75_300_000 + partition,
    stableEnd: partition === 3 ? null : 75_300_512,
    lagRecords: partition === 3 ? null : 16_112 - partition,
    lagSeconds: partition === 3 ? null : 262.4 - partition,
  })),
  pendingIntents: [
    {
      ...{ batch: '1f0c', state: 'found', row: 6, written: '2026-11-21T11:55:31.000Z', ageSeconds: 269 },
      waitsFor: 'the owner of <i>orders</i>-3 has not confirmed it yet',
      topicPartitions: ['订单明细-0', '<b>topic</b>-1'],
    },
    {
      ...{ batch: 'intended-8d5f', state: 'intended', row: null, waitsFor: null, ageSeconds: 0.4 },
      ...{ written: '2026-11-21T11:59:59.600Z', topicPartitions: ['订单明细-0'] },
    },
  ],
  batches: [
    batch('uploaded', 'age', 262, [
      ['dt=20261121,hr=19', 401_221],
      ['dt=20261121,hr=20', 9_331],
    ]),
    batch('open', null, 41.7, [
      ['dt=20261121,hr=20', 88_120],
      ['dt=20261121,hr=19', 402],
      ['dt=20261120,hr=03', 1],
      ['dt=20261119,hr=03', 1],
    ]),
  ],
  acknowledged: [batch('acknowledged', 'table_partitions', 64, [['dt=20261121,hr=19', 380_114]])],
  tablePartitions: [
    {
      tablePartition: 'dt=20261121,hr=19',
      rows: 5_500_231,
      lastWritten: '2026-11-21T11:55:38.000Z',
      oldestEvent: '2026-11-21T11:00:00.004Z',
      newestEvent: '2026-11-21T11:55:35.120Z',
    },
    {
      tablePartition: 'src=a&b',
      rows: 1,
      lastWritten: '2026-11-21T11:55:38.000Z',
      oldestEvent: null,
      newestEvent: null,
    },
  ],
  problems: [
    {
      level: 'error',
      code: 'maxcompute_over_quota',
      message:
        'MaxCompute: trying again: put a block (demo.ods_orders): <script>alert("FlowExceeded")</script>',
      first: '2026-11-21T11:40:00.000Z',
      last: '2026-11-21T11:59:51.000Z',
      count: 187,
    },
    {
      level: 'warn',
      code: '-195',
      message: 'kafka: kafka-1:9092/1: Connect to ipv4#10.0.0.11:9092 failed: Connection refused',
      first: '2026-11-20T11:40:00.000Z',
      last: '2026-11-20T11:40:00.000Z',
      count: 1,
    },
  ],
  memory: {
    usedBytes: 201_326_592,
    budgetBytes: 251_658_240,
    paused: true,
    residentBytes: 412_000_000,
    heapUsedBytes: 61_000_000,
    externalBytes: 240_000_000,
  },
  workers: { threads: 3, busy: 2, cpuSeconds: 9_120.5 },
  settings: { name: 'orders', kafka: { topics: ['订单明细'], security: { password: '[secret]' } } },
};

function batch(
  state: string,
  sealedBy: string | null,
  ageSeconds: number,
  tablePartitions: readonly (readonly [string, number])[],
): Status['batches'][number] {
  const rows = tablePartitions.reduce((sum, [, n]) => sum + n, 0);
  return {
    id: `${state}-8d5f`,
    state,
    since: '2026-11-21T11:55:38.000Z',
    ageSeconds,
    waitsFor: state === 'uploaded' ? 'commit of session 20261121115531: no answer in time' : null,
    sealedBy,
    records: rows + 12,
    rows,
    deadLetters: 12,
    filtered: 0,
    skipped: 0,
    deduplicated: 0,
    rowBytes: rows * 180,
    phases: sealedBy === null ? {} : { fill: 60.1, upload: 2.31, commit: 0.4 },
    sessions: tablePartitions.map(([tablePartition, n], i) => ({
      tablePartition,
      session: i === 3 ? null : `2026112111553${i}`,
      blocks: 1,
      rows: n,
    })),
    ranges: [{ topic: '订单明细', partition: 0, first: 75_284_400, end: 75_300_000 }],
  };
}
