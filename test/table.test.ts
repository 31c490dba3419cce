import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Config } from '../src/config/schema.ts';
import { connectMaxCompute } from '../src/connections.ts';
import { type Emulator, startEmulator } from '../src/emulator/server.ts';
import { createLog } from '../src/log.ts';
import type { MaxCompute } from '../src/maxcompute/maxcompute.ts';
import { createMetrics } from '../src/ops/metrics.ts';
import { openTable } from '../src/table.ts';
import { parse, SMALLEST } from './config/support.ts';
import { errorOf } from './maxcompute/support.ts';

const CREATE = `  create: if_missing
  columns:
    order_id: {from: id, type: BIGINT}
    amount: {from: amount, type: "DECIMAL(18,2)"}
    order: {from: nested, type: JSON}
    at: {from: at, type: TIMESTAMP_NTZ}
  partitions: {dt: dt, hr: {from: hr, type: BIGINT}}
`;
const SIGNAL = new AbortController().signal;
const MISSING = { action: 'status', status: 404, code: 'NoSuchObject' } as const;

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator({ port: 0, project: 'demo', accessId: 'id', accessKey: 'key' });
  return () => emulator.stop();
});

function connect(table: string, more = ''): { config: Config; maxcompute: MaxCompute } {
  const text = SMALLEST.replace('http://localhost:8080/api', `${emulator.endpoint}${more}`).concat(table);
  const config = parse(text);
  const maxcompute = connectMaxCompute(config, createMetrics(), createLog({ level: 'silent' }));
  onTestFinished(() => maxcompute.close());
  return { config, maxcompute };
}

const open = (table: string, more?: string) => {
  const { config, maxcompute } = connect(table, more);
  return openTable(config, maxcompute, SIGNAL);
};

const COLUMNS = [
  ['order_id', 'bigint'],
  ['amount', 'decimal(18,2)'],
  ['order', 'json'],
  ['at', 'timestamp_ntz'],
];

describe('a missing table', () => {
  it('stays missing unless it is to be created', async () => {
    expect(await errorOf(open(''))).toMatchObject({ code: 'table_missing' });
    expect(emulator.stats().tables).toEqual({});
  });

  it('is created with the types of the configuration, and read', async () => {
    const { table, created } = await open(CREATE);
    expect(table.columns.map(({ name, type }) => [name, type])).toEqual(COLUMNS);
    expect(table.columns.every(({ nullable }) => nullable)).toBe(true);
    expect(table.partitionKeys).toEqual([
      { name: 'dt', type: 'string' },
      { name: 'hr', type: 'bigint' },
    ]);
    expect(created).toMatch(/^CREATE TABLE IF NOT EXISTS `demo`\.`ods_orders`/);
    expect((await open(CREATE)).created).toBeNull();
  });

  it('is created in its schema', async () => {
    const { table } = await open(CREATE, '\n  schema: sales');
    expect(table.columns).toHaveLength(4);
    expect(Object.keys(emulator.stats().tables)).toEqual(['sales.ods_orders']);
  });

  it('is created once by several that start together', async () => {
    const opened = await Promise.all(Array.from({ length: 5 }, () => open(CREATE)));
    for (const { table } of opened) expect(table.columns).toHaveLength(4);
    expect(Object.keys(emulator.stats().tables)).toEqual(['ods_orders']);
  });

  it('is waited for when the metadata tells of it a moment later', async () => {
    emulator.control('table', MISSING, { times: 4 });
    expect((await open(CREATE)).table.columns).toHaveLength(4);
  });

  it('tells the right that the account needs', async () => {
    const message = 'ODPS-0420095: Access Denied - no privilege odps:CreateTable on the project';
    emulator.control('instance', { action: 'status', status: 403, code: 'NoPermission', message });
    const error = await errorOf(open(CREATE));
    expect(error.code).toBe('maxcompute_denied');
    expect(error.message).toMatch(
      /^the table demo\.ods_orders is missing, and the account may not create it/,
    );
    expect(error.message).toContain('it needs CreateTable on the project demo');
    expect(error.message).toContain(message);
  });

  it('tells why the service refuses the statement', async () => {
    emulator.control('instance', { action: 'status', status: 400, code: 'InvalidArgument' });
    const error = await errorOf(open(CREATE));
    expect(error.code).toBe('maxcompute_refused');
    expect(error.message).toMatch(/ods_orders is missing, and it could not be created: run a statement/);
  });
});

describe('a table that is there', () => {
  it('is left as it is, whatever the configuration says', async () => {
    await emulator.sql('CREATE TABLE ods_orders (order_id STRING, other INT) PARTITIONED BY (dt STRING);');
    const { table, created } = await open(CREATE);
    expect(table.columns.map(({ name, type }) => [name, type])).toEqual([
      ['order_id', 'string'],
      ['other', 'int'],
    ]);
    expect(created).toBeNull();
    expect(emulator.stats().requests.instance).toBe(0);
  });

  it('is taken when another process made it while our statement was refused', async () => {
    await emulator.sql('CREATE TABLE ods_orders (order_id BIGINT);');
    emulator.control('table', MISSING, { times: 1 });
    emulator.control('instance', { action: 'status', status: 400, code: 'TableAlreadyExists' });
    expect((await open(CREATE)).table.columns).toHaveLength(1);
  });
});
