import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLog } from '../../src/log.ts';
import { type Preview, type PreviewOptions, preview } from '../../src/preview/preview.ts';
import { AVRO_COLUMNS, AVRO_MAPPING, avroOrders, FIRST_SCHEMA } from '../route/avro-orders.ts';
import { query } from '../route/service.ts';
import { framed } from '../support/framed.ts';
import { groupState } from '../support/groups.ts';
import {
  type EmulatorChild,
  maxcomputeSection,
  startEmulatorChild,
  startMaxsink,
  type TempDir,
  tempDir,
} from '../support/process.ts';
import { produce } from '../support/records.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { committedOffsets, createTopic, uniqueName } from '../support/topics.ts';
import { HUNG_MS } from '../support/until.ts';

const bootstrap = inject('kafka');
const TIMESTAMP = Date.UTC(2026, 10, 19, 23, 30);
const MAPPING = `  columns:
    id: {from: id, type: BIGINT}
    amount: {from: amount, type: "DECIMAL(10,2)"}
    at: {from: at, type: TIMESTAMP}
    raw: {from: __key__, type: BINARY}
    city: {from: city, type: STRING}
  partitions: {dt: {time: __timestamp__, format: yyyyMMdd, zone: Asia/Shanghai}}`;
const COLUMNS = 'id BIGINT, amount DECIMAL(10,2), at TIMESTAMP, raw BINARY, city STRING, other INT';
const GOOD =
  '{"id": 9007199254740993, "amount": 12.50, "at": "2026-11-20T08:30:00.123456789+08:00", "city": "杭州"}';
const NOT_EXACT = '{"id": 3, "amount": 1.234}';

let emulator: EmulatorChild;
let folder: TempDir;
let topic: string;

beforeAll(async () => {
  folder = tempDir();
  emulator = await startEmulatorChild();
  await query(emulator, `CREATE TABLE shown (${COLUMNS}) PARTITIONED BY (dt STRING);`);
  topic = await createTopic(bootstrap, uniqueName('shown'), { topicPartitions: 2 });
  const records = [
    { value: GOOD, key: Buffer.from([0xff, 0x00]), topicPartition: 0 },
    { value: '{"id": 2', topicPartition: 0 },
    { value: NOT_EXACT, topicPartition: 1 },
    { value: '{"id": 4}', topicPartition: 1 },
    { value: null, topicPartition: 1 },
  ];
  await produce(
    bootstrap,
    topic,
    records.map((record) => ({ ...record, timestamp: TIMESTAMP })),
  );
});
afterAll(async () => {
  await emulator?.stop();
  folder?.remove();
});

interface Setting {
  readonly topic?: string;
  readonly group?: string;
  readonly table?: string;
  readonly mapping?: string;
  readonly more?: string;
  readonly brokers?: string;
}

let files = 0;
const configuration = (setting: Setting): string =>
  folder.write(
    `preview-${files++}.yaml`,
    `name: preview
kafka: {brokers: "${setting.brokers ?? bootstrap}", topics: [${setting.topic ?? topic}], groupId: ${setting.group ?? 'none'}}
${maxcomputeSection(emulator)}
table:
  name: ${setting.table ?? 'shown'}
${setting.mapping ?? MAPPING}
deadLetters: {file: ${path.join(folder.path, 'dead-letters')}}
${setting.more ?? ''}
`,
  );

/** In this process. */
const show = (setting: Setting, options: Partial<PreviewOptions> = {}): Promise<Preview> => {
  const config = loadConfig(configuration(setting), {});
  const log = createLog({ level: 'silent' });
  return preview(
    config,
    { records: 20, from: 'committed', timeoutMs: HUNG_MS, ...options },
    log,
    systemClock,
  );
};

/** As users call it. */
async function run(setting: Setting, ...args: string[]) {
  const patient = args.includes('--timeout') ? [] : ['--timeout', '5m'];
  const child = startMaxsink(['preview', '-c', configuration(setting), ...patient, ...args]);
  const { code } = await child.exited;
  return { code, text: child.lines.join('\n') };
}

const stats = async () =>
  (await (await fetch(`${emulator.tunnelEndpoint}/_stats`)).json()) as {
    tables: Record<string, { rows: number; tablePartitions: object }>;
    sessions: object;
    requests: Record<string, number>;
  };

/** What no preview may change. */
async function untouched(group: string): Promise<void> {
  expect(await groupState(bootstrap, group)).toMatchObject({ state: 'DEAD', members: [] });
  expect(await committedOffsets(bootstrap, group, topic)).toEqual(new Map());
  expect(await stats()).toMatchObject({
    tables: { shown: { rows: 0, tablePartitions: {} } },
    sessions: { created: 0, committed: 0, open: 0 },
    requests: { session_create: 0, block: 0, commit: 0 },
  });
  expect(existsSync(path.join(folder.path, 'dead-letters'))).toBe(false);
}

const ROWS = (topic: string) => [
  {
    ...{ topic, partition: 0, offset: 0, tablePartition: 'dt=20261120' },
    row: {
      ...{ id: '9007199254740993', amount: '12.5', at: '2026-11-20T00:30:00.123456789Z' },
      ...{ raw: 'ff00', city: '杭州', other: null },
    },
  },
  {
    ...{ topic, partition: 1, offset: 1, tablePartition: 'dt=20261120' },
    row: { id: '4', amount: null, at: null, raw: null, city: null, other: null },
  },
];

