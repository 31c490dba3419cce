import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../src/clock.ts';
import { type Emulator, startEmulator } from '../src/emulator/server.ts';
import type { Log } from '../src/log.ts';
import { parseColumnType } from '../src/mapping/parse-type.ts';
import type { ProvenanceColumns } from '../src/mapping/provenance.ts';
import { type MaxCompute, openMaxCompute } from '../src/maxcompute/maxcompute.ts';
import { type CountedRange, countStatement, tableProvenance } from '../src/provenance.ts';
import { encode, type TestValue } from './emulator/harness.ts';

const { signal } = new AbortController();
const quick: Clock = { now: systemClock.now, sleep: (_, aborted) => systemClock.sleep(1, aborted) };
const column = (name: string, isText = false) => ({ name, isText });
const NUMBERS: ProvenanceColumns = { topic: null, partition: column('partition'), offset: column('offset') };
/** Table partition columns and their types, as the plan knows them. */
const keys = (types: Record<string, string>) => ({
  partitions: Object.entries(types).map(([name, type]) => ({
    ...{ name, type: parseColumnType(type)!, kind: 'constant' as const, value: '' },
  })),
});
const range = (partition: number, first: number, end: number, topic = 'orders'): CountedRange => ({
  ...{ topic, partition, first, end },
});

describe('the statement that counts', () => {
  it('names the table partition by literals of its column types, and each range', () => {
    const to = { project: 'demo', schema: 's', table: 't' };
    const columns = { topic: column('kt', true), partition: column('kp'), offset: column('ko', true) };
    const plan = keys({ dt: 'STRING', hr: 'BIGINT' });
    expect(countStatement(to, 'dt=20261121,hr=09', [range(3, 10, 20)], { columns, plan })).toBe(
      'SELECT COUNT(*) AS row_count FROM `demo`.`s`.`t` WHERE ' +
        "`dt` = '20261121' AND `hr` = 9 AND " +
        "(`kt` = 'orders' AND `kp` = 3 AND CAST(`ko` AS BIGINT) >= 10 AND CAST(`ko` AS BIGINT) < 20);",
    );
  });
});

