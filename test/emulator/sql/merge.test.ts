import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { start } from '../harness.ts';
import { answersOf } from './answers.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start();
});
afterAll(() => emulator.stop());
const { ok, fails, json, rows } = answersOf(() => emulator);
const DELTA = "TBLPROPERTIES ('transactional'='true')";

describe('MERGE INTO', () => {
  beforeEach(async () => {
    await ok(`CREATE OR REPLACE TABLE t (id BIGINT NOT NULL, v DECIMAL(38,18), n TINYINT DEFAULT 3, f BOOLEAN) ${DELTA};
      INSERT INTO t VALUES (1, 12345678901234567890.123456789012345678BD, 1, true), (2, 2BD, 2, false), (3, 3BD, 3, NULL);
      CREATE OR REPLACE TABLE s (k BIGINT, w STRING);
      INSERT INTO s VALUES (1, 'a'), (2, 'd'), (9, 'n');`);
  });
  const all = () => rows('SELECT id, v, n, f FROM t ORDER BY id');
  const FORMER = ['1,12345678901234567890.123456789012345678,1,true', '2,2,2,false', '3,3,3,\\N'];

  it('updates what is there and inserts what is not, table partition columns behind the others', async () => {
    // The example of the service's documentation.
    await ok(`CREATE OR REPLACE TABLE book (id BIGINT, first_name STRING, last_name STRING, phone STRING)
        PARTITIONED BY (year STRING, month STRING, day STRING, hour STRING) ${DELTA};
      CREATE OR REPLACE TABLE changes (id BIGINT, first_name STRING, last_name STRING, phone STRING, year STRING, month STRING, day STRING, hour STRING, _event_type_ STRING);
      INSERT OVERWRITE TABLE book PARTITION (year='2020', month='08', day='20', hour='16')
        VALUES (4, 'nihaho', 'li', '222'), (5, 'tahao', 'ha', '333'), (7, 'djh', 'hahh', '555');
      INSERT OVERWRITE TABLE changes VALUES
        (1, 'hh', 'liu', '999', '2020', '08', '20', '16', 'I'), (2, 'cc', 'zhang', '888', '2020', '08', '20', '16', 'I'),
        (3, 'cy', 'zhang', '666', '2020', '08', '20', '16', 'I'), (4, 'hh', 'liu', '999', '2020', '08', '20', '16', 'U'),
        (5, 'cc', 'zhang', '888', '2020', '08', '20', '16', 'U'), (6, 'cy', 'zhang', '666', '2020', '08', '20', '16', 'U');
      MERGE INTO book AS t USING changes AS s
        ON s.id = t.id AND t.year='2020' AND t.month='08' AND t.day='20' AND t.hour='16'
        WHEN MATCHED THEN UPDATE SET t.first_name = s.first_name, t.last_name = s.last_name, t.phone = s.phone
        WHEN NOT MATCHED AND (s._event_type_='I')
          THEN INSERT VALUES (s.id, s.first_name, s.last_name, s.phone, s.year, s.month, s.day, s.hour);`);
    const query =
      "SELECT id, first_name, last_name, phone FROM book WHERE year='2020' AND hour='16' ORDER BY id";
    expect(await rows(query)).toEqual([
      ...['1,"hh","liu","999"', '2,"cc","zhang","888"', '3,"cy","zhang","666"'],
      ...['4,"hh","liu","999"', '5,"cc","zhang","888"', '7,"djh","hahh","555"'],
    ]);
    expect(await json('book')).toMatchObject({ recordNum: 6 });
  });

  it('takes the first clause whose condition holds, and leaves the other rows exactly as they were', async () => {
    await ok(`MERGE INTO demo.t USING (SELECT k, w FROM s) s ON t.id = s.k
      WHEN MATCHED AND s.w = 'd' THEN DELETE
      WHEN MATCHED THEN UPDATE SET n = CASE WHEN f THEN 7Y ELSE 8Y END, f = NULL
      WHEN NOT MATCHED BY TARGET THEN INSERT (id, v) VALUES (s.k, 1.5)
      WHEN NOT MATCHED BY SOURCE AND t.id = 3 THEN UPDATE SET n = 99`);
    expect(await all()).toEqual([
      '1,12345678901234567890.123456789012345678,7,\\N',
      '3,3,99,\\N',
      '9,1.5,3,\\N',
    ]);
  });

  it('joins by any condition, with VALUES too', async () => {
    await ok(
      'MERGE INTO t USING (VALUES (10), (20)) q(k) ON 1 = 0 WHEN NOT MATCHED THEN INSERT (id) VALUES (q.k)',
    );
    await ok('MERGE INTO t a USING s ON a.id < s.k AND s.k = 2 WHEN MATCHED THEN DELETE');
    expect(await rows('SELECT id FROM t ORDER BY id')).toEqual(['2', '3', '10', '20']);
  });

  it('keeps one row for each key', async () => {
    await ok(`CREATE OR REPLACE TABLE d (k BIGINT NOT NULL, w STRING, PRIMARY KEY (k)) ${DELTA};
      INSERT INTO d VALUES (1, 'x'), (5, 'y');
      MERGE INTO d USING s ON d.k = s.k WHEN MATCHED THEN UPDATE SET w = concat(d.w, s.w) WHEN NOT MATCHED THEN INSERT VALUES (s.k, s.w);`);
    expect(await rows('SELECT * FROM d ORDER BY k')).toEqual(['1,"xa"', '2,"d"', '5,"y"', '9,"n"']);
  });

  const ON = 'MERGE INTO t USING s ON t.id = s.k';
  it.each([
    [`${ON}`, /^ODPS-0130161/],
    [`${ON} WHEN MATCHED THEN INSERT VALUES (1)`, /^ODPS-0130161:\[1,\d+\] .*'INSERT'/],
    [`${ON} WHEN NOT MATCHED THEN DELETE`, /^ODPS-0130161:\[1,\d+\] .*'DELETE'/],
    [`${ON} WHEN MATCHED THEN UPDATE SET n =`, /^ODPS-0130161/],
    [`${ON} WHEN MATCHED THEN UPDATE SET n = 1 2`, /^ODPS-0130161:\[1,71\] .*'2'/],
    [`${ON} WHEN MATCHED THEN UPDATE SET q = 1`, /^ODPS-0130071:\[1,65\] .*column q cannot be resolved/],
    [`${ON} WHEN MATCHED THEN UPDATE SET n = 1, n = 2`, /^ODPS-0130071:\[1,72\] .*column n is repeated/],
    [`${ON} WHEN MATCHED THEN UPDATE SET n = s.q`, /^ODPS-0130071:\[1,71\] .*column s.q cannot be resolved/],
    [`${ON} WHEN MATCHED AND s.k THEN DELETE`, /^ODPS-0130071:\[1,53\] .*BOOLEAN/],
    [`${ON} WHEN MATCHED THEN UPDATE SET f = 1`, /^ODPS-0130141:\[1,69\] .*from INT to BOOLEAN/],
    [`${ON} WHEN MATCHED THEN UPDATE SET n = 1000`, /^ODPS-0121095/],
    [`${ON} WHEN MATCHED THEN UPDATE SET id = NULL`, /^ODPS-0121095.*id is NOT NULL/],
    [
      `${ON} WHEN NOT MATCHED THEN INSERT VALUES (1)`,
      /^ODPS-0130071:\[1,58\] .*1 values, requires 4 columns/,
    ],
    [`${ON} WHEN NOT MATCHED THEN INSERT (id, q) VALUES (1, 2)`, /column q cannot be resolved/],
    [`${ON} WHEN NOT MATCHED THEN INSERT (v) VALUES (1)`, /column id is NOT NULL, has no default value/],
    [`${ON} WHEN MATCHED THEN DELETE WHEN MATCHED THEN UPDATE SET n = 1`, /only the last WHEN MATCHED/],
    ['MERGE INTO t USING nope ON t.id = nope.k WHEN MATCHED THEN DELETE', /^ODPS-0130131:\[1,20\]/],
    ['MERGE INTO s USING t ON t.id = s.k WHEN MATCHED THEN DELETE', /^ODPS-0130071:\[1,12\] .*transactional/],
    [
      'MERGE INTO t USING (SELECT 1 k UNION ALL SELECT 1 k) q ON t.id = q.k WHEN MATCHED THEN DELETE',
      /a row of the target matches several rows of the source/,
    ],
  ])('refuses %s', async (statement, message) => {
    expect(await fails(statement)).toMatch(message);
    expect(await all()).toEqual(FORMER);
  });
});

