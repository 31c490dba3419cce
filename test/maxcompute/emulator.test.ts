import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { type Emulator, startEmulator } from '../../src/emulator/server.ts';
import { type MaxCompute, openMaxCompute } from '../../src/maxcompute/maxcompute.ts';
import { errorOf } from './support.ts';

interface Vector {
  name: string;
  schema: { name: string; type: string }[];
  recordCount: number;
  hex: string;
}

const { vectors } = JSON.parse(readFileSync(new URL('../vectors/records.json', import.meta.url), 'utf8')) as {
  vectors: Vector[];
};
const vector = (name: string) => vectors.find((one) => one.name === name)!;

async function startService(
  region: string | null = null,
): Promise<{ client: MaxCompute; stats: Emulator['stats']; stop: () => Promise<unknown> }> {
  const emulator = await startEmulator({ port: 0, project: 'demo', accessId: 'AKID', accessKey: 'secret' });
  const client = openMaxCompute({
    endpoint: emulator.endpoint,
    tunnelEndpoint: null,
    project: 'demo',
    schema: null,
    quota: null,
    region,
    credentials: async () => ({ accessKeyId: 'AKID', accessKeySecret: 'secret', securityToken: null }),
    proxy: null,
    ca: null,
    clock: systemClock,
    userAgent: 'maxsink/0.1.0',
    limits: { retryBaseMs: 1, retryCapMs: 5 },
  });
  const stop = async () => {
    await client.close();
    await emulator.stop();
  };
  return { client, stats: emulator.stats, stop };
}

describe.each([null, 'cn-hangzhou'])('against the local MaxCompute, region %s', (region) => {
  let client: MaxCompute;
  let stats: Emulator['stats'];
  beforeAll(async () => {
    const service = await startService(region);
    ({ client, stats } = service);
    return () => service.stop();
  });

  it('creates a table, reads it back, and finds it missing otherwise', async () => {
    await client.runSql(
      'CREATE TABLE meta (id BIGINT NOT NULL, v DECIMAL(10,2)) PARTITIONED BY (dt STRING, hr STRING);',
    );
    expect(await client.table('meta')).toMatchObject({
      name: 'meta',
      kind: 'table',
      columns: [
        { name: 'id', nullable: false },
        { name: 'v', nullable: true },
      ],
      partitionKeys: [{ name: 'dt' }, { name: 'hr' }],
      primaryKey: [],
      transactional: false,
    });
    expect((await errorOf(client.table('nope'))).code).toBe('table_missing');
    expect((await errorOf(client.runSql('select * from nope'))).code).toBe('table_missing');
  });

  it.each(['type_string', 'type_bigint', 'mixed_with_nulls'])(
    'uploads %s and makes it visible at commit',
    async (name) => {
      const { schema, hex, recordCount } = vector(name);
      const columns = schema.map((column) => `\`${column.name}\` ${column.type}`).join(', ');
      await client.runSql(`CREATE TABLE ${name} (${columns}) PARTITIONED BY (p_day STRING, p_hour STRING);`);
      const session = await client.upload(name).create('p_day=20261121,p_hour=09');
      expect(session.columns.map((column) => column.name)).toEqual(schema.map((column) => column.name));
      const bytes = Buffer.from(hex, 'hex');
      await session.putBlock(0, [bytes.subarray(0, 7), bytes.subarray(7)], null);
      await session.putBlock(7, [deflateSync(bytes)], 'deflate');
      const count = async () =>
        Number((await client.runSql(`SELECT COUNT(*) FROM ${name}`)).trim().split('\n').at(-1));
      expect(await count()).toBe(0);
      expect(await session.status()).toEqual({
        status: 'NORMAL',
        blocks: new Map([
          [0, recordCount],
          [7, recordCount],
        ]),
      });
      const mismatch = await errorOf(session.commit(new Map([[0, recordCount]])));
      expect(mismatch.code).toBe('block_mismatch');
      expect((await errorOf(session.verify(new Map([[0, recordCount]])))).code).toBe('block_mismatch');
      const blocks = new Map([
        [0, recordCount],
        [7, recordCount],
      ]);
      await session.verify(blocks);
      const { requests } = stats();
      await session.commit(blocks);
      expect(stats().requests).toEqual({ ...requests, commit: requests.commit! + 1 });
      expect(await count()).toBe(2 * recordCount);
      const again = await client.upload(name).attach(session.id, 'p_day=20261121,p_hour=09');
      expect((await again.status()).status).toBe('CLOSED');
      expect(await client.hasTablePartition(name, 'p_day=20261121,p_hour=09')).toBe(true);
      expect(await client.hasTablePartition(name, 'p_day=20261121,p_hour=10')).toBe(false);
    },
  );

  it('finds a session of another table partition refused and an unknown one lost', async () => {
    await client.runSql('CREATE TABLE two (id BIGINT) PARTITIONED BY (dt STRING);');
    const session = await client.upload('two').create('dt=1');
    const other = await errorOf(client.upload('two').attach(session.id, 'dt=2'));
    expect(other.code).toBe('maxcompute_refused');
    expect((await errorOf(client.upload('two').attach('no-such-session', 'dt=1'))).code).toBe('session_lost');
  });
});

describe('wrong keys', () => {
  it('are refused by the local MaxCompute', async () => {
    const emulator = await startEmulator({ port: 0, project: 'demo', accessId: 'AKID', accessKey: 'secret' });
    onTestFinished(() => emulator.stop());
    const client = openMaxCompute({
      endpoint: emulator.endpoint,
      tunnelEndpoint: emulator.tunnelEndpoint,
      project: 'demo',
      schema: null,
      quota: null,
      region: null,
      credentials: async () => ({ accessKeyId: 'AKID', accessKeySecret: 'wrong', securityToken: null }),
      proxy: null,
      ca: null,
      clock: systemClock,
      userAgent: 'maxsink/0.1.0',
    });
    onTestFinished(() => client.close());
    const error = await errorOf(client.table('t'));
    expect(error.code).toBe('maxcompute_auth');
    expect(error.message).not.toContain('wrong');
  });
});
