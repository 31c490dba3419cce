import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { type Answer, call, sql, start } from '../harness.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start();
  await sql(
    emulator,
    "CREATE TABLE t (id BIGINT, `名` STRING); INSERT INTO t VALUES (1,'a\nb'), (2,NULL), (3,'c');",
  );
});
afterAll(() => emulator.stop());

const INSTANCES = '/projects/demo/instances';

/** Opens a session as Java's Session.attach does. */
async function attach() {
  const settings =
    '<Property><Name>settings</Name><Value>{"odps.sql.session.share.id":"public.default"}</Value></Property>';
  const body = `<Instance><Job><Tasks><SQLRT><Name>rt</Name><Config>${settings}</Config></SQLRT></Tasks></Job></Instance>`;
  const { headers } = await call(emulator.endpoint, INSTANCES, { method: 'POST', body });
  const path = `${INSTANCES}/${String(headers.location).split('/').at(-1)}`;
  const put = (body: string, query = {}) => call(emulator.endpoint, path, { method: 'PUT', query, body });
  const tell = (key: string, value: string) =>
    put(`<Instance><Key>${key}</Key><Value><![CDATA[${value}]]></Value></Instance>`, {
      info: '',
      taskname: 'rt',
    });
  const ask = async (key: string) =>
    (await call(emulator.endpoint, path, { query: { info: '', taskname: 'rt', key } })).json;
  const run = async (query: string, settings: Record<string, string> = {}) => {
    const { json } = await tell('query', JSON.stringify({ query, settings }));
    return String((JSON.parse(String(json.result)) as { queryId: number }).queryId);
  };
  const rows = (queryid: string, query: Record<string, string> = {}) =>
    call(emulator.tunnelEndpoint, path, {
      headers: { 'x-odps-tunnel-version': '6' },
      query: { cached: '', data: '', taskname: 'rt', queryid, ...query },
    });
  const stop = () => put('<Instance><Status>Terminated</Status></Instance>');
  return { path, ask, run, rows, stop, tell };
}

const codeOf = ({ status, json }: Answer) => [status, json.Code];
const count = async () => (await sql(emulator, 'SELECT COUNT(*) AS n FROM t;')).text;

it('is running from its start until it is stopped', async () => {
  const { ask, path, stop, tell } = await attach();
  expect(await ask('wait_attach_success')).toMatchObject({ status: 2 });
  expect((await call(emulator.endpoint, path)).body).toContain('<Status>Running</Status>');
  const task = await call(emulator.endpoint, path, { query: { taskstatus: '' } });
  expect(task.body).toContain('<Task Type="SQLRT"><Name>rt</Name>');
  await stop();
  expect(await ask('status')).toMatchObject({ status: 6 });
  expect((await call(emulator.endpoint, path)).body).toContain('<Status>Terminated</Status>');
  const late = await tell('query', '{"query":"SELECT 1;"}');
  expect(late.json).toMatchObject({ status: 'NotFound' });
});

it('answers each query under its number, as CSV with line ends of its own', async () => {
  const { ask, run } = await attach();
  const first = await run('SELECT id, `名` FROM t WHERE id < 3 ORDER BY id;');
  const second = await run('SELECT typeof(1) AS x;', { 'odps.sql.type.system.odps2': 'false' });
  expect(await ask(`result_${second}`)).toMatchObject({ status: 5, result: '"x"\r\n"bigint"\r\n' });
  expect(await ask(`result_${first}`)).toEqual({
    ...{ status: 5, result: '"id","名"\r\n1,"a\nb"\r\n2,\\N\r\n', warnings: '', subQueryId: Number(first) },
  });
  expect(await ask(`get_finished_status_${first}`)).toMatchObject({ status: 5, result: '' });
  expect((await ask(`sqlstats_${first}`)).result).toMatch(/^Query run time: \d+ ms$/);
  expect(await ask('result_99')).toMatchObject({ status: 4, result: 'SubQuery not found' });
  expect(await ask('other')).toEqual({});
});

it('tells the error of a query', async () => {
  const { ask, run, rows } = await attach();
  const query = await run('SELECT nothing FROM t;');
  const failed = await ask(`result_${query}`);
  expect([failed.status, failed.result]).toEqual([
    4,
    expect.stringContaining('column nothing cannot be resolved'),
  ]);
  expect(codeOf(await rows(query))).toEqual([400, 'TaskFailed']);
  expect((await ask(`result_${await run('SELEKT 1;')}`)).result).toContain('ODPS-0130161');
});

it('refuses what is no query and does not execute it: clients send it again by themselves', async () => {
  const { ask, run, rows } = await attach();
  const before = await count();
  const query = await run('INSERT INTO t SELECT * FROM t;');
  const refused = await ask(`result_${query}`);
  expect([refused.status, refused.result]).toEqual([4, expect.stringMatching(/^ODPS-185.*Non select query/)]);
  expect(codeOf(await rows(query))).toEqual([400, 'InstanceTypeNotSupported']);
  expect(await count()).toBe(before);
});

it('gives rows through the tunnel without a download session, in ranges, with their schema', async () => {
  const { run, rows } = await attach();
  const query = await run('SELECT id, `名` FROM t ORDER BY id;');
  const all = await rows(query);
  expect([all.status, all.headers['odps-tunnel-record-count']]).toEqual([200, '3']);
  const schema = String(all.headers['odps-tunnel-schema']);
  expect(schema).toMatch(/^[ -~]+$/);
  expect(JSON.parse(schema)).toMatchObject({ columns: [{ name: 'id', type: 'bigint' }, { name: '名' }] });
  const counts = [{ rowrange: '(1,1)' }, { rowrange: '(2,9223372036854775807)' }, { rowrange: '(7,1)' }].map(
    async (range) => (await rows(query, range)).headers['odps-tunnel-record-count'],
  );
  expect(await Promise.all(counts)).toEqual(['1', '1', '0']);
  const inStream = await rows(query, { schema_in_stream: '' });
  expect(inStream.headers['odps-tunnel-schema']).toBeUndefined();
  // The rest ends with times.
  const head = inStream.bytes.subarray(0, inStream.bytes.indexOf(all.bytes.subarray(0, 16)));
  expect(head.toString()).toContain('"columns":[{"name":"id","type":"bigint"');
  expect(codeOf(await rows('99'))).toEqual([400, 'InvalidArgument']);
});

it('cancels one query', async () => {
  const { ask, run, tell } = await attach();
  const numbers = '(SELECT explode(sequence(1, 1000000)) AS n)';
  const query = await run(`SELECT SUM(a.n * b.n) FROM ${numbers} a, ${numbers} b;`);
  expect((await tell('cancel', query)).json).toMatchObject({ status: 'ok' });
  expect(await ask(`result_${query}`)).toMatchObject({ status: 6, result: 'Job is cancelled' });
  expect((await tell('cancel', '99')).json).toMatchObject({ status: 'NotFound' });
  expect((await tell('other', '1')).body).toContain('<Code>NotImplemented</Code>');
});