describe('rows counted by their records', () => {
  let emulator: Emulator;
  const clients: MaxCompute[] = [];
  const warnings: object[] = [];
  const log = { warn: (fields: object) => warnings.push(fields) } as unknown as Log;
  const connect = (schema: string | null = null) => {
    const client = openMaxCompute({
      ...{ endpoint: emulator.endpoint, tunnelEndpoint: null, project: 'demo', schema, quota: null },
      ...{ region: null, proxy: null, ca: null, clock: quick, userAgent: 'test/1' },
      credentials: async () => ({ accessKeyId: 'id', accessKeySecret: 'key', securityToken: null }),
      limits: { retryBaseMs: 1, retryCapMs: 2, transientAttempts: 2 },
    });
    clients.push(client);
    return client;
  };
  beforeEach(async () => {
    emulator = await startEmulator({ project: 'demo', accessId: 'id', accessKey: 'key' });
    warnings.length = 0;
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await emulator.stop();
  });

  const insert = async (client: MaxCompute, table: string, at: string, rows: readonly TestValue[][]) => {
    const session = await client.upload(table).create(at);
    await session.putBlock(0, [encode(rows)], null);
    await session.commit(new Map([[0, rows.length]]));
  };
  const counter = (client: MaxCompute, columns: ProvenanceColumns, types: Record<string, string> = {}) => {
    const provenance = tableProvenance({ maxcompute: client, plan: keys(types), columns, clock: quick, log });
    return (to: { schema: string | null; table: string }, at: string, ...ranges: CountedRange[]) =>
      provenance.count(
        { project: 'demo', ...to },
        { tablePartition: at, id: 's' },
        { batch: 'b', ranges },
        signal,
      );
  };

  it('are all rows of a record that became several, as a session counts them', async () => {
    const client = connect();
    await client.runSql(
      'CREATE TABLE t (`partition` INT, `offset` BIGINT, n INT) PARTITIONED BY (dt STRING)',
    );
    const rows = [10, 11].flatMap((offset) => [0, 1, 2].map((n) => [0, offset, n]));
    await insert(client, 't', 'dt=1', rows);
    await insert(client, 't', 'dt=2', [[0, 11, 3]]);
    const count = counter(client, { ...NUMBERS, row: column('n') });
    const to = { schema: null, table: 't' };
    expect(await count(to, 'dt=1', range(0, 10, 12))).toBe(rows.length);
    expect(await count(to, 'dt=1', range(0, 11, 12))).toBe(3);
    expect(await count(to, 'dt=2', range(0, 10, 12))).toBe(1);
  });

  it('are those of the ranges, in that table partition alone', async () => {
    const client = connect();
    await client.runSql(
      'CREATE TABLE t (`partition` INT, `offset` BIGINT, v STRING) PARTITIONED BY (dt STRING, hr BIGINT)',
    );
    const records = [0, 1].flatMap((p) => [10, 11, 12, 4_000_000_000].map((o) => [p, o, 'x']));
    await insert(client, 't', 'dt=1,hr=9', [...records, [null, null, 'foreign']]);
    await insert(client, 't', 'dt=1,hr=10', records);
    const count = counter(client, NUMBERS, { dt: 'STRING', hr: 'BIGINT' });
    const to = { schema: null, table: 't' };
    expect(await count(to, 'dt=1,hr=9', range(0, 0, 100))).toBe(3);
    expect(await count(to, 'dt=1,hr=9', range(0, 11, 12), range(1, 12, 4_000_000_001))).toBe(3);
    expect(await count(to, 'dt=1,hr=9', range(0, 13, 100), range(2, 0, 100))).toBe(0);
    expect(await count(to, 'dt=1,hr=9')).toBe(0);
    expect(await count(to, 'dt=2,hr=9', range(0, 0, 100))).toBe(0);
  });

  it('may have their record as text, with its topic', async () => {
    const client = connect();
    await client.runSql('CREATE TABLE x (kt STRING, kp STRING, ko STRING)');
    const rows = [9, 10, 100].map((o) => ['a', '0', String(o)]);
    await insert(client, 'x', '', [...rows, ['b', '0', '10']]);
    const text = { topic: column('kt', true), partition: column('kp', true), offset: column('ko', true) };
    const count = counter(client, text);
    const to = { schema: null, table: 'x' };
    expect(await count(to, '', range(0, 9, 100, 'a'))).toBe(2);
    expect(await count(to, '', range(0, 0, 1_000, 'b'))).toBe(1);
    expect(await count(to, '', range(0, 0, 1_000, "a' OR '1' = '1"))).toBe(0);
  });

  it('are found in a table of three layers, whatever the layers of the connection', async () => {
    await emulator.sql('CREATE SCHEMA s;');
    const three = connect('s');
    for (const name of ['s.far', 'near']) {
      await emulator.sql(`CREATE TABLE ${name} (\`partition\` INT, \`offset\` BIGINT);`);
    }
    await insert(three, 'far', '', [[0, 1]]);
    await insert(connect(), 'near', '', [
      [0, 1],
      [0, 2],
    ]);
    for (const client of [three, connect()]) {
      const count = counter(client, NUMBERS);
      expect(await count({ schema: 's', table: 'far' }, '', range(0, 0, 9))).toBe(1);
      expect(await count({ schema: null, table: 'near' }, '', range(0, 0, 9))).toBe(2);
    }
  });

  it('may be of more ranges than one statement takes', async () => {
    const client = connect();
    await client.runSql('CREATE TABLE t (`partition` INT, `offset` BIGINT)');
    const all = Array.from({ length: 450 }, (_, p) => p);
    await insert(
      client,
      't',
      '',
      all.map((p) => [p, p]),
    );
    const ranges = all.map((p) => range(p, p, p + 1));
    expect(await counter(client, NUMBERS)({ schema: null, table: 't' }, '', ...ranges)).toBe(450);
  });

  it('are counted after an outage; a missing table or right is told', async () => {
    const client = connect();
    await client.runSql('CREATE TABLE t (`partition` INT, `offset` BIGINT)');
    await insert(client, 't', '', [[0, 1]]);
    const count = counter(client, NUMBERS);
    emulator.control('instance', { action: 'status', status: 503 }, { times: 5 });
    expect(await count({ schema: null, table: 't' }, '', range(0, 0, 9))).toBe(1);
    expect(warnings.length).toBeGreaterThan(0);
    const missing = count({ schema: null, table: 'gone' }, '', range(0, 0, 9));
    await expect(missing).rejects.toMatchObject({ code: 'table_missing' });
    emulator.control('instance', { action: 'status', status: 403 });
    const denied = count({ schema: null, table: 't' }, '', range(0, 0, 9));
    await expect(denied).rejects.toMatchObject({ code: 'maxcompute_denied' });
  });
});
