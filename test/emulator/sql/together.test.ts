import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, sql, start } from '../harness.ts';
import { answersOf } from './answers.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start();
});
afterAll(() => emulator.stop());
const { ok, fails, rows } = answersOf(() => emulator);
const script = (text: string, settings = {}) =>
  sql(emulator, text, { 'odps.sql.submit.mode': 'script', ...settings });

const DELTA = "TBLPROPERTIES ('transactional'='true')";
beforeEach(async () => {
  await ok(`CREATE OR REPLACE TABLE src (id BIGINT, name STRING); INSERT INTO src VALUES (1, 'a'), (2, 'b'), (3, NULL);
    CREATE OR REPLACE TABLE a (id BIGINT, name STRING); INSERT INTO a VALUES (9, 'old');
    CREATE OR REPLACE VIEW va_inner AS SELECT * FROM a; CREATE OR REPLACE VIEW va AS SELECT id FROM va_inner;
    CREATE OR REPLACE TABLE b (id BIGINT NOT NULL) PARTITIONED BY (pt STRING);
    CREATE OR REPLACE TABLE d (id BIGINT, v BIGINT, PRIMARY KEY (id)) ${DELTA}; INSERT INTO d VALUES (1, 1), (2, 2);`);
});

describe('a variable of a script', () => {
  it('is read as a table, under its name or another one, and as a value', async () => {
    const text = await ok(`@big := SELECT id, name FROM src WHERE id > 1;
      @Both := SELECT big.id, s.name FROM @BIG JOIN src s ON big.id = s.id;
      @ten := SELECT 10L;
      SELECT b.id + (SELECT * FROM @ten) AS n, x FROM @both b
        JOIN (SELECT MAX(k) AS x FROM @big AS q(k, l)) m WHERE b.id IN (SELECT id FROM @big) ORDER BY n;`);
    expect(text).toBe('"n","x"\n12,3\n13,3\n');
  });

  it('is what INSERT, MERGE and CREATE TABLE AS read', async () => {
    await ok(`@v := SELECT id, 7L AS v FROM src; CREATE TABLE made AS SELECT * FROM @v;
      FROM @v INSERT OVERWRITE TABLE a SELECT id, 'x' WHERE id < 3 INSERT INTO b PARTITION (pt='1') SELECT id;
      MERGE INTO d USING @v ON d.id = v.id WHEN MATCHED THEN UPDATE SET v = v.v WHEN NOT MATCHED THEN INSERT VALUES (v.id, 0);`);
    expect(await rows('SELECT COUNT(*) FROM made')).toEqual(['3']);
    expect(await rows('SELECT * FROM a ORDER BY id')).toEqual(['1,"x"', '2,"x"']);
    expect(await rows('SELECT id FROM b ORDER BY id')).toEqual(['1', '2', '3']);
    expect(await rows('SELECT * FROM d ORDER BY id')).toEqual(['1,7', '2,7', '3,0']);
    await ok('DROP TABLE made');
  });

  it('that is not there, or whose query is wrong, is told with its place', async () => {
    expect(await fails('SELECT 1;\nSELECT * FROM @none;')).toBe(
      'ODPS-0130071:[2,15] Semantic analysis exception - variable @none cannot be resolved',
    );
    expect(await fails('\n@v :=  SELECT nothing FROM src; SELECT 1;')).toMatch(
      /^ODPS-0130071:\[2,15\] .*nothing/,
    );
    expect(await fails('@v := SELECT 1 AS a; SELECT b FROM @v;')).toMatch(/^ODPS-0130071:\[1,29\]/);
    expect(await fails('SELECT * FROM @;')).toMatch(/^ODPS-0130161:\[1,16\]/);
  });
});

