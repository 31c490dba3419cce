import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, createUpload, encode, sql, start, upload } from '../harness.ts';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await start({
    tables: [
      "CREATE TABLE T1 (ID BIGINT NOT NULL COMMENT 'the ]]> key', m MAP<STRING,ARRAY<BIGINT>>) PARTITIONED BY (dt STRING, hr STRING)",
      "ALTER TABLE t1 ADD PARTITION (dt='20260101',hr='07') PARTITION (dt='20260101',hr='08') PARTITION (dt='20260102',hr='07')",
      'CREATE TABLE other (id BIGINT)',
    ],
  });
});
afterEach(() => emulator.stop());

const get = (path: string, query: Record<string, string> = {}) =>
  call(emulator.endpoint, `/projects/demo${path}`, { query });

describe('project and discovery', () => {
  it('answers the address without scheme, path or line end', async () => {
    const { status, body } = await get('/tunnel', { service: '', curr_project: 'demo' });
    expect([status, `http://${body}`]).toEqual([200, emulator.tunnelEndpoint]);
  });

  it('answers the project with the three headers that clients need', async () => {
    const { headers, body } = await get('');
    for (const name of ['x-odps-owner', 'x-odps-creation-time', 'last-modified', 'x-odps-request-id']) {
      expect(headers[name]).toBeTruthy();
    }
    expect(body).toContain('<Name>odps.schema.model.enabled</Name><Value>false</Value>');
    expect((await call(emulator.endpoint, '/projects/nope')).body).toContain('<Code>NoSuchObject</Code>');
  });

  it('serves service calls at the root, too', async () => {
    expect((await call(emulator.url, '/projects/demo/tables/t1')).status).toBe(200);
    expect((await call(emulator.url, '/projects', { query: { expectmarker: 'true' } })).body).toContain(
      '<Name>demo</Name>',
    );
  });
});

describe('tables', () => {
  it('answers the schema; names in lower case, found in any', async () => {
    const { body } = await get('/tables/T1', { extended: '' });
    const json = JSON.parse(body.replaceAll(']]]]><![CDATA[>', ']]>').match(/<!\[CDATA\[(.*)\]\]>/s)![1]!);
    expect(json.columns).toMatchObject([
      { name: 'id', type: 'bigint', comment: 'the ]]> key', isNullable: false },
      { name: 'm', type: 'map<string,array<bigint>>', isNullable: true },
    ]);
    expect(json.partitionKeys.map(({ name }: { name: string }) => name)).toEqual(['dt', 'hr']);
    expect(json.Reserved).toBe('{"Transactional":"false","schema_version":"1"}');
    const missing = await get('/tables/none');
    expect([missing.status, /<Code>(\w+)/.exec(missing.body)![1]]).toEqual([404, 'NoSuchObject']);
  });

  it('lists by prefix', async () => {
    const names = async (query = {}) =>
      [
        ...(await get('/tables', { expectmarker: 'true', ...query })).body.matchAll(/<Table><Name>(\w+)/g),
      ].map((m) => m[1]);
    expect(await names()).toEqual(['other', 't1']);
    expect(await names({ name: 't' })).toEqual(['t1']);
  });

  it('tells views, external tables and tables with a key apart', async () => {
    await emulator.sql('CREATE VIEW v AS SELECT COUNT(*) AS n FROM demo.other');
    await emulator.sql(
      "CREATE EXTERNAL TABLE x (id BIGINT) STORED BY 'com.aliyun.odps.CsvStorageHandler' LOCATION 'oss://b/'",
    );
    await upload(emulator, { table: 'other' }, encode([[1], [2]]));
    expect((await sql(emulator, 'SELECT n FROM v;')).text).toBe('"n"\n2\n');
    expect((await get('/tables/v')).body).toMatch(/"isVirtualView":true.*<Type>VIRTUAL_VIEW/s);
    expect((await get('/tables/x')).body).toMatch(/"isExternal":true.*<Type>EXTERNAL_TABLE/s);
    for (const table of ['v', 'x'])
      expect((await createUpload(emulator, { table })).json.Code).toBe('MethodNotAllowed');
  });
});

