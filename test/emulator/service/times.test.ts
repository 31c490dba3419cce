import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, clientClock, createUpload, sql, start } from '../harness.ts';

let dataDir: string;
let emulator: Emulator;
let clock: number;
/** What the next look at the clock adds, in ms. */
let step: number;
const now = () => (clock += step);
const { now: systemNow } = clientClock;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'times-'));
  clock = Date.UTC(2026, 10, 20, 15, 59, 30);
  step = 1000;
  clientClock.now = () => clock;
  emulator = await start({ dataDir, now });
});
afterEach(async () => {
  clientClock.now = systemNow;
  await emulator.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  await emulator.stop();
  emulator = await start({ dataDir, now });
}

const get = (path: string, query: Record<string, string> = {}) => call(emulator.endpoint, path, { query });
const told = async (statement: string) => (await sql(emulator, statement)).text;
const textOf = (xml: string, name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(xml)?.[1];

describe('the project and its schemas', () => {
  const SCHEMAS = ['default', 'early', 'made', 'posted'];

  async function create(): Promise<void> {
    await sql(emulator, 'CREATE TABLE early.oldest (id BIGINT);');
    await sql(emulator, 'CREATE SCHEMA made;');
    const body = '<Schema><Name>posted</Name></Schema>';
    await call(emulator.endpoint, '/projects/demo/schemas', { method: 'POST', body });
  }

  /** Every place in which a creation time is told, in seconds. */
  async function times(): Promise<Record<string, readonly unknown[]>> {
    const seconds = (text: unknown) => Date.parse(String(text)) / 1000;
    const local = (text: string | undefined) => seconds(`${text?.replace(' ', 'T')}+08:00`);
    const { headers } = await get('/projects/demo');
    const { Tenant } = (await get('/tenants')).json as { Tenant: { CreateTime: number; UpdateTime: number } };
    const project = [
      ...[seconds(headers['x-odps-creation-time']), seconds(headers['last-modified'])],
      local(/CreatedTime +(.*)/.exec(await told('DESC PROJECT;'))?.[1]),
      ...[Tenant.CreateTime, Tenant.UpdateTime],
    ];
    const schemas = SCHEMAS.map(async (name) => {
      const answer = await get(`/projects/demo/schemas/${name}`);
      const { createTime, modifyTime } = JSON.parse(await told(`DESC SCHEMA ${name};`));
      const all = [
        ...[seconds(answer.headers['x-odps-creation-time']), seconds(textOf(answer.body, 'CreateTime'))],
        ...[local(createTime), local(modifyTime)],
      ];
      return [name, all] as const;
    });
    return { project, ...Object.fromEntries(await Promise.all(schemas)) };
  }

  it('were made at one time each, whichever way it is asked', async () => {
    await create();
    const all = await times();
    for (const [name, each] of Object.entries(all)) {
      expect(each[0], name).toBeGreaterThan(0);
      expect(each, name).toEqual(each.map(() => each[0]));
    }
    expect(all.project![0]).toBe(all.default![0]);
    const ages = SCHEMAS.map((name) => all[name]![0] as number);
    expect(ages).toEqual([...new Set(ages)].sort((a, b) => a - b));
  });

  it('keep that time through restarts, and when their oldest table goes', async () => {
    await create();
    const before = await times();
    await sql(emulator, 'DROP TABLE early.oldest;');
    expect(await times()).toEqual(before);
    await restart();
    expect(await times()).toEqual(before);
    await sql(emulator, 'DROP SCHEMA made; CREATE SCHEMA made;');
    const { made: again, ...others } = await times();
    const { made: first, ...rest } = before;
    expect(others).toEqual(rest);
    expect(again![0]).toBeGreaterThan(first![0] as number);
  });
});

describe('a clock that is set back', () => {
  it.each([
    ['INSERT INTO t PARTITION (dt) VALUES (3, 1), (4, 2);'],
    ["ALTER TABLE t TOUCH PARTITION (dt='1');"],
    ["ALTER TABLE t DROP PARTITION (dt='2');"],
    ["ALTER TABLE t PARTITION (dt='2') RENAME TO PARTITION (dt='3');"],
    ["TRUNCATE TABLE t PARTITION (dt='1');"],
    ['TRUNCATE TABLE t;'],
  ])('changes no time of a table at the next restart: %s', async (statement) => {
    await sql(emulator, 'CREATE TABLE t (id BIGINT) PARTITIONED BY (dt STRING);');
    await sql(emulator, 'INSERT INTO t PARTITION (dt) VALUES (1, 1), (2, 2);');
    const all = async () => [await told('DESC t;'), await told("DESC t PARTITION (dt='1');")];
    clock -= 60_000;
    expect((await sql(emulator, statement)).status).toBe('Success');
    const before = await all();
    await restart();
    expect(await all()).toEqual(before);
  });
});

describe('one look at the clock', () => {
  it('is in the id of an upload and in the time that it was begun', async () => {
    await sql(emulator, 'CREATE TABLE t (id BIGINT);');
    const { json } = await createUpload(emulator, { table: 't' });
    const begun = new Date(String(json.Initiated)).toISOString();
    expect(String(json.UploadID).slice(0, 14)).toBe(begun.replace(/\D/g, '').slice(0, 14));
  });

  it('is in an answer about an instance that runs', async () => {
    const body =
      '<Instance><Job><Tasks><SQLRT><Name>s</Name><Query>x</Query></SQLRT></Tasks></Job></Instance>';
    const { headers } = await call(emulator.endpoint, '/projects/demo/instances', { method: 'POST', body });
    const path = new URL(String(headers.location)).pathname.replace('/api', '');
    const answer = await get(path, { taskstatus: '' });
    expect(textOf(answer.body, 'Status')).toBe('Running');
    expect(textOf(answer.body, 'EndTime')).toBe(answer.headers['x-odps-end-time']);
  });

  it('may be the same for many instances: they are listed in their order, the newest first', async () => {
    step = 0;
    const queries = Array.from({ length: 20 }, (_, index) => `SELECT ${index};`);
    for (const query of queries) await sql(emulator, query);
    const list = await get('/projects/demo/instances');
    const ids = [...list.body.matchAll(/<Instance><Name>(\w+)/g)].map(([, id]) => id);
    const sources = ids.map(async (id) => (await get(`/projects/demo/instances/${id}`, { source: '' })).body);
    const shown = (await Promise.all(sources)).map((source) => /SELECT \d+;/.exec(source)?.[0]);
    expect(shown).toEqual(queries.reverse());
  });
});
