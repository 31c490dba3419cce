import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, clientClock, encode, start, upload } from '../harness.ts';

let emulator: Emulator;
let now = Date.parse('2026-05-05T05:05:05Z');
beforeEach(async () => {
  clientClock.now = () => now;
  emulator = await start({
    now: () => now,
    tables: [
      "CREATE TABLE t (id BIGINT) COMMENT '<b>&' PARTITIONED BY (pt STRING, n BIGINT) LIFECYCLE 7",
      "ALTER TABLE t ADD PARTITION (pt='a',n='2') PARTITION (pt='b',n='1') PARTITION (pt='a b',n='1')",
      'CREATE TABLE plain (id BIGINT)',
      'CREATE VIEW v AS SELECT id FROM plain',
    ],
  });
});
afterEach(async () => {
  clientClock.now = () => Date.now();
  await emulator.stop();
});

const get = (path: string, query: Record<string, string> = {}) =>
  call(emulator.endpoint, `/projects/demo/tables${path}`, { query });
const jsonOf = (body: string): Record<string, unknown> =>
  JSON.parse(/<!\[CDATA\[(.*)\]\]>/s.exec(body)![1]!) as Record<string, unknown>;
const names = async (query: Record<string, string>) =>
  [...(await get('', query)).body.matchAll(/<Name>(\w+)<\/Name>/g)].map((m) => m[1]);
const codeOf = ({ status, body }: { status: number; body: string }) => [
  status,
  /<Code>(\w+)/.exec(body)?.[1],
];

describe('lists of tables', () => {
  it('are cut by type, owner and prefix', async () => {
    expect(await names({})).toEqual(['plain', 't', 'v']);
    expect(await names({ type: 'virtual_view' })).toEqual(['v']);
    expect(await names({ type: 'MANAGED_TABLE', name: 'P' })).toEqual(['plain']);
    expect(await names({ owner: 'bob' })).toEqual([]);
  });

  it('hold whole tables for extended', async () => {
    const { body } = await get('', { extended: '' });
    expect(body.match(/"PhysicalSize"/g)).toHaveLength(3);
    expect(body).toContain('<Comment>&lt;b&gt;&amp;</Comment>');
  });

  it('go on behind the last name, whatever was dropped meanwhile', async () => {
    const { body } = await get('', { maxitems: '2' });
    const marker = /<Marker>(\w+)<\/Marker>/.exec(body)![1]!;
    await emulator.sql('DROP TABLE plain');
    expect(await names({ maxitems: '2', marker })).toEqual(['v']);
    expect(codeOf(await get('', { maxitems: 'many' }))).toEqual([400, 'InvalidArgument']);
  });

  it('are loaded by a list in one call, each once; none when one is missing', async () => {
    const one = (name: string, project = 'demo') =>
      `<Table><Project>${project}</Project><Name>${name}</Name><Schema>default</Schema></Table>`;
    const load = (...list: string[]) =>
      call(emulator.endpoint, '/projects/demo/tables', {
        ...{ method: 'POST', query: { query: '' }, body: `<Tables>${list.join('')}</Tables>` },
      });
    const { body } = await load(one('T'), one('v'), one('t'));
    expect([...body.matchAll(/<Name>(\w+)<\/Name>/g)].map((m) => m[1])).toEqual(['t', 'v']);
    expect(codeOf(await load(one('t'), one('none')))).toEqual([404, 'NoSuchObject']);
    expect(codeOf(await load(one('t', 'other')))).toEqual([404, 'NoSuchObject']);
    const many = await load(...Array.from({ length: 101 }, () => one('t')));
    expect([...codeOf(many), many.body.includes('exceed the limit of 100')]).toEqual([
      400,
      'InvalidArgument',
      true,
    ]);
  });
});

