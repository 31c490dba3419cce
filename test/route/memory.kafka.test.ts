import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { FIRST_EVENT } from '../support/orders.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { sleep, until } from '../support/until.ts';
import { usageOf } from '../support/usage.ts';
import { query, type Service, startService, untilAcknowledged } from './service.ts';

const MiB = 1024 * 1024;
const MEMORY = 32 * MiB;
const BEYOND_BUDGET = 220e6;
const HANG_MS = 60_000;
const HOURS = 40;
const TOPIC_PARTITIONS = 4;
/** Over ten times the budget still waits in the topic when the hang begins. */
const RECORDS = 45_000;
const RECORD_BYTES = 10_000;
const TABLE = 'ods_documents';

const MAPPING = `  columns:
    id: id
    document: document
    kafka_partition: __partition__
    kafka_offset: __offset__
  partitions:
    dt: {time: event_time, format: yyyyMMdd, zone: UTC}
    hr: {time: event_time, format: HH, zone: UTC}`;

/** Text that compresses by a quarter only: what is held back stays large. */
function noise(bytes: number): string {
  let state = 1;
  return Array.from({ length: bytes }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return String.fromCharCode(48 + (state >>> 26));
  })
    .join('')
    .replaceAll('\\', '/');
}

function* records() {
  const text = noise(1_000_000);
  for (let i = 0; i < RECORDS; i++) {
    const at = FIRST_EVENT + (i % HOURS) * 3600_000 + i;
    const from = (i * 7919) % (text.length - RECORD_BYTES);
    const document = text.slice(from, from + RECORD_BYTES - 60);
    const value = `{"id":${i},"event_time":${at},"document":"${document}"}`;
    yield { value, topicPartition: i % TOPIC_PARTITIONS, timestamp: at };
  }
}

interface Stats {
  readonly tables: Record<
    string,
    {
      readonly rows: number;
      readonly tablePartitions: Record<string, number>;
      readonly offsets: { readonly first: number; readonly distinct: number; readonly duplicates: number }[];
    }
  >;
}

describe('MaxCompute hangs for a minute in front of a backlog of ten times the memory budget', () => {
  const bootstrap = inject('kafka');
  const topic = uniqueName('documents');
  let folder: TempDir;
  let emulator: EmulatorChild;
  let service: Service;
  let idleRss: number;
  let backlogAtHang: number;
  const probes: number[] = [];
  const acknowledged = { atHang: 0, atRelease: 0 };
  const peak = { atHang: 0, atRelease: 0, atEnd: 0 };
  let pauses: number;
  let stats: Stats['tables'][string];

  const start = (of: string, group: string) =>
    startService({
      ...{ folder, bootstrap, topic: of, group, emulator, table: TABLE, mapping: MAPPING },
      more: 'memory: 32MiB\nflush: {interval: 3s}',
      kafkaOptions: { 'max.poll.interval.ms': 20_000 },
    });
  const peakNow = () => usageOf(service.pid)!.peakRssBytes;
  const batches = () => service.metric('maxsink_batches_acknowledged_total');
  const control = (method: string, rule?: object) =>
    fetch(`${emulator.tunnelEndpoint}/_control`, {
      method,
      ...(rule ? { body: JSON.stringify(rule) } : {}),
    });

  async function measureIdle(): Promise<number> {
    const empty = await createTopic(bootstrap, uniqueName('empty'), { topicPartitions: TOPIC_PARTITIONS });
    const idle = await start(empty, uniqueName('idle'));
    await until(async () => (await idle.probe('ready').catch(() => 0)) === 200, { what: 'the idle service' });
    await sleep(3_000);
    const { rssBytes } = usageOf(idle.pid)!;
    await idle.stop();
    return rssBytes;
  }

  async function hang(): Promise<void> {
    for (const route of ['session_create', 'block', 'commit'])
      await control('POST', { route, action: 'hang' });
    for (const end = Date.now() + HANG_MS; Date.now() < end; await sleep(1_000)) {
      probes.push(await service.probe('live'));
    }
    acknowledged.atRelease = await batches();
    peak.atRelease = peakNow();
    await control('DELETE');
  }

  beforeAll(async () => {
    folder = tempDir();
    emulator = await startEmulatorChild(['--count-only']);
    await createTopic(bootstrap, topic, { topicPartitions: TOPIC_PARTITIONS });
    const columns = 'id BIGINT, document STRING, kafka_partition BIGINT, kafka_offset BIGINT';
    await query(emulator, `CREATE TABLE ${TABLE} (${columns}) PARTITIONED BY (dt STRING, hr STRING);`);
    await produce(bootstrap, topic, records());
    idleRss = await measureIdle();

    const group = uniqueName('maxsink');
    service = await start(topic, group);
    const written = () => service.metric('maxsink_blocks_uploaded_total').catch(() => 0);
    await until(async () => (await written()) > 0, { what: 'the first block', everyMs: 20 });
    backlogAtHang = RECORDS * RECORD_BYTES - (await service.metric('maxsink_read_bytes_total'));
    peak.atHang = peakNow();
    acknowledged.atHang = await batches();
    await hang();
    const ends = await endOffsets(bootstrap, topic);
    await untilAcknowledged(() => committedOffsets(bootstrap, group, topic), ends);

    peak.atEnd = peakNow();
    pauses = await service.metric('maxsink_pauses_total');
    const answer = await fetch(`${emulator.tunnelEndpoint}/_stats`);
    stats = ((await answer.json()) as Stats).tables[TABLE]!;
    const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
    console.log(
      `memory 32 MiB, ${mb(RECORDS * RECORD_BYTES)} in the topic: idle ${mb(idleRss)}, peak ${mb(peak.atHang)} at the hang, ` +
        `${mb(peak.atRelease)} at its end, ${mb(peak.atEnd)} in the end; ${mb(peak.atEnd - idleRss - MEMORY)} beyond idle and budget; ` +
        `${pauses} pauses, ${acknowledged.atHang} + ${(await batches()) - acknowledged.atHang} batches`,
    );
  });

  afterAll(async () => {
    await service?.stop();
    await emulator?.stop();
    folder?.remove();
  });

  it('reading pauses in front of ten times the budget', () => {
    expect(backlogAtHang).toBeGreaterThan(10 * MEMORY);
    expect(pauses).toBeGreaterThan(0);
  });

  it('the process stays in its group: the first assignment is the only one', async () => {
    expect(await service.metric('maxsink_rebalances_total')).toBe(1);
    expect(service.logged('batch abandoned: its records are read again')).toEqual([]);
  });

  it('the loop turns all the time', () => {
    expect(probes.length).toBeGreaterThan(30);
    expect(new Set(probes)).toEqual(new Set([200]));
  });

  it('batches go on after the hang', async () => {
    expect(await batches()).toBeGreaterThan(acknowledged.atRelease);
  });

  it('memory stays within the idle process, the budget and 220 MB', () => {
    expect(peak.atEnd).toBeLessThanOrEqual(idleRss + MEMORY + BEYOND_BUDGET);
  });

  it('every offset is in the table once, over 40 table partitions', () => {
    expect(stats.rows).toBe(RECORDS);
    expect(Object.keys(stats.tablePartitions)).toHaveLength(HOURS);
    expect(stats.offsets).toHaveLength(TOPIC_PARTITIONS);
    const each = RECORDS / TOPIC_PARTITIONS;
    for (const { first, distinct, duplicates } of stats.offsets) {
      expect({ first, distinct, duplicates }).toEqual({ first: 0, distinct: each, duplicates: 0 });
    }
  });
});