describe('default values', () => {
  it('are converted as values of their column', async () => {
    await ok(`CREATE OR REPLACE TABLE dv (id BIGINT, t TIMESTAMP DEFAULT DATETIME '2020-01-01 00:00:00',
        n TIMESTAMP_NTZ DEFAULT TIMESTAMP '1500-01-01 00:00:00.000000001', s STRING DEFAULT 5) ${DELTA};
      INSERT INTO dv (id) VALUES (1);
      MERGE INTO dv USING (SELECT 2 AS k) q ON dv.id = q.k WHEN NOT MATCHED THEN INSERT (id) VALUES (q.k);`);
    const row = '"2020-01-01 00:00:00","1500-01-01 00:00:00.000000001","5"';
    expect(await rows('SELECT * FROM dv ORDER BY id')).toEqual([`1,${row}`, `2,${row}`]);
  });
});

describe('UPDATE', () => {
  it('leaves the digits of the rows that it does not change', async () => {
    await ok(`CREATE OR REPLACE TABLE u (id BIGINT, v DECIMAL(38,18), f BOOLEAN) ${DELTA};
      INSERT INTO u VALUES (1, 12345678901234567890.123456789012345678BD, true), (2, 1BD, true);
      UPDATE u SET v = 0.5, f = NULL WHERE id = 2;`);
    expect(await rows('SELECT * FROM u ORDER BY id')).toEqual([
      '1,12345678901234567890.123456789012345678,true',
      '2,0.5,\\N',
    ]);
  });

  it('fails in the words of the service where the condition fails', async () => {
    await rows(
      "CREATE TABLE w (id BIGINT, v BIGINT) TBLPROPERTIES ('transactional'='true'); INSERT INTO w VALUES (1, 2)",
    );
    const failure = await fails("UPDATE w SET v = 1 WHERE LENGTH(REPEAT('a', 9000000 * id)) > 0");
    expect(failure).toMatch(/^ODPS-0121095/);
    expect(await fails("DELETE FROM w WHERE LENGTH(REPEAT('a', 9000000 * id)) > 0")).toBe(failure);
  });

  it('sets several columns from one subquery', async () => {
    await ok(`CREATE OR REPLACE TABLE u (id BIGINT, v STRING, n TINYINT) ${DELTA};
      INSERT INTO u VALUES (1, 'a', 1Y), (2, 'b', 2Y);
      CREATE OR REPLACE TABLE w (k BIGINT, x STRING); INSERT INTO w VALUES (2, 'p'), (2, 'q');
      UPDATE u SET (v, n) = (SELECT max(x), count(*) FROM w WHERE w.k = u.id) WHERE id = 2;`);
    expect(await rows('SELECT * FROM u ORDER BY id')).toEqual(['1,"a",1', '2,"q",2']);
    expect(await fails('UPDATE u SET (v, n) = (SELECT 1)')).toMatch(
      /^ODPS-0130071:\[1,23\] .*one expression for each/,
    );
    expect(await fails('UPDATE u SET (v, n) = 1')).toMatch(/^ODPS-0130161:\[1,23\]/);
  });

  it('takes values from another table', async () => {
    await ok(`CREATE OR REPLACE TABLE u (id BIGINT, v STRING) ${DELTA}; INSERT INTO u VALUES (1, 'a'), (2, 'b');
      UPDATE u SET v = q.w FROM (SELECT 2 AS k, 'z' AS w) q WHERE u.id = q.k;`);
    expect(await rows('SELECT * FROM u ORDER BY id')).toEqual(['1,"a"', '2,"z"']);
  });
});