describe('figures of a table', () => {
  it('move when rows come, of the table and of the table partition', async () => {
    const before = jsonOf((await get('/t', { extended: '' })).body);
    expect(before).toMatchObject({ recordNum: 0, size: 0, PhysicalSize: 0, FileNum: 0, lifecycle: 7 });
    now += 60_000;
    await upload(emulator, { table: 't', tablePartition: 'pt=a,n=2' }, encode([[1], [2]]));
    const after = jsonOf((await get('/t', { extended: '' })).body);
    expect(after).toMatchObject({ recordNum: 2, FileNum: 1, lastModifiedTime: now / 1000 });
    expect(after.PhysicalSize).toBeGreaterThan(0);
    expect(after.createTime).toBe(before.createTime);
    const of = async (partition: string, query = {}) =>
      jsonOf((await get('/t', { partition, ...query })).body);
    const filled = await of("pt='a',n='2'", { extended: '' });
    expect(filled).toMatchObject({ FileNum: 1, LifeCycle: 7, PhysicalSize: expect.any(Number) });
    expect(filled.PhysicalSize).toBeGreaterThan(0);
    expect(await of("pt='a',n='2'")).toMatchObject({ partitionRecordNum: 2, lastModifiedTime: now / 1000 });
    expect(await of("pt='b',n='1'", { extended: '' })).toMatchObject({ PhysicalSize: 0 });
    const empty = { partitionRecordNum: 0, lastModifiedTime: now / 1000 - 60 };
    expect(await of("pt='b',n='1'")).toMatchObject(empty);
  });

  it('are of a table partition in one of its two forms: PyODPS reads the other where this says nothing', async () => {
    const [plain, extended] = await Promise.all(
      [{}, { extended: '' }].map(async (query) =>
        Object.keys(jsonOf((await get('/t', { partition: "pt='a',n='2'", ...query })).body)),
      ),
    );
    expect(plain).toContain('createTime');
    expect(extended!.filter((key) => plain!.includes(key))).toEqual([]);
  });

  it('leave the schema out for clients of two layers, and name it for those of three', async () => {
    expect((await get('/plain')).body).not.toContain('SchemaName');
    const three = await start({
      threeLayers: true,
      tables: ['CREATE TABLE plain (id BIGINT)'],
      now: () => now,
    });
    const { body } = await call(three.endpoint, '/projects/demo/tables/plain');
    expect(body).toContain('<SchemaName>default</SchemaName>');
    await three.stop();
  });

  it('are told of a view with its text', async () => {
    expect(jsonOf((await get('/v')).body)).toMatchObject({
      isVirtualView: true,
      viewText: expect.stringContaining('plain'),
    });
  });
});

describe('lists of table partitions', () => {
  const specs = async (query: Record<string, string>) =>
    [
      ...(await get('/t', { partitions: '', ...query })).body.matchAll(
        /Value="([^"]*)"\/><Column Name="n" Value="(\d)"/g,
      ),
    ].map((m) => `${m[1]},${m[2]}`);

  it('are in the order of the values, one after the other, or reversed', async () => {
    expect(await specs({})).toEqual(['a,2', 'a b,1', 'b,1']);
    expect(await specs({ reverse: '' })).toEqual(['b,1', 'a b,1', 'a,2']);
  });

  it('go on behind the last one in both directions', async () => {
    const pages = async (query: Record<string, string>) => {
      const { body } = await get('/t', { partitions: '', maxitems: '2', ...query });
      return specs({ maxitems: '2', ...query, marker: /<Marker>([\w-]+)<\/Marker>/.exec(body)![1]! });
    };
    expect(await pages({})).toEqual(['b,1']);
    expect(await pages({ reverse: '' })).toEqual(['a,2']);
  });

  it('refuse a prefix with columns that the table does not have', async () => {
    expect(await specs({ partition: "n='1'" })).toEqual(['a b,1', 'b,1']);
    expect(codeOf(await get('/t', { partitions: '', partition: "x='1'" }))).toEqual([
      400,
      'InvalidPartitionSpec',
    ]);
  });

  it('hold all names at once', async () => {
    const { body } = await get('/t', { partitions: '', name: '', maxitems: '1' });
    expect(body.match(/<Partition>/g)).toHaveLength(3);
  });

  it('answer PUT of a state with a clear refusal', async () => {
    const answer = await call(emulator.endpoint, '/projects/demo/tables/t', {
      ...{ method: 'PUT', query: { op: 'alterPartition' }, body: '{}' },
    });
    expect(codeOf(answer)).toEqual([400, 'NotImplemented']);
  });
});