describe('table partitions', () => {
  it('exist or are missing, with values in quotes', async () => {
    expect((await get('/tables/t1', { partition: "dt='20260101',hr='07'" })).body).toContain(
      '"partitionRecordNum":0',
    );
    const missing = await get('/tables/t1', { partition: "dt='20260101',hr='09'" });
    expect([missing.status, /<Code>(\w+)/.exec(missing.body)![1]]).toEqual([404, 'NoSuchPartition']);
  });

  it('keep quotes within a value, and at one end of it', async () => {
    await emulator.sql('CREATE TABLE quoted (id BIGINT) PARTITIONED BY (pt STRING)');
    for (const value of [`5"`, `a"b`]) {
      await emulator.sql(`ALTER TABLE quoted ADD PARTITION (pt='${value}')`);
      const created = await createUpload(emulator, { table: 'quoted', tablePartition: `pt=${value}` });
      const read = await get('/tables/quoted', { partition: `pt='${value}'` });
      expect([created.status, read.status]).toEqual([200, 200]);
    }
  });

  it('are listed in order, by prefix, in pages, and by name only', async () => {
    const list = async (query = {}) =>
      (await get('/tables/t1', { partitions: '', expectmarker: 'true', ...query })).body;
    const values = (body: string) =>
      [...body.matchAll(/Name="dt" Value="(\d+)"\/><Column Name="hr" Value="(\d+)"/g)].map(
        (m) => m[1]! + m[2]!,
      );
    expect(values(await list())).toEqual(['2026010107', '2026010108', '2026010207']);
    expect(values(await list({ partition: "dt='20260101'" }))).toEqual(['2026010107', '2026010108']);
    const first = await list({ maxitems: '2' });
    const marker = /<Marker>(.*?)<\/Marker>/.exec(first)![1]!;
    expect(values(await list({ maxitems: '2', marker }))).toEqual(['2026010207']);
    expect(await list({ name: '' })).toContain(
      '<Partition><Name>dt=&apos;20260101&apos;,hr=&apos;07&apos;</Name></Partition>',
    );
  });
});

describe('schemas', () => {
  it('hold tables of the same name apart', async () => {
    await emulator.sql('CREATE TABLE sales.other (id BIGINT, extra STRING)');
    const query = { curr_schema: 'sales' };
    expect((await get('/tables/other', query)).body).toContain('extra');
    expect((await get('/schemas/sales/tables/other')).body).toContain('extra');
    expect((await get('/schemas/default/tables/other')).body).not.toContain('extra');
    const created = await call(emulator.url, '/projects/demo/schemas/sales/tables/other', {
      method: 'POST',
      query: { uploads: '' },
    });
    expect(created.json).toMatchObject({ Schema: { columns: [{ name: 'id' }, { name: 'extra' }] } });
    const put = await call(emulator.url, '/projects/demo/schemas/sales/tables/other', {
      ...{
        method: 'PUT',
        query: { uploadid: String(created.json.UploadID), blockid: '0' },
        body: encode([[5, 'x']]),
      },
    });
    expect(put.status).toBe(200);
    await call(emulator.url, '/projects/demo/schemas/sales/tables/other', {
      method: 'POST',
      query: { uploadid: String(created.json.UploadID) },
    });
    expect((await sql(emulator, 'SELECT id, extra FROM demo.sales.other;')).text).toBe(
      '"id","extra"\n5,"x"\n',
    );
    expect((await sql(emulator, 'SELECT * FROM other;', { 'odps.default.schema': 'sales' })).text).toContain(
      '5,"x"',
    );
    expect((await sql(emulator, 'SELECT * FROM other;')).text).toBe('"id"\n');
  });
});

describe('instances', () => {
  const path = '/projects/demo/instances';
  const job = (query: string, guid = '') =>
    `<Instance><Job><Priority>9</Priority>${guid}<Tasks><SQL><Name>SQLAddPartitionTask</Name><Config><Property><Name>uuid</Name><Value>1</Value></Property></Config><Query>${query}</Query></SQL></Tasks></Job></Instance>`;

  it('answer 201 with Location, then times, task status, source; 404 for an unknown id', async () => {
    const submitted = await call(emulator.endpoint, path, {
      method: 'POST',
      body: job('select &apos;a&apos; x;'),
    });
    expect(submitted.status).toBe(201);
    expect(submitted.headers.location).toMatch(new RegExp(`^${emulator.endpoint}${path}/\\w+$`));
    const id = String(submitted.headers.location).split('/').at(-1)!;
    const state = await get(`/instances/${id}`);
    expect(state.headers['x-odps-start-time']).toMatch(/GMT$/);
    expect(state.headers['x-odps-end-time']).toMatch(/GMT$/);
    expect((await get(`/instances/${id}`, { taskstatus: '' })).body).toContain(
      '<Name>SQLAddPartitionTask</Name>',
    );
    expect((await get(`/instances/${id}`, { source: '' })).body).toContain('<Job><Priority>9</Priority>');
    expect((await get('/instances/none')).status).toBe(404);
  });

  it('are one for one Guid', async () => {
    const body = job("ALTER TABLE t1 ADD PARTITION (dt='1',hr='1');", '<Guid>abc</Guid>');
    const first = await call(emulator.endpoint, path, { method: 'POST', body });
    const second = await call(emulator.endpoint, path, { method: 'POST', body });
    expect(second.headers.location).toBe(first.headers.location);
  });
});