describe('script mode', () => {
  it('writes everything at the end, and tells how much', async () => {
    const body = (text: string) =>
      `<Instance><Job><Tasks><SQL><Name>t</Name><Query><![CDATA[${text}]]></Query></SQL></Tasks></Job></Instance>`;
    const path = '/projects/demo/instances';
    const submitted = await call(emulator.endpoint, path, {
      method: 'POST',
      body: body(`SET odps.sql.submit.mode = script; CREATE TABLE IF NOT EXISTS fresh (id BIGINT);
        @v := SELECT * FROM a; INSERT OVERWRITE a SELECT * FROM src; INSERT INTO a SELECT id + 10, 'more' FROM src;
        INSERT INTO b PARTITION (pt) SELECT id, name FROM src WHERE id < 3; INSERT INTO b PARTITION (pt='b') VALUES (4);
        INSERT INTO fresh SELECT id FROM @v; UPDATE d SET v = v + 1 WHERE id = 2; SELECT COUNT(*) AS n FROM src;`),
    });
    const at = `${path}/${String(submitted.headers.location).split('/').at(-1)}`;
    while (!(await call(emulator.endpoint, at)).body.includes('Terminated'));
    const { json } = await call(emulator.endpoint, at, { query: { instancesummary: '' } });
    const { Outputs } = JSON.parse((json as { Instance: { JsonSummary: string } }).Instance.JsonSummary);
    const counts = Object.entries(Outputs as Record<string, number[]>).map(([name, [count]]) => [
      name,
      count,
    ]);
    expect(Object.fromEntries(counts)).toEqual({
      ...{ 'demo.a': 6, 'demo.b/pt=a': 1, 'demo.b/pt=b': 2, 'demo.fresh': 1, 'demo.d': 1 },
    });
    expect(await rows('SELECT COUNT(*), MIN(id), MAX(id) FROM a')).toEqual(['6,1,13']);
    expect(await rows('SELECT * FROM b ORDER BY id')).toEqual(['1,"a"', '2,"b"', '4,"b"']);
    // The variable was read before the table was overwritten.
    expect(await rows('SELECT * FROM fresh')).toEqual(['9']);
    expect(await rows('SELECT * FROM d ORDER BY id')).toEqual(['1,1', '2,3']);
    await ok('DROP TABLE fresh');
  });

  it('overwrites what an earlier statement of it wrote, however large its rows are', async () => {
    const large = "SELECT id, REPEAT('x', 1000000) FROM (SELECT explode(sequence(1, 50)) AS id) q";
    await ok(`CREATE TABLE w (id BIGINT, name STRING); INSERT INTO w ${large};`);
    const { text, status } = await script(`INSERT INTO w ${large}; INSERT OVERWRITE w SELECT * FROM src;`);
    expect([status, text]).toEqual(['Success', '']);
    expect(await rows('SELECT COUNT(*), MAX(LENGTH(name)) FROM w')).toEqual(['3,1']);
    await ok('DROP TABLE w');
  });

  it('shows the rows of its one query, wherever it stands', async () => {
    const { text } = await script("SELECT name FROM src WHERE id = 1; INSERT INTO a VALUES (1, 'x');");
    expect(text).toBe('"name"\n"a"\n');
  });

  it.each([
    ["INSERT INTO b PARTITION (pt='x') SELECT CASE WHEN id < 3 THEN id END FROM src;", /NOT NULL/],
    ["INSERT INTO b PARTITION (pt='x') SELECT nothing FROM src;", /nothing/],
    ['SELECT CAST(id AS TINYINT) FROM src WHERE id = nothing;', /nothing/],
    ['SELECT * FROM a;', /^ODPS-0130071:\[1,\d+\] .*table a is read after this script wrote it/],
    ['SELECT 1 WHERE EXISTS (SELECT 1 FROM a);', /table a is read after this script wrote it/],
    ['SELECT * FROM va;', /table a is read after this script wrote it/],
    ['DELETE FROM d; UPDATE d SET v = 1;', /table d is read after this script wrote it/],
    [
      'INSERT INTO d VALUES (7, 7); INSERT INTO d VALUES (8, 8);',
      /table d is read after this script wrote it/,
    ],
    ['CREATE TABLE late (id BIGINT);', /DDL of a script must stand before/],
    ['CREATE TABLE late AS SELECT 1 AS x;', /CREATE TABLE AS behind DML .* is not supported/],
    ['SELECT 1; SELECT 2;', /the rows of one query only/],
    ['SHOW TABLES;', /SHOW, DESC and EXPLAIN cannot stand in a script/],
  ])('writes nothing when one statement fails: %s', async (statement, expected) => {
    const { status, text } = await script(
      `INSERT OVERWRITE a SELECT * FROM src; DELETE FROM d WHERE id > 100; ${statement}`,
    );
    expect([status, text]).toEqual(['Failed', expect.stringMatching(expected)]);
    expect(await rows('SELECT * FROM a')).toEqual(['9,"old"']);
    expect(await rows('SELECT COUNT(*) FROM b')).toEqual(['0']);
    expect(await ok("SHOW TABLES LIKE 'late'")).toBe('');
  });

  it('can end with CREATE TABLE AS', async () => {
    const { status } = await script('@v := SELECT id FROM src; CREATE TABLE late AS SELECT * FROM @v;');
    expect(status).toBe('Success');
    expect(await rows('SELECT COUNT(*) FROM late')).toEqual(['3']);
    expect((await script('CREATE TABLE x AS SELECT 1 AS a; SELECT 1;')).text).toMatch(
      /must be the last statement/,
    );
    await ok('DROP TABLE late');
  });

  it('step by step is one statement after the other', async () => {
    const text = 'INSERT OVERWRITE a SELECT * FROM src; SELECT COUNT(*) AS n FROM a;';
    expect((await script(text, { 'odps.sql.step.script.mode': 'true' })).text).toBe('"n"\n3\n');
  });
});
