import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, sql, start } from '../harness.ts';

let emulator: Emulator;
const startedAt = Date.now();
beforeAll(async () => {
  emulator = await start();
});
afterEach(() => void vi.useRealTimers());
afterAll(() => emulator.stop());

const path = '/projects/demo/instances';
const get = (below: string, query: Record<string, string> = {}) =>
  call(emulator.endpoint, `${path}${below}`, { query });
const submit = async (kind: string, query: string, at = 'Query') => {
  const task = `<${kind}><Name>mine</Name><${at}>${query}</${at}></${kind}>`;
  const body = `<Instance><Job><Tasks>${task}</Tasks></Job></Instance>`;
  const answer = await call(emulator.endpoint, path, { method: 'POST', body });
  return {
    ...answer,
    id: String(answer.headers.location ?? '')
      .split('/')
      .at(-1)!,
  };
};
const ids = ({ body }: { body: string }) => [...body.matchAll(/<Instance><Name>(\w+)/g)].map((m) => m[1]);
/** A query that would take days. */
const NUMBERS = '(SELECT explode(sequence(1, 1000000)) AS n)';
const ENDLESS = `SELECT SUM(a.n * b.n) FROM ${NUMBERS} a, ${NUMBERS} b;`;

it('are listed, the newest first, by status, time and in pages', async () => {
  const first = await submit('SQL', 'select 1;');
  const second = await submit('SQL', 'select 2;');
  await sql(emulator, 'select 3;');
  const all = ids(await get(''));
  expect(all.slice(1, 3)).toEqual([second.id, first.id]);
  await expect.poll(async () => ids(await get('', { status: 'Running' }))).toEqual([]);
  expect(ids(await get('', { daterange: '1:2' }))).toEqual([]);
  expect(ids(await get('', { daterange: `${Math.floor(startedAt / 1000)}:` }))).toEqual(all);
  expect((await get('', { daterange: 'x' })).status).toBe(400);
  const page = await get('', { maxitems: '2' });
  const marker = /<Marker>([\w-]+)<\/Marker>/.exec(page.body)![1]!;
  expect([...ids(page), ...ids(await get('', { marker }))]).toEqual(all);
});

it('have a letter behind the time in their id: Java reads digits and then e or d as a number', async () => {
  expect((await submit('SQL', 'select 1;')).id).toMatch(/^\d{17}g[0-9a-f]{10}$/);
});

it('tell their progress, summary and details', async () => {
  const { id } = await submit('SQL', 'select 1;');
  while (!(await get(`/${id}`)).body.includes('Terminated'));
  expect((await get(`/${id}`, { instanceprogress: 'mine', taskname: 'mine' })).body).toContain(
    '<FinishedPercentage>100</FinishedPercentage>',
  );
  const summary = await get(`/${id}`, { instancesummary: '', taskname: 'mine' });
  expect(summary.headers['x-odps-task-finalized']).toBe('true');
  expect((await get(`/${id}`, { info: '', key: 'warnings', taskname: 'mine' })).json).toEqual({
    warnings: [],
  });
  expect((await get(`/${id}`, { cached: '' })).json).toMatchObject({ instanceId: id, status: 'Terminated' });
  expect((await get(`/${id}`, { info: '', key: 'x' })).body).toContain('<Code>NotImplemented</Code>');
});