describe('an INSERT with several targets', () => {
  beforeEach(async () => {
    await ok(`CREATE OR REPLACE TABLE src (id BIGINT, w STRING); INSERT INTO src VALUES (1, 'a'), (2, 'b');
      CREATE OR REPLACE TABLE a (id BIGINT); INSERT INTO a VALUES (0);
      CREATE OR REPLACE TABLE b (id BIGINT NOT NULL) PARTITIONED BY (pt STRING);`);
  });

  it('writes into all of them', async () => {
    await ok(`FROM src
      INSERT OVERWRITE TABLE a SELECT id
      INSERT INTO TABLE b PARTITION (pt='x') SELECT id WHERE id = 1
      INSERT INTO TABLE b PARTITION (pt) SELECT id, w
      INSERT OVERWRITE TABLE b PARTITION (pt='y') SELECT id + 10;`);
    expect(await rows('SELECT id FROM a ORDER BY id')).toEqual(['1', '2']);
    expect(await rows('SELECT pt, id FROM b ORDER BY pt, id')).toEqual([
      ...['"a",1', '"b",2', '"x",1', '"y",11', '"y",12'],
    ]);
    expect(await ok('SHOW PARTITIONS b')).toBe('pt=a\npt=b\npt=x\npt=y\n');
    expect(await json('b')).toMatchObject({ recordNum: 5 });
  });

  it.each([
    ["INSERT INTO TABLE b PARTITION (pt='x') SELECT CASE WHEN id = 1 THEN id END", /id is NOT NULL/],
    ['INSERT INTO TABLE b PARTITION (pt) SELECT id, NULL', /^ODPS-0123031/],
    ["INSERT INTO TABLE b PARTITION (pt='x') SELECT instr(w, 'a', 0)", /^ODPS-0121095/],
    ['INSERT INTO TABLE a SELECT id + 5', /^ODPS-0130071:\[1,63\] .*table a is written twice/],
  ])('writes into none when one fails: %s', async (insert, message) => {
    expect(await fails(`FROM src INSERT OVERWRITE TABLE a SELECT id ${insert}`)).toMatch(message);
    expect(await rows('SELECT id FROM a')).toEqual(['0']);
    expect(await rows('SELECT id FROM b')).toEqual([]);
    expect(await ok('SHOW PARTITIONS b')).toBe('');
  });
});
