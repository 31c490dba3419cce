import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { type Kafka, startKafka } from '../support/kafka.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce, type TestRecord } from '../support/records.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { usageOf } from '../support/usage.ts';
import { deadLetters, query, type Service, startService, untilAcknowledged } from './service.ts';

const MB = 1_000_000;
/** 220 for the long run: beyond the limit of one row. */
const RECORD_BYTES = Number(process.env.ROUTE_RECORD_MB ?? 100) * MB;
const COLUMNS = Array.from({ length: 28 }, (_, i) => `p${i}`);
const BROKER_BYTES = RECORD_BYTES + 10 * MB;
const TABLE = 'huge';

/** Text that compresses by a quarter only. */
function noise(bytes: number): string {
  let state = 1;
  const block = Array.from({ length: 1 << 16 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return String.fromCharCode(48 + (state >>> 26));
  });
  return block
    .join('')
    .replaceAll('\\', '/')
    .repeat(Math.ceil(bytes / block.length))
    .slice(0, bytes);
}

describe(`a record of ${RECORD_BYTES / MB} MB, 256 MiB of memory`, () => {
  const [topic, group] = [uniqueName('huge'), uniqueName('maxsink')];
  let kafka: Kafka;
  let emulator: EmulatorChild;
  let folder: TempDir;
  let service: Service;
  let idleBytes: number;
  let sent = 0;

  const send = async (records: readonly TestRecord[]) => {
    const limits = { 'message.max.bytes': BROKER_BYTES, 'queue.buffering.max.kbytes': 1_000_000 };
    await produce(kafka.bootstrap, topic, records, limits);
    sent += records.length;
    const committed = () => committedOffsets(kafka.bootstrap, group, topic);
    await untilAcknowledged(committed, await endOffsets(kafka.bootstrap, topic));
  };
  const small = Array.from({ length: 200 }, (_, i): TestRecord => ({ value: `{"id":${i}}` }));
  const letters = () => [...deadLetters(path.join(folder.path, 'dead-letters')).values()];

  beforeAll(async () => {
    folder = tempDir();
    const overrides = { 'socket.request.max.bytes': 2 * BROKER_BYTES, 'message.max.bytes': BROKER_BYTES };
    [kafka, emulator] = await Promise.all([
      startKafka({ heapMiB: 1_500, overrides }),
      startEmulatorChild(['--count-only']),
    ]);
    const config = { 'max.message.bytes': `${BROKER_BYTES}` };
    await createTopic(kafka.bootstrap, topic, { topicPartitions: 1, config });
    const texts = COLUMNS.map((name) => `${name} STRING`).join(', ');
    await query(
      emulator,
      `CREATE TABLE ${TABLE} (id BIGINT, kafka_partition BIGINT, kafka_offset BIGINT, ${texts});`,
    );
    const paths = ['id', ...COLUMNS].map((name) => `${name}: ${name}`).join(', ');
    service = await startService({
      ...{ folder, bootstrap: kafka.bootstrap, topic, group, emulator, table: TABLE },
      mapping: `  columns: {${paths}, kafka_partition: __partition__, kafka_offset: __offset__}`,
      more: 'memory: 256MiB\nflush: {interval: 1s}',
    });
    await service.waitFor('topic partitions assigned');
    await send(small);
    idleBytes = usageOf(service.pid)!.rssBytes;
  });
  afterAll(async () => {
    await service?.stop();
    await Promise.all([emulator?.stop(), kafka?.stop()]);
    folder?.remove();
  });

  const columns = (each: number) => COLUMNS.map((name) => `"${name}":"${noise(each)}"`).join(',');

  it.each([
    ['that nothing maps: a row', () => `"unmapped":"${noise(RECORD_BYTES)}"`, null, 3],
    ['with one value too long: a dead letter', () => `"p1":"${noise(RECORD_BYTES)}"`, 'too_long', 4],
    [
      'of many values: a row up to the limit, beyond it a dead letter',
      () => columns(RECORD_BYTES / COLUMNS.length),
      RECORD_BYTES > LIMITS.rowBytes ? 'row_too_large' : null,
      6,
    ],
  ])('%s; the next ones go on, memory is bounded', async (_, fields, code, times) => {
    const first = sent;
    writeFileSync(`/proc/${service.pid}/clear_refs`, '5'); // the peak begins anew
    await send([{ value: `{"id":1,${fields()}}` }, ...small]);
    const { peakRssBytes } = usageOf(service.pid)!;
    console.log(
      `${RECORD_BYTES / MB} MB ${_}: ${Math.round((peakRssBytes - idleBytes) / MB)} MB beyond idle`,
    );
    expect(peakRssBytes).toBeLessThan(idleBytes + times * RECORD_BYTES);
    const rejected = letters().filter(({ offset }) => offset >= first);
    expect(rejected.map((letter) => letter.code)).toEqual(code === null ? [] : [code]);

    const answer = await fetch(`${emulator.tunnelEndpoint}/_stats`);
    const { tables } = (await answer.json()) as { tables: Record<string, { offsets: object[] }> };
    const rows = sent - letters().length;
    expect(tables[TABLE]!.offsets).toMatchObject([{ rows, distinct: rows, last: sent - 1 }]);
    expect(await service.probe('live')).toBe(200);
    expect(await service.metric('maxsink_batches_abandoned_total')).toBe(0);
    expect(await service.metric('maxsink_memory_used_bytes')).toBe(0);
  });
});
