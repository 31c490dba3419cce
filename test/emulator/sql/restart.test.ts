import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, start } from '../harness.ts';
import { answersOf } from './answers.ts';

let dataDir: string;
let emulator: Emulator;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'statements-'));
  emulator = await start({ dataDir });
});
afterEach(async () => {
  await emulator.stop();
  rmSync(dataDir, { recursive: true, force: true });
});
const { ok, json } = answersOf(() => emulator);

async function restart(): Promise<void> {
  await emulator.stop();
  emulator = await start({ dataDir });
}

describe('a restart', () => {
  it('keeps everything that statements changed', async () => {
    await ok(
      "CREATE TABLE t (id BIGINT NOT NULL, gone INT, v STRING DEFAULT 'd' COMMENT 'c') COMMENT 'x' PARTITIONED BY (dt STRING) CLUSTERED BY (id) INTO 4 BUCKETS TBLPROPERTIES ('a'='b') LIFECYCLE 3",
    );
    await ok("INSERT INTO t PARTITION (dt) VALUES (1, 1, 'a', '1'), (2, 2, 'b', '2'), (3, 3, 'c', '3')");
    await ok(
      'ALTER TABLE t DROP COLUMN gone; ALTER TABLE t ADD COLUMNS (n INT); ALTER TABLE t RENAME TO renamed;',
    );
    await ok(
      "ALTER TABLE renamed SET COMMENT 'new'; ALTER TABLE renamed SET LIFECYCLE 9; ALTER TABLE renamed CHANGE COLUMN v COMMENT 'vv';",
    );
    await ok(
      "ALTER TABLE renamed CHANGEOWNER TO 'ALIYUN$you'; ALTER TABLE renamed SET TBLPROPERTIES ('c'='d');",
    );
    await ok(
      "ALTER TABLE renamed PARTITION (dt='1') RENAME TO PARTITION (dt='9'); ALTER TABLE renamed DROP PARTITION (dt='2');",
    );
    await ok(
      "ALTER TABLE renamed ADD PARTITION (dt='empty'); CREATE SCHEMA only COMMENT 'kept'; CREATE SCHEMA dropped; DROP SCHEMA dropped;",
    );
    await ok(
      "CREATE VIEW v (a COMMENT 'va') COMMENT 'vc' AS SELECT id FROM renamed WHERE dt = '9'; CREATE TABLE t (other INT);",
    );
    await ok(
      "CREATE TABLE d (k INT NOT NULL, v INT, PRIMARY KEY (k)) TBLPROPERTIES ('transactional'='true'); INSERT INTO d VALUES (1, 1), (1, 2);",
    );
    await ok(
      "CREATE EXTERNAL TABLE ext (id BIGINT) STORED AS PARQUET LOCATION 'oss://b/'; CREATE TABLE never (a INT); DROP TABLE never;",
    );
    const asked = [
      ...[
        'SHOW TABLES',
        'SHOW SCHEMAS',
        'SHOW PARTITIONS renamed',
        'SHOW CREATE TABLE renamed',
        'DESC EXTENDED renamed',
      ],
      ...[
        'SELECT * FROM renamed ORDER BY id',
        'SELECT * FROM v',
        'SHOW CREATE TABLE v',
        'SELECT * FROM d',
        'SHOW CREATE TABLE d',
      ],
      ...['SHOW CREATE TABLE ext', 'SELECT * FROM t'],
    ];
    const answers = async () => Promise.all(asked.map(async (one) => [one, await ok(one)]));
    const before = await answers();
    const described = await Promise.all(['renamed', 'v', 'd', 'ext'].map(json));
    await restart();
    expect(await answers()).toEqual(before);
    expect(JSON.parse(await ok('DESC SCHEMA only'))).toMatchObject({ description: 'kept' });
    expect(await Promise.all(['renamed', 'v', 'd', 'ext'].map(json))).toEqual(described);
    expect(described[0]).toMatchObject({ recordNum: 2, owner: 'ALIYUN$you', lifecycle: 9 });
    expect(JSON.parse(described[0]!.Reserved as string).schema_version).toBe('3');
  });

  it('goes on where it was: what was kept can be changed again', async () => {
    await ok('CREATE TABLE a (id INT); INSERT INTO a VALUES (1); CREATE VIEW v AS SELECT * FROM a;');
    await restart();
    await ok(
      'ALTER TABLE a RENAME TO b; ALTER TABLE b ADD COLUMNS (n INT); INSERT INTO b VALUES (2, 2); DROP VIEW v;',
    );
    expect(await ok('SHOW TABLES')).toBe('ALIYUN$local:b\n');
    await restart();
    expect(await ok('SELECT * FROM b ORDER BY id')).toBe('"id","n"\n1,\\N\n2,2\n');
  });

  it.skipIf(process.platform !== 'linux')('finds the files closed, whatever was asked before', async () => {
    await ok('CREATE TABLE a (id INT); INSERT INTO a VALUES (1); SELECT * FROM a;');
    const begun = await call(emulator.tunnelEndpoint, '/projects/demo/tables/a', {
      ...{ method: 'POST', query: { downloads: '' } },
    });
    expect(begun.status).toBe(200);
    await emulator.stop();
    expect(openFiles().filter((file) => file.startsWith(dataDir))).toEqual([]);
    emulator = await start({ dataDir });
  });
});

/** A file that is open while it is opened once more is overwritten when the first one lets it go. */
const openFiles = (): string[] =>
  readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      return [readlinkSync(`/proc/self/fd/${name}`)];
    } catch {
      return [];
    }
  });