it.each([
  ['SELECT 1;', {}],
  ['INSERT INTO w VALUES (1),(2); INSERT INTO w VALUES (3);', { 'demo.w': 3 }],
  ['INSERT INTO w SELECT id FROM w WHERE id > 100;', { 'demo.w': 0 }],
  ["INSERT INTO p PARTITION (pt) VALUES (1,'a'),(2,'b'),(3,'b');", { 'demo.p/pt=a': 1, 'demo.p/pt=b': 2 }],
  ['CREATE TABLE made AS SELECT * FROM w;', { 'demo.made': 3 }],
  ['UPDATE x SET v = 1 WHERE id > 1;', { 'demo.x': 2 }],
  ['DELETE FROM x WHERE id = 1;', { 'demo.x': 1 }],
  ['DELETE FROM x;', { 'demo.x': 2 }],
  ['UPDATE x SET v = 1 WHERE id > 100;', { 'demo.x': 0 }],
  [
    "UPDATE xp SET v = 7 WHERE 3 > id; DELETE FROM xp WHERE pt = 'b';",
    { 'demo.xp/pt=a': 2, 'demo.xp/pt=b': 1 },
  ],
  [
    `MERGE INTO x USING (SELECT explode(array(1L, 2L, 9L)) AS k) s ON id = k WHEN MATCHED AND k = 1 THEN DELETE
      WHEN MATCHED THEN UPDATE SET v = 5 WHEN NOT MATCHED THEN INSERT VALUES (k, k);`,
    { 'demo.x': 3 },
  ],
  // Of two rows with one key the last is written.
  ['INSERT INTO k VALUES (1, 2), (4, 4), (4, 5);', { 'demo.k': 2 }],
  ['INSERT INTO k SELECT * FROM k WHERE id > 100;', { 'demo.k': 0 }],
  ['INSERT OVERWRITE k VALUES (4, 4), (4, 5);', { 'demo.k': 1 }],
  ["INSERT INTO kp PARTITION (pt='a') VALUES (1, 2), (5, 2);", { 'demo.kp/pt=a': 2 }],
  [
    "INSERT INTO kp PARTITION (pt) VALUES (1, 2, 'a'), (5, 2, 'c');",
    { 'demo.kp/pt=a': 1, 'demo.kp/pt=c': 1 },
  ],
  ['UPDATE k SET v = v + 1 WHERE 3 > id;', { 'demo.k': 2 }],
  ['DELETE FROM k WHERE id > 1;', { 'demo.k': 2 }],
])('tell in their summary what they wrote: %s', async (statement, expected) => {
  const tables = [
    ...[
      'CREATE TABLE IF NOT EXISTS w (id BIGINT);',
      'CREATE TABLE IF NOT EXISTS p (id BIGINT) PARTITIONED BY (pt STRING);',
    ],
    "CREATE TABLE IF NOT EXISTS x (id BIGINT, v BIGINT) TBLPROPERTIES ('transactional'='true');",
    'INSERT OVERWRITE w VALUES (1), (2), (3); INSERT OVERWRITE x VALUES (1,1),(2,2),(3,3);',
    "CREATE TABLE IF NOT EXISTS xp (id BIGINT, v BIGINT) PARTITIONED BY (pt STRING) TBLPROPERTIES ('transactional'='true');",
    "INSERT OVERWRITE xp PARTITION (pt) VALUES (1,1,'a'),(2,2,'a'),(3,3,'b');",
    ...[
      'k (id BIGINT, v BIGINT, PRIMARY KEY (id))',
      'kp (id BIGINT, v BIGINT, PRIMARY KEY (id)) PARTITIONED BY (pt STRING)',
    ].map((table) => `CREATE TABLE IF NOT EXISTS ${table} TBLPROPERTIES ('transactional'='true');`),
    "INSERT OVERWRITE k VALUES (1,1),(2,2),(3,3); INSERT OVERWRITE kp PARTITION (pt) VALUES (1,1,'a'),(2,2,'b');",
  ];
  if (statement.includes('w VALUES')) tables.push('TRUNCATE TABLE w;');
  if (statement === 'DELETE FROM x;') tables.push('DELETE FROM x WHERE id = 2;');
  await sql(emulator, tables.join(''));
  const { id } = await submit('SQL', statement);
  while (!(await get(`/${id}`)).body.includes('Terminated'));
  const { json } = await get(`/${id}`, { instancesummary: '', taskname: 'mine' });
  const { Instance } = json as { Instance: { Summary: string; JsonSummary: string } };
  const { Outputs } = JSON.parse(Instance.JsonSummary) as { Outputs: Record<string, number[]> };
  const rows = Object.fromEntries(Object.entries(Outputs).map(([name, [count]]) => [name, count]));
  expect(rows).toEqual(expected);
  for (const [name, count] of Object.entries(expected))
    expect(Instance.Summary).toContain(`${name}: ${count} (`);
});

