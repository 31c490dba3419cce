import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { start } from '../harness.ts';
import { answersOf } from './answers.ts';

let dataDir: string;
let emulator: Emulator;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'many-'));
  emulator = await start({ dataDir });
});
afterAll(async () => {
  await emulator.stop();
  rmSync(dataDir, { recursive: true, force: true });
});
const { ok, fails, rows } = answersOf(() => emulator);

const COUNT = 3000;
const name = (at: number) => `m${String(at).padStart(4, '0')}`;
const spec = (at: number) => `PARTITION (dt='${name(at)}', hr='${at % 24}')`;
const listed = async (table: string) => (await ok(`SHOW PARTITIONS ${table}`)).split('\n').filter(Boolean);

/** A row in each of many table partitions, of which some are named by what a text or a number may hold. */
async function filled(table: string): Promise<void> {
  await ok(`CREATE TABLE ${table} (id BIGINT) PARTITIONED BY (dt STRING, hr INT)`);
  await ok(`ALTER TABLE ${table} ADD ${Array.from({ length: COUNT }, (_none, at) => spec(at)).join(' ')}`);
  await ok(
    `INSERT INTO ${table} PARTITION (dt, hr) SELECT n, concat('m', lpad(n, 4, '0')), n % 24 FROM (SELECT explode(sequence(0, ${COUNT - 1})) AS n) s`,
  );
}

async function restart(): Promise<void> {
  await emulator.stop();
  emulator = await start({ dataDir });
}

describe('thousands of table partitions', () => {
  it('are added, emptied, touched, merged and dropped by one statement each, and so after a restart', async () => {
    await filled('a');
    expect(await listed('a')).toHaveLength(COUNT);
    await ok(`TRUNCATE TABLE a PARTITION (dt < '${name(1000)}')`);
    expect(await rows('SELECT count(*), min(id) FROM a')).toEqual(['2000,1000']);
    await ok("ALTER TABLE a TOUCH PARTITION (dt >= 'm')");
    await ok(
      `ALTER TABLE a MERGE PARTITION (dt >= '${name(2500)}') OVERWRITE PARTITION (dt='merged', hr='1')`,
    );
    expect(await rows("SELECT count(*), min(id) FROM a WHERE dt = 'merged'")).toEqual(['500,2500']);
    await ok(`ALTER TABLE a DROP PARTITION (dt < '${name(1500)}' OR dt = '${name(2000)}')`);
    const left = [...Array.from({ length: 1000 }, (_none, at) => at + 1500).filter((at) => at !== 2000)];
    const wanted = [...left.map((at) => `dt=${name(at)}/hr=${at % 24}`), 'dt=merged/hr=1'];
    for (const look of [async () => {}, restart]) {
      await look();
      expect(await listed('a')).toEqual(wanted);
      expect(await rows('SELECT count(*), sum(id) FROM a')).toEqual([
        `1499,${left.reduce((sum, id) => sum + id, 0) + (500 * (2500 + 2999)) / 2}`,
      ]);
    }
    await ok("INSERT OVERWRITE TABLE a PARTITION (dt, hr) SELECT -1, dt, hr FROM a WHERE dt < 'merged'");
    expect(await rows('SELECT count(*), min(id), max(id) FROM a')).toEqual(['1499,-1,2999']);
  });

  it('are found by all their values as they are by a condition', async () => {
    await filled('b');
    const named = [7, 31, 2999].map(spec).join(', ');
    await ok(`ALTER TABLE b DROP ${named}`);
    expect(await listed('b')).toHaveLength(COUNT - 3);
    expect(await fails(`ALTER TABLE b DROP ${spec(8)}, ${spec(7)}`)).toContain('Partition not found');
    await ok(`ALTER TABLE b DROP IF EXISTS ${spec(8)}, ${spec(7)}`);
    // A number is one value, however it is written; the order of the columns is no matter, a part names many.
    await ok(
      `ALTER TABLE b DROP PARTITION (hr='+9', dt='${name(9)}'), PARTITION (hr='010', dt='${name(10)}')`,
    );
    expect(await fails(`ALTER TABLE b DROP PARTITION (dt='${name(11)}', hr='12')`)).toContain(
      'Partition not found',
    );
    expect(await fails(`ALTER TABLE b DROP PARTITION (dt='${name(11)}', nothing='12')`)).toContain(
      'invalid column reference',
    );
    await ok("ALTER TABLE b DROP PARTITION (hr='11')");
    expect(await rows('SELECT min(id), count(*) FROM b WHERE id > 6')).toEqual([`12,${COUNT - 7 - 6 - 125}`]);
  });

  it('are refused together where one cannot be', async () => {
    await ok('CREATE TABLE c (id BIGINT) PARTITIONED BY (dt STRING, hr INT)');
    await ok(`ALTER TABLE c ADD ${spec(5)}`);
    expect(await fails(`ALTER TABLE c ADD ${[3, 4, 5, 6].map(spec).join(' ')}`)).toContain('already exists');
    expect(await listed('c')).toEqual([`dt=${name(5)}/hr=5`]);
    await ok(`ALTER TABLE c ADD IF NOT EXISTS ${[3, 4, 5, 6, 3].map(spec).join(' ')}`);
    expect(await listed('c')).toHaveLength(4);
    const many = (from: number) =>
      Array.from({ length: 30_000 }, (_none, at) => `PARTITION (dt='${from + at}', hr='1')`).join(' ');
    await ok(`ALTER TABLE c ADD ${many(100_000)}`);
    expect(await fails(`ALTER TABLE c ADD ${many(200_000)}`)).toContain('maximum 60000 partitions');
    expect(await listed('c')).toHaveLength(30_004);
    await ok("ALTER TABLE c DROP PARTITION (hr = '1')");
    expect(await listed('c')).toHaveLength(4);
  });
});
