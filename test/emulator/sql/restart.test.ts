import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, clientClock, start } from '../harness.ts';
import { answersOf } from './answers.ts';

let dataDir: string;
let emulator: Emulator;
/** Every look at the clock is another second: a time that is kept twice has to be one look. */
let clock: number;
const now = () => (clock += 1000);
const { now: systemNow } = clientClock;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'statements-'));
  clock = Date.now();
  clientClock.now = () => clock;
  emulator = await start({ dataDir, now });
});
afterEach(async () => {
  clientClock.now = systemNow;
  await emulator.stop();
  rmSync(dataDir, { recursive: true, force: true });
});
const { ok, json } = answersOf(() => emulator);

async function restart(): Promise<void> {
  await emulator.stop();
  emulator = await start({ dataDir, now });
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

  it('keeps the times and sizes of a table and its table partitions after every statement', async () => {
    await ok(
      'CREATE TABLE t (id BIGINT, v STRING) PARTITIONED BY (dt STRING) LIFECYCLE 3; CREATE TABLE flat (id BIGINT);',
    );
    await ok(
      "CREATE TABLE source (id BIGINT, v STRING, dt STRING); INSERT INTO source VALUES (9, 'i', '1');",
    );
    await ok(
      "CREATE TABLE delta (k BIGINT NOT NULL, v STRING, PRIMARY KEY (k)) PARTITIONED BY (dt STRING) TBLPROPERTIES ('transactional'='true')",
    );
    const statements = [
      "INSERT INTO t PARTITION (dt) VALUES (1, 'a', '1'), (2, 'b', '2'), (3, 'c', '3')",
      "ALTER TABLE t ADD PARTITION (dt='empty')",
      "ALTER TABLE t TOUCH PARTITION (dt='2')",
      'ALTER TABLE t TOUCH',
      'INSERT OVERWRITE TABLE t PARTITION (dt) SELECT * FROM source',
      "TRUNCATE TABLE t PARTITION (dt='2')",
      "ALTER TABLE t PARTITION (dt='3') DISABLE LIFECYCLE; ALTER TABLE t PARTITION (dt='3') RENAME TO PARTITION (dt='4')",
      "ALTER TABLE t MERGE PARTITION (dt='1'), PARTITION (dt='4') OVERWRITE PARTITION (dt='5')",
      "ALTER TABLE t DROP PARTITION (dt='2')",
      "ALTER TABLE t CHANGE COLUMN v COMMENT 'seen'",
      'ALTER TABLE t ADD COLUMNS (n INT)',
      "ALTER TABLE t SET COMMENT 'c'; ALTER TABLE t DISABLE LIFECYCLE",
      "ALTER TABLE t CHANGEOWNER TO 'ALIYUN$you'; ALTER TABLE t SET TBLPROPERTIES ('a'='b')",
      'TRUNCATE TABLE t',
      'INSERT INTO flat VALUES (1), (2)',
      'ALTER TABLE flat TOUCH',
      'INSERT OVERWRITE TABLE flat VALUES (3)',
      'TRUNCATE TABLE flat',
      "INSERT INTO delta PARTITION (dt='1') VALUES (1, 'a'), (2, 'b')",
      "DELETE FROM delta WHERE dt = '1' AND k = 1",
      "UPDATE delta SET v = 'z' WHERE dt = '1' AND k = 2",
      'MERGE INTO delta USING source ON k = source.id WHEN NOT MATCHED THEN INSERT VALUES (source.id, source.v, source.dt)',
      'CREATE TABLE IF NOT EXISTS flat (other INT); CREATE OR REPLACE VIEW w AS SELECT * FROM source',
    ];
    const told = async () => {
      const partsOf = async (table: string) => {
        const all = (await ok(`SHOW PARTITIONS ${table}`)).trim().split('\n').filter(Boolean);
        return all.map((spec) => `DESC EXTENDED ${table} PARTITION (${spec.replace('=', "='")}')`);
      };
      const asked = [
        ...(await partsOf('t')),
        ...(await partsOf('delta')),
        'DESC t',
        'DESC flat',
        'DESC delta',
      ];
      return Promise.all(asked.map(async (one) => [one, await ok(one)]));
    };
    for (const statement of statements) {
      await ok(statement);
      const before = await told();
      await restart();
      expect(await told(), statement).toEqual(before);
    }
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
    emulator = await start({ dataDir, now });
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