it('tell the rows that a DELETE took away, whatever its condition would say a second time', async () => {
  await sql(
    emulator,
    `CREATE TABLE chance (id BIGINT) TBLPROPERTIES ('transactional'='true');
    INSERT INTO chance SELECT explode(sequence(1, 1000)) AS n;`,
  );
  const { id } = await submit('SQL', 'DELETE FROM chance WHERE 0.5 > rand();');
  while (!(await get(`/${id}`)).body.includes('Terminated'));
  const { json } = await get(`/${id}`, { instancesummary: '', taskname: 'mine' });
  const { Instance } = json as { Instance: { JsonSummary: string } };
  const { Outputs } = JSON.parse(Instance.JsonSummary) as { Outputs: Record<string, number[]> };
  const { text } = await sql(emulator, 'SELECT COUNT(*) AS n FROM chance;');
  expect(text).toBe(`"n"\n${1000 - Outputs['demo.chance']![0]!}\n`);
});

it.each([{}, { instancestatus: '' }])(
  'that end soon are Terminated at the first look (%o)',
  async (query) => {
    // Longer than the submission waits; the look would wait for two seconds, which pass on no clock.
    const numbers = '(SELECT explode(sequence(1, 2000)) AS n)';
    const { id } = await submit('SQL', `SELECT SUM(a.n * b.n) FROM ${numbers} a, ${numbers} b;`);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    expect((await get(`/${id}`, query)).body).toContain('<Status>Terminated</Status>');
  },
);

it('that are stopped while somebody waits for their end are Terminated to them', async () => {
  const { id } = await submit('SQL', ENDLESS);
  const waiting = get(`/${id}`);
  const body = '<Instance><Status>Terminated</Status></Instance>';
  await call(emulator.endpoint, `${path}/${id}`, { method: 'PUT', body });
  expect((await waiting).body).toContain('Terminated');
});

it('end when they are stopped, and are Cancelled', async () => {
  const { id } = await submit('SQL', ENDLESS);
  expect((await get(`/${id}`)).body).toContain('Running');
  expect(ids(await get('', { status: 'running' }))).toEqual([id]);
  const queue = await call(emulator.endpoint, '/projects/demo/cachedinstances');
  expect(queue.body).toContain(`&quot;instanceId&quot;:&quot;${id}&quot;`);
  const body = '<Instance><Status>Terminated</Status></Instance>';
  expect((await call(emulator.endpoint, `${path}/${id}`, { method: 'PUT', body })).status).toBe(200);
  expect((await get(`/${id}`, { taskstatus: '' })).body).toContain('<Status>Cancelled</Status>');
  await expect.poll(async () => (await sql(emulator, 'select 1 as a;')).text).toBe('"a"\n1\n');
});

it('have one task each', async () => {
  const task = '<SQL><Name>mine</Name><Query>select 1;</Query></SQL>';
  const body = `<Instance><Job><Tasks>${task}${task}</Tasks></Job></Instance>`;
  const refused = await call(emulator.endpoint, path, { method: 'POST', body });
  expect([refused.status, refused.body]).toEqual([400, expect.stringContaining('The job has 2 tasks')]);
});

it('do not keep the emulator from stopping', async () => {
  const other = await start();
  const task = `<SQL><Name>mine</Name><Query>${ENDLESS}</Query></SQL>`;
  const body = `<Instance><Job><Tasks>${task}</Tasks></Job></Instance>`;
  await call(other.endpoint, path, { method: 'POST', body });
  await other.stop();
});

it('cannot be stopped when they have ended', async () => {
  const { id } = await submit('SQL', 'select 1;');
  while (!(await get(`/${id}`)).body.includes('Terminated'));
  const body = '<Instance><Status>Terminated</Status></Instance>';
  const answer = await call(emulator.endpoint, `${path}/${id}`, { method: 'PUT', body });
  expect([answer.status, answer.body]).toEqual([409, expect.stringContaining('InvalidStateSetting')]);
});

it('of another kind of task are refused', async () => {
  const answer = await submit('LOT', 'CREATE TABLE rt (id BIGINT);');
  expect([answer.status, answer.body.includes('NotImplemented')]).toEqual([400, true]);
  expect((await call(emulator.endpoint, '/projects/demo/tables/rt')).status).toBe(404);
});

