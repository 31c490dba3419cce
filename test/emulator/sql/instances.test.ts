import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Call, Core } from '../../../src/emulator/core.ts';
import { createCatalog } from '../../../src/emulator/model/catalog.ts';
import { createInstances, type Instance } from '../../../src/emulator/sql/instances.ts';
import { readJob } from '../../../src/emulator/sql/job.ts';
import { createDuckDbStore } from '../../../src/emulator/store/duckdb-store.ts';
import type { Store } from '../../../src/emulator/store/store.ts';
import { createInstanceDownload } from '../../../src/emulator/tunnel/instance-download.ts';

let store: Store;
beforeAll(async () => {
  store = await createDuckDbStore(null, { now: Date.now, macros: [], scalars: [] });
});
afterAll(() => store.close());

const NO_LIMITS = { instances: 1000, withRows: 1000, characters: 1e9 };

/** Statements that run one after the other against the store. */
function instancesWith(limits: Partial<typeof NO_LIMITS>) {
  const core = { project: 'demo', timeZone: 'UTC', now: Date.now, store, catalog: createCatalog(0) };
  const instances = createInstances({ ...NO_LIMITS, ...limits });
  const start = (query: string, guid = ''): Instance => {
    const xml = `<Instance><Job><Guid>${guid}</Guid><Tasks><SQL><Query>${query}</Query></SQL></Tasks></Job></Instance>`;
    return instances.submit(core as unknown as Core, readJob(xml), undefined);
  };
  const run = async (query: string, guid?: string): Promise<Instance> => {
    const instance = start(query, guid);
    await instances.ended(instance, 60_000);
    return instance;
  };
  const knows = ({ id }: Instance): boolean => instances.list().some((one) => one.id === id);
  const download = (id: string) =>
    createInstanceDownload(
      { ...core, instances } as unknown as Core,
      { query: new Map() } as unknown as Call,
      id,
    );
  return { ...instances, start, run, knows, download };
}

it('gives up the rows of the longest ended queries, and keeps their CSV', async () => {
  const { run, find, download } = instancesWith({ withRows: 2 });
  const ended = [await run('SELECT 1 AS a'), await run('SELECT 2 AS a'), await run('SHOW TABLES')];
  expect(ended.map(({ rows }) => typeof rows)).toEqual(['object', 'object', 'undefined']);
  await run('SELECT 3 AS a');
  const { rows, outcome, status } = find(ended[0]!.id);
  expect([rows, outcome.text, status]).toEqual(['given up', '"a"\n1\n', 'Success']);
  expect(() => download(ended[0]!.id)).toThrow('no longer kept');
  expect(find(ended[1]!.id).rows).toMatchObject({ count: 1 });
});

it('forgets the longest ended first, and takes their Guid for a new one then', async () => {
  const { run, find, knows } = instancesWith({ instances: 2 });
  const first = await run('SHOW TABLES', 'x');
  expect(await run('SHOW TABLES', 'x')).toBe(first);
  const later = [await run('SHOW TABLES'), await run('SHOW TABLES')];
  expect([first, ...later].map(knows)).toEqual([false, true, true]);
  expect(() => find(first.id)).toThrow('does not exist');
  expect(await run('SHOW TABLES', 'x')).not.toBe(first);
});

it('never forgets one that runs', async () => {
  const { start, run, knows, close } = instancesWith({ instances: 1, characters: 1 });
  const numbers = '(SELECT n FROM (SELECT 1 AS x) s LATERAL VIEW explode(sequence(1, 1000000)) e AS n)';
  const endless = start(`SELECT SUM(a.n * b.n) FROM ${numbers} a, ${numbers} b`);
  const ended = [await run('SHOW TABLES'), await run('SHOW TABLES')];
  expect([endless, ...ended].map(knows)).toEqual([true, false, true]);
  await close();
  expect(endless.status).toBe('Cancelled');
});

it('forgets earlier when texts are long, but never the last one', async () => {
  const { run, knows } = instancesWith({ characters: 1000 });
  const first = await run(`SELECT '${'a'.repeat(400)}' AS a`);
  const second = await run(`SELECT '${'b'.repeat(4000)}' AS a`);
  expect([first, second].map(knows)).toEqual([false, true]);
});

it('refuses a text of more than 2 MB, counted in bytes', async () => {
  const { run } = instancesWith({});
  const text = (letter: string, count: number) => `SELECT LENGTH('${letter.repeat(count)}') AS a`;
  const most = 2 * 1024 * 1024 - text('', 0).length;
  const [largest, larger, wider] = [
    await run(text('a', most)),
    await run(text('a', most + 1)),
    await run(text('\u00e9', 1 + most / 2)),
  ];
  expect(largest.outcome.text).toBe(`"a"\n${most}\n`);
  expect(larger.outcome.text).toBe(
    'ODPS-0130161:[1,1] Parse exception - the statement has 2097153 bytes, it may have 2097152',
  );
  expect(wider.outcome.text).toContain('it may have 2097152');
});
