import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../src/emulator/server.ts';
import {
  type Child,
  type EmulatorChild,
  startEmulatorChild,
  startMaxsink,
  type TempDir,
  tempDir,
} from '../support/process.ts';
import { sleep, until } from '../support/until.ts';
import { call, commitUpload, createUpload, encode, putBlock, sql, uploadStatus } from './harness.ts';

let folder: TempDir;
beforeEach(() => {
  folder = tempDir('emulator-crash-');
});
afterEach(() => folder.remove());

const target = { table: 't' };
const BLOCKS = 3;
const ROWS = 400;
const body = (session: number): Buffer =>
  encode(Array.from({ length: ROWS }, (_none, id) => [id, `session ${session} ${'x'.repeat(50)}`]));

const asEmulator = ({ endpoint, tunnelEndpoint }: EmulatorChild): Emulator =>
  ({ endpoint, tunnelEndpoint }) as Emulator;

interface Told {
  /** Sessions whose commit was answered, and tables whose creation was. */
  readonly committed: Set<string>;
  readonly tables: Set<string>;
}

/** Commits sessions and makes tables until the process is gone. */
async function work(emulator: Emulator, told: Told, worker: number): Promise<void> {
  for (let turn = 0; ; turn += 1) {
    const id = String((await createUpload(emulator, target)).json.UploadID);
    for (let block = 0; block < BLOCKS; block += 1) await putBlock(emulator, target, id, block, body(turn));
    if ((await commitUpload(emulator, target, id)).status === 200) told.committed.add(id);
    const name = `made_${worker}_${told.tables.size}_${turn}`;
    if ((await sql(emulator, `CREATE TABLE ${name} (id BIGINT);`)).status === 'Success')
      told.tables.add(name);
  }
}

const count = async (emulator: Emulator, statement: string): Promise<number> =>
  Number((await sql(emulator, statement)).text.split('\n')[1]);

describe('an emulator with --data that is killed at any moment', () => {
  it('has all that it answered as committed and whole sessions only', { timeout: 480_000 }, async () => {
    const told: Told = { committed: new Set(), tables: new Set() };
    const first = await startEmulatorChild(['--data', folder.path]);
    await sql(asEmulator(first), 'CREATE TABLE t (id BIGINT, name STRING);');
    await first.stop();
    for (let round = 0; round < 6; round += 1) {
      const child = await startEmulatorChild(['--data', folder.path]);
      const emulator = asEmulator(child);
      const rows = await count(emulator, 'SELECT count(*) FROM t;');
      expect(rows % (BLOCKS * ROWS)).toBe(0);
      expect(rows / (BLOCKS * ROWS)).toBeGreaterThanOrEqual(told.committed.size);
      const uneven = 'SELECT count(*) FROM (SELECT id, count(*) AS n FROM t GROUP BY id) c WHERE n % 3 <> 0;';
      expect(await count(emulator, uneven)).toBe(0);
      for (const id of told.committed)
        expect((await uploadStatus(emulator, target, id)).json.Status).toBe('closed');
      for (const name of told.tables) expect(await count(emulator, `SELECT count(*) FROM ${name};`)).toBe(0);
      const workers = [0, 1, 2].map((worker) => work(emulator, told, worker).catch(() => {}));
      // Every other time something was committed before.
      const before = told.committed.size;
      if (round % 2 === 1) await until(() => told.committed.size > before, { what: 'a commit', everyMs: 5 });
      await sleep((round * 379) % 700);
      await kill(child);
      await Promise.all(workers);
    }
    expect(told.committed.size).toBeGreaterThan(0);
  });

  it('has made each change of thousands of table partitions whole, or not at all', {
    timeout: 480_000,
  }, async () => {
    let child = await startEmulatorChild(['--data', folder.path]);
    const all = Array.from({ length: 4000 }, (_none, at) => `PARTITION (dt='${at}')`).join(' ');
    await sql(asEmulator(child), 'CREATE TABLE m (id BIGINT) PARTITIONED BY (dt STRING);');
    for (const [turn, { statement, states }] of BULK.entries()) {
      const emulator = asEmulator(child);
      await sql(emulator, `ALTER TABLE m ADD IF NOT EXISTS ${all};`);
      await sql(emulator, `INSERT OVERWRITE TABLE m PARTITION (dt) SELECT n, n FROM ${NUMBERS};`);
      const before = await stateOf(emulator);
      expect(before).toBe('4000 4000');
      const answered = sql(emulator, statement).catch(() => undefined);
      await sleep((turn * 67) % 290);
      await kill(child);
      const answer = await answered;
      child = await startEmulatorChild(['--data', folder.path]);
      const after = await stateOf(asEmulator(child));
      expect(answer ? [states] : [before, states], statement).toContain(after);
      await sql(
        asEmulator(child),
        "ALTER TABLE m DROP IF EXISTS PARTITION (dt = 'merged' OR dt LIKE 'new%');",
      );
    }
    await child.stop();
  });

  it('opens again when that was while its file was made', { timeout: 120_000 }, async () => {
    for (let round = 0; round < 5; round += 1) {
      const path = join(folder.path, `first-${round}`);
      const child = startMaxsink(['emulator', '--port', '0', '--data', path]);
      while (child.running() && !isBegun(path)) await new Promise(setImmediate);
      await kill(child);
      const next = await startEmulatorChild(['--data', path]);
      await kill(next);
    }
  });

  it('keeps its folder to itself', async () => {
    const child = await startEmulatorChild(['--data', folder.path]);
    await expect(startEmulatorChild(['--data', folder.path])).rejects.toThrow(/is in use by another process/);
    await kill(child);
    const next = await startEmulatorChild(['--data', folder.path]);
    await next.stop();
  });
});