async function result(kind: string, query: string, at?: string): Promise<[status: string, text: string]> {
  const { id } = await submit(kind, query, at);
  while (!(await get(`/${id}`)).body.includes('Terminated'));
  const { body } = await get(`/${id}`, { result: '' });
  expect(body).toContain(`<Task Type="${kind}">`);
  const text = Buffer.from(/Base64">([^<]*)</.exec(body)![1]!, 'base64').toString();
  return [/<Status>(\w+)</.exec(body)![1]!, text];
}

it('tell what a query would cost, and execute nothing', async () => {
  await sql(emulator, "CREATE TABLE cost (name STRING); INSERT INTO cost VALUES ('0123456789');");
  const costOf = async (query: string) => JSON.parse((await result('SQLCost', query))[1]).Cost.SQL;
  expect(await costOf('SELECT * FROM cost;')).toEqual({ Complexity: 1, UDF: 0, Input: expect.any(Number) });
  expect((await costOf('SELECT * FROM cost a JOIN cost b ON a.name = b.name;')).Input).toBe(10);
  const heavy = 'SELECT DISTINCT a.name FROM cost a JOIN cost b ON a.name = b.name ORDER BY 1;';
  expect((await costOf(heavy)).Complexity).toBe(1.5);
  expect((await costOf('DROP TABLE cost;')).Input).toBe(0);
  expect((await call(emulator.endpoint, '/projects/demo/tables/cost')).status).toBe(200);
  const failure = await result('SQLCost', 'SELECT nosuch FROM cost;');
  expect(failure).toEqual(['Failed', expect.stringContaining('ODPS-0130071')]);
});

it('merge the files of a table, of which there is always one', async () => {
  await sql(
    emulator,
    "CREATE TABLE m (id INT) PARTITIONED BY (pt STRING); ALTER TABLE m ADD PARTITION (pt='a');",
  );
  expect(await result('Merge', "demo.m partition(pt='a')", 'TableName')).toEqual(['Success', '']);
  const missing = await result('Merge', 'demo.nosuch', 'TableName');
  expect(missing).toEqual(['Failed', expect.stringContaining('ODPS-0130131')]);
});

it('answer at most 10 MiB of CSV, say so, and give all rows to the instance tunnel', async () => {
  const resultOf = async (rows: number, bytes: number) => {
    const { id } = await submit(
      'SQL',
      `SELECT n, ${Array.from({ length: 10 }, (_none, at) => `rpad('x', ${bytes / 10}, 'y') AS v${at}`).join(', ')} FROM (SELECT explode(sequence(1, ${rows})) AS n) s;`,
    );
    while (!(await get(`/${id}`)).body.includes('Terminated'));
    const { body } = await get(`/${id}`, { result: '' });
    const csv = Buffer.from(/<Result [^>]*>(.*?)<\/Result>/.exec(body)![1]!, 'base64').toString();
    const descriptor = /<ResultDescriptor><!\[CDATA\[(.*?)]]><\/ResultDescriptor>/.exec(body)?.[1];
    const session = await call(emulator.tunnelEndpoint, `${path}/${id}`, {
      method: 'POST',
      query: { downloads: '' },
    });
    return {
      lines: csv.split('\n').length - 2,
      bytes: csv.length,
      descriptor,
      rows: session.json.RecordCount,
    };
  };
  const TRUNCATED = JSON.stringify({ IsSelect: true, SelectResultStatus: 'TRUNCATED' });
  expect(await resultOf(30, 1_000_000)).toMatchObject({ lines: 10, descriptor: TRUNCATED, rows: 30 });
  expect(await resultOf(10, 1_000_000)).toMatchObject({ lines: 10, descriptor: undefined, rows: 10 });
  // One row is always in it.
  expect(await resultOf(2, 12_000_000)).toMatchObject({ lines: 1, descriptor: TRUNCATED, rows: 2 });
  expect(await resultOf(1, 12_000_000)).toMatchObject({ lines: 1, descriptor: undefined, rows: 1 });
});
