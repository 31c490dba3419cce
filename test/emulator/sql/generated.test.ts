import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { createUpload, sql, start } from '../harness.ts';
import { answersOf } from './answers.ts';

let dataDir: string;
let emulator: Emulator;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'generated-'));
  emulator = await start({ dataDir });
});
afterAll(async () => {
  await emulator.stop();
  rmSync(dataDir, { recursive: true, force: true });
});
const { ok, fails, json, rows } = answersOf(() => emulator);
const list = async (table: string) => (await ok(`SHOW PARTITIONS ${table}`)).trimEnd().split('\n');

describe('a table that is partitioned by a time of its rows', () => {
  beforeEach(async () => {
    await ok(
      "CREATE OR REPLACE TABLE t (id BIGINT, at TIMESTAMP_NTZ) AUTO PARTITIONED BY (TRUNC_TIME(at, 'DAY') AS pt)",
    );
  });

  it('gets the table partitions of the rows that INSERT writes', async () => {
    await ok(`INSERT INTO t SELECT 1, TIMESTAMP_NTZ '2024-02-29 23:59:59.999999999';
      INSERT INTO t (at, id) VALUES (TIMESTAMP_NTZ '2024-03-01 00:00:00', 2), (TIMESTAMP_NTZ '1959-06-01 10:00:00', 3);
      INSERT INTO TABLE t (id) VALUES (4);`);
    expect(await rows('SELECT id, pt FROM t ORDER BY id')).toEqual([
      ...['1,"2024-02-29"', '2,"2024-03-01"', '3,"1959-12-31"', '4,"__NULL__"'],
    ]);
    expect(await list('t')).toEqual(['pt=1959-12-31', 'pt=2024-02-29', 'pt=2024-03-01', 'pt=__NULL__']);
    await ok("INSERT OVERWRITE TABLE t SELECT 5, TIMESTAMP_NTZ '2024-02-29 01:00:00'");
    expect(await rows("SELECT id FROM t WHERE pt >= '2024' ORDER BY id")).toEqual(['2', '4', '5']);
  });

  it.each([
    ['DATETIME', "DATETIME '2024-01-01 07:30:00'", 'year', '2023'],
    ['DATETIME', "'2024-01-01 07:30:00'", 'hour', '2023-12-31 23:00:00'],
    ['TIMESTAMP', "TIMESTAMP '2024-01-01 08:00:00.000000001'", 'month', '2024-01'],
    ['TIMESTAMP', "DATETIME '2024-01-01 08:59:59'", 'hour', '2024-01-01 00:00:00'],
    ['TIMESTAMP_NTZ', "TIMESTAMP_NTZ '9999-12-31 23:59:59.999999999'", 'hour', '9999-12-31 23:00:00'],
    ['DATE', "DATE '1960-01-01'", 'day', '1960-01-01'],
    ['DATE', "DATE '1959-12-31'", 'hour', '1959-12-31 23:00:00'],
    ['DATE', 'NULL', 'day', '__NULL__'],
  ])('%s %s by %s is %s, in UTC', async (type, value, unit, expected) => {
    await ok(`CREATE OR REPLACE TABLE u (at ${type}) AUTO PARTITIONED BY (trunc_time(\`at\`, '${unit}'))`);
    const settings = { 'odps.sql.timezone': 'Asia/Shanghai' };
    expect(await sql(emulator, `INSERT INTO u SELECT ${value};`, settings)).toEqual({
      status: 'Success',
      text: '',
    });
    expect(await rows('SELECT _pt_col_0_ FROM u')).toEqual([`"${expected}"`]);
    if (value !== 'NULL')
      expect((await sql(emulator, `SELECT trunc_time(at, '${unit}') AS x FROM u;`, settings)).text).toBe(
        `"x"\n"${expected}"\n`,
      );
  });

  it('moves rows when UPDATE and MERGE change their time', async () => {
    await ok(`CREATE OR REPLACE TABLE x (id BIGINT, at DATE) AUTO PARTITIONED BY (trunc_time(at, 'month') AS m)
        TBLPROPERTIES ('transactional'='true');
      INSERT INTO x VALUES (1, DATE '2024-01-05'), (2, DATE '2024-01-06');
      UPDATE x SET at = '2024-05-01' WHERE id = 1;
      MERGE INTO x USING (SELECT explode(array(2L, 3L)) AS k) s ON id = k
        WHEN MATCHED THEN UPDATE SET at = NULL WHEN NOT MATCHED THEN INSERT VALUES (k, DATE '2025-01-01');
      MERGE INTO x USING (SELECT 4L AS k) s ON id = k WHEN NOT MATCHED THEN INSERT (id) VALUES (k);`);
    expect(await rows('SELECT id, m FROM x ORDER BY id')).toEqual([
      ...['1,"2024-05"', '2,"__NULL__"', '3,"2025-01"', '4,"__NULL__"'],
    ]);
  });

  it('is told with its expression, which both clients evaluate, and made again by SHOW CREATE TABLE', async () => {
    const { partitionKeys } = await json('t');
    expect(partitionKeys).toMatchObject([{ name: 'pt', type: 'string', hasGenerateExpression: true }]);
    const [{ generateExpression }] = partitionKeys as [{ generateExpression: string }];
    expect(JSON.parse(generateExpression)).toEqual([
      { leafExprDesc: { reference: { name: 'at' }, type: 'timestamp_ntz' } },
      { leafExprDesc: { constant: 'day', type: 'string' } },
      { functionCall: { name: 'trunc_time', type: 'string' } },
    ]);
    const text = await ok('SHOW CREATE TABLE t');
    expect(text).toContain("AUTO PARTITIONED BY (TRUNC_TIME(`at`, 'day') AS `pt`)");
    await ok(`DROP TABLE t; ${text}`);
    await emulator.stop();
    emulator = await start({ dataDir });
    await ok("CREATE TABLE l LIKE t; INSERT INTO l VALUES (1, TIMESTAMP_NTZ '2024-03-01 00:00:00');");
    expect(await list('l')).toEqual(['pt=2024-03-01']);
    expect(await ok('SHOW CREATE TABLE t')).toBe(text);
  });

  it('takes uploads into the table partition that the client names', async () => {
    await ok("ALTER TABLE t ADD PARTITION (pt='2024-01-01')");
    expect((await createUpload(emulator, { table: 't', tablePartition: 'pt=2024-01-01' })).status).toBe(200);
    expect((await createUpload(emulator, { table: 't' })).json.Code).toBe('MissingPartitionSpec');
  });

  it.each([
    ["INSERT INTO t PARTITION (pt='2024-01-01') VALUES (1, NULL)", /values from column at/],
    ["INSERT INTO t (id, pt) VALUES (1, 'x')", /column pt cannot be resolved/],
    ["INSERT INTO t SELECT 1, NULL, '2024-01-01'", /wrong columns count 3 in data source, requires 2/],
    ['ALTER TABLE t DROP COLUMN at', /partitioned by column at/],
    ['ALTER TABLE t CHANGE COLUMN at other TIMESTAMP_NTZ', /partitioned by column at/],
    ["CREATE TABLE w (id BIGINT) AUTO PARTITIONED BY (TRUNC_TIME(id, 'day'))", /^ODPS-0130151:.*BIGINT/],
    [
      "CREATE TABLE w (id BIGINT) AUTO PARTITIONED BY (TRUNC_TIME(at, 'day'))",
      /column at cannot be resolved/,
    ],
    ["CREATE TABLE w (at DATE) AUTO PARTITIONED BY (TRUNC_TIME(at, 'week'))", /^ODPS-0130161:\[1,62\]/],
    ["CREATE TABLE w (at DATE) AUTO PARTITIONED BY (DATETRUNC(at, 'day'))", /^ODPS-0130161:\[1,47\]/],
    ["CREATE TABLE w (at DATE) AUTO PARTITIONED BY (TRUNC_TIME(at, 'day') AS at)", /column at is repeated/],
    ["SELECT TRUNC_TIME(at, 'week') FROM t", /^ODPS-0130121/],
    ["SELECT TRUNC_TIME(TRUE, 'day')", /^ODPS-0130121/],
  ])('refuses %s', async (statement, expected) => {
    expect(await fails(statement)).toMatch(expected);
  });
});