const NUMBERS = '(SELECT explode(sequence(0, 3999)) AS n) s';
const NEW = Array.from({ length: 4000 }, (_none, at) => `PARTITION (dt='new${at}')`).join(' ');

/** Statements, and what there is after them: table partitions and rows. */
const BULK = [
  { statement: "ALTER TABLE m DROP PARTITION (dt >= '0');", states: '0 0' },
  { statement: `ALTER TABLE m ADD ${NEW};`, states: '8000 4000' },
  { statement: "TRUNCATE TABLE m PARTITION (dt >= '0');", states: '4000 0' },
  {
    statement: "ALTER TABLE m MERGE PARTITION (dt >= '0') OVERWRITE PARTITION (dt='merged');",
    states: '1 4000',
  },
  {
    statement: `INSERT INTO TABLE m PARTITION (dt) SELECT n, concat('new', n) FROM ${NUMBERS};`,
    states: '8000 8000',
  },
  {
    statement: `INSERT OVERWRITE TABLE m PARTITION (dt) SELECT n, n FROM ${NUMBERS} WHERE n > 5 UNION ALL SELECT 1, '7';`,
    states: '4000 4001',
  },
].flatMap((one) => [one, one]);

/** What is listed, and what is there: the figures of both agree. */
async function stateOf(emulator: Emulator): Promise<string> {
  const shown = (await sql(emulator, 'SHOW PARTITIONS m;')).text.split('\n').filter(Boolean).length;
  const rows = await count(emulator, 'SELECT count(*) FROM m;');
  const { body } = await call(emulator.endpoint, '/projects/demo/tables/m', { query: { extended: '' } });
  expect(body).toContain(`"recordNum":${rows},`);
  return `${shown} ${rows}`;
}

/** Whether a file of the database is there, wherever it is made. */
const isBegun = (path: string): boolean =>
  existsSync(path) && readdirSync(path, { recursive: true }).some((name) => String(name).endsWith('.duckdb'));

async function kill(child: Child): Promise<void> {
  child.kill('SIGKILL');
  await child.exited;
}