describe('maxsink preview', () => {
  it('--json is one document with rows and rejections, and nothing is written', async () => {
    const group = uniqueName('preview');
    const { code, text } = await run({ group }, '--json');
    expect(code, text).toBe(0);
    const { rows, rejections, table, read } = JSON.parse(text) as Preview;
    expect(rows).toEqual(ROWS(topic));
    expect(rejections).toEqual([
      {
        ...{ topic, partition: 0, offset: 1, stage: 'decode', code: 'invalid_json', column: null },
        ...{ message: expect.any(String), sample: '{"id": 2' },
      },
      {
        ...{ topic, partition: 1, offset: 0, stage: 'type', code: 'not_exact', column: 'amount' },
        ...{ message: expect.stringContaining('1.234'), sample: NOT_EXACT },
      },
      {
        ...{ topic, partition: 1, offset: 2, stage: 'decode', code: 'tombstone', column: null },
        ...{ message: expect.any(String), sample: null },
      },
    ]);
    expect(table).toMatchObject({ name: 'demo.shown', exists: true, partitionKeys: [{ name: 'dt' }] });
    expect(read).toMatchObject({
      ...{ from: 'committed', records: 5, ended: 'log_end', trouble: null },
      topicPartitions: [
        { topic, partition: 0, first: 0, from: 0, end: 2 },
        { topic, partition: 1, first: 0, from: 0, end: 3 },
      ],
    });
    await untouched(group);
  });

  it('is a table for people, and 0 although records were rejected', async () => {
    const { code, text } = await run({}, '-n', '4', '--from', 'earliest');
    expect(code, text).toBe(0);
    expect(text.split('\n')[0]).toMatch(/^record +table partition +id +amount +at +raw +city +other$/);
    expect(text).toMatch(
      /-0-0 +dt=20261120 +9007199254740993 +12\.5 +2026-11-20T00:30:00\.123456789Z +ff00 +杭州 +NULL/,
    );
    expect(text).toMatch(/-1-0 {2}not_exact \(type\) {2}column amount: 1\.234 does not fit/);
    expect(text).toMatch(
      /4 records read in [\d.]+ s \(--from earliest\): 2 rows of demo\.shown, 2 rejected; nothing was written$/,
    );
  });

  it('shows a table that would be created, and does not create it', async () => {
    const { table, rows } = await show({ table: 'planned', mapping: `  create: if_missing\n${MAPPING}` });
    expect(table).toMatchObject({ name: 'demo.planned', exists: false });
    const planned = ROWS(topic).map(({ row: { other, ...row }, ...place }) => ({ ...place, row }));
    expect(rows).toEqual(planned);
    expect(Object.keys((await stats()).tables)).toEqual(['shown']);
    await expect(show({ table: 'planned' })).rejects.toMatchObject({ code: 'table_missing' });
  });

  it('says so when there is nothing', async () => {
    const empty = await createTopic(bootstrap, uniqueName('empty'), { topicPartitions: 1 });
    expect(await run({ topic: empty })).toEqual({ code: 0, text: 'the topic is empty' });
    const late = await show({}, { from: { timestamp: TIMESTAMP + 1 } });
    expect(late).toMatchObject({ rows: [], read: { records: 0, ended: 'log_end' } });
  });

  it('ends within its time when nobody answers', async () => {
    const { code, text } = await run({ brokers: '127.0.0.1:1' }, '--timeout', '5s');
    expect({ code, text }).toMatchObject({ code: 1, text: expect.stringContaining('kafka_unreachable') });
    const url = `${emulator.tunnelEndpoint}/_control`;
    await fetch(url, { method: 'POST', body: JSON.stringify({ route: 'table', action: 'hang' }) });
    await expect(show({}, { timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'maxcompute_unreachable' });
    await fetch(url, { method: 'DELETE' });
  });
});

describe('Avro records', () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await startRegistry();
    await query(emulator, `CREATE TABLE avro (${AVRO_COLUMNS});`);
  });
  afterAll(() => registry?.stop());

  it('are shown with the schemas of the registry', async () => {
    const orders = await createTopic(bootstrap, uniqueName('avro'), { topicPartitions: 1 });
    const id = await registry.register(`${orders}-value`, FIRST_SCHEMA);
    const encode = avroOrders(FIRST_SCHEMA, id);
    const good = encode(0);
    await produce(bootstrap, orders, [
      { value: good },
      { value: good.subarray(0, good.length - 3) },
      { value: framed(987_654, good.subarray(5)) },
      { value: encode(1) },
    ]);
    const setting = {
      ...{ topic: orders, table: 'avro', mapping: `  columns:${AVRO_MAPPING}` },
      more: `decode: {value: {format: avro}}\nschemaRegistry: {url: "${registry.url}"}`,
    };
    const { rows, rejections } = await show(setting);
    expect(
      rows.map(({ offset, tablePartition, row }) => [offset, tablePartition, row.order_id, row.amount]),
    ).toEqual([
      [0, '', '9223372036854775807', '99999999999999.9999'],
      [3, '', '1000001', '-499.2081'],
    ]);
    expect(rows[1]?.row).toMatchObject({ created_at: '2026-11-20T02:11:59.001Z', weight: 0.125, paid: true });
    expect(rejections.map(({ offset, code }) => [offset, code])).toEqual([
      [1, 'invalid_avro'],
      [2, 'unknown_schema'],
    ]);
    await registry.kill();
    await expect(show(setting, { timeoutMs: 15_000 })).rejects.toMatchObject({
      code: 'registry_unreachable',
    });
  });
});
