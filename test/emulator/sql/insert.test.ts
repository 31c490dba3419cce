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

describe('INSERT', () => {
  beforeEach(async () => {
    await ok("CREATE OR REPLACE TABLE t (id BIGINT, name STRING, n INT DEFAULT 7, s STRING DEFAULT 'd')");
  });

  it('INTO adds and OVERWRITE replaces, and the catalogue tells the rows at once', async () => {
    await ok("INSERT INTO t VALUES (1, 'a', 1, NULL), (2, 'b;''', 2, 'x')".replace("''", "\\'"));
    await ok('INSERT INTO TABLE t SELECT id + 10, name, n, s FROM t');
    expect(await rows('SELECT * FROM t ORDER BY id')).toEqual([
      ...['1,"a",1,\\N', '2,"b;\'",2,"x"', '11,"a",1,\\N', '12,"b;\'",2,"x"'],
    ]);
    expect(await json('t')).toMatchObject({ recordNum: 4 });
    expect((await json('t')).size).toBeGreaterThan(0);
    await ok('INSERT OVERWRITE TABLE t SELECT id, name, n, s FROM t WHERE id > 11');
    expect(await rows('SELECT id FROM t')).toEqual(['12']);
    expect(await json('t')).toMatchObject({ recordNum: 1 });
    await ok('INSERT OVERWRITE t SELECT id, name, n, s FROM t WHERE id > 100');
    expect(await json('t')).toMatchObject({ recordNum: 0, size: 0 });
  });

  it('with a list of columns gives the others their defaults', async () => {
    await ok("INSERT INTO t (name, ID) VALUES ('a', 1); INSERT INTO t (s) SELECT NULL;");
    expect(await rows('SELECT * FROM t ORDER BY id')).toEqual(['\\N,\\N,7,\\N', '1,"a",7,"d"']);
  });

  it('takes WITH before it and behind it, and brackets', async () => {
    await ok('WITH q AS (SELECT 1 AS a) INSERT INTO t (id) SELECT a FROM q');
    await ok('INSERT INTO t (id) WITH q AS (SELECT 2 AS a) SELECT a FROM q');
    await ok('INSERT INTO t (id) (SELECT 3 AS a)');
    expect(await rows('SELECT id FROM t ORDER BY id')).toEqual(['1', '2', '3']);
  });

  it('writes one source into several tables', async () => {
    await ok(
      'CREATE OR REPLACE TABLE u (id BIGINT, c BIGINT); INSERT INTO t (id, n) VALUES (1, 1), (2, 1), (3, 2);',
    );
    await ok(
      'FROM (SELECT id, n FROM t) q INSERT OVERWRITE TABLE u SELECT n, COUNT(*) WHERE id < 4 GROUP BY n INSERT INTO TABLE t (id) SELECT id + 10 WHERE id = 3',
    );
    expect(await rows('SELECT * FROM u ORDER BY id')).toEqual(['1,2', '2,1']);
    expect(await rows('SELECT id FROM t WHERE id > 3')).toEqual(['13']);
    await fails('FROM t INSERT INTO TABLE u SELECT id, n INSERT INTO TABLE nothing SELECT id');
    expect(await rows('SELECT COUNT(*) FROM u')).toEqual(['2']);
  });

  it('converts what loses nothing, and a bare NULL into anything', async () => {
    await ok(
      'CREATE OR REPLACE TABLE k (a BIGINT, b STRING, c DOUBLE, d DECIMAL(10,2), e DATETIME, f BOOLEAN, g ARRAY<INT>, h VARCHAR(3), i DATE)',
    );
    await ok(
      "INSERT INTO k VALUES ('12', 12, 12, 12, '2024-01-02 03:04:05', NULL, NULL, 'abcdef', '2024-01-02')",
    );
    await ok('INSERT INTO k SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL');
    expect(await rows('SELECT * FROM k ORDER BY a')).toEqual([
      '\\N,\\N,\\N,\\N,\\N,\\N,\\N,\\N,\\N',
      '12,"12",12.0,12,"2024-01-02 03:04:05",\\N,\\N,"abc","2024-01-02"',
    ]);
  });

  it.each([
    [
      'INSERT INTO t VALUES (1)',
      'ODPS-0130071:[1,13] Semantic analysis exception - wrong columns count 1 in data source, requires 4 columns (includes dynamic partitions if any)',
    ],
    [
      'INSERT INTO t (id, name) SELECT 1',
      /^ODPS-0130071:\[1,13\] .*wrong columns count 1 in data source, requires 2/,
    ],
    ['INSERT INTO t (id, nothing) VALUES (1, 2)', /column nothing cannot be resolved/],
    ['INSERT INTO t (id, id) VALUES (1, 2)', /column id is repeated/],
    [
      'INSERT INTO t (id) SELECT true',
      'ODPS-0130141:[1,20] Illegal implicit type cast - cannot cast from BOOLEAN to BIGINT',
    ],
    ['INSERT INTO t (id) SELECT CAST(1.5 AS DOUBLE)', /^ODPS-0130141:.*from DOUBLE to BIGINT/],
    ["INSERT INTO t (id) VALUES ('x')", /^ODPS-0121095:Invalid argument - .*'x'/],
    ['INSERT INTO t (n) VALUES (3000000000)', /^ODPS-0121095:Invalid argument - /],
    ['INSERT INTO nothing VALUES (1)', /^ODPS-0130131:\[1,13\] .*demo.nothing/],
    ['INSERT INTO t SELECT * FROM nothing', /^ODPS-0130131:\[1,29\] .*demo.nothing/],
    ["INSERT INTO t PARTITION (dt='1') SELECT 1", /t is not a partitioned table/],
    ['INSERT INTO t', /^ODPS-0130161:\[1,14\]/],
    ['INSERT t VALUES (1)', /^ODPS-0130161:\[1,8\]/],
    ['INSERT INTO t DROP TABLE t', /^ODPS-0130161:\[1,15\]/],
  ])('refuses %s', async (statement, message) => {
    const text = await fails(statement);
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
    expect(await rows('SELECT COUNT(*) FROM t')).toEqual(['0']);
  });

  it('refuses NULL where it may not be, and views', async () => {
    await ok('CREATE OR REPLACE TABLE strict_ (a INT NOT NULL, b INT)');
    expect(await fails('INSERT INTO strict_ VALUES (1, 1), (NULL, 2)')).toMatch(
      /column a is NOT NULL and got a NULL/,
    );
    expect(await fails('INSERT INTO strict_ (b) VALUES (1)')).toMatch(
      /column a is NOT NULL, has no default value/,
    );
    expect(await rows('SELECT COUNT(*) FROM strict_')).toEqual(['0']);
    await ok('CREATE OR REPLACE VIEW iv AS SELECT 1 AS a');
    expect(await fails('INSERT INTO iv SELECT 1')).toMatch(/^ODPS-0130071:\[1,13\] .*demo.iv is a view/);
  });
});

describe('INSERT into table partitions', () => {
  const list = async () => (await ok('SHOW PARTITIONS p')).trimEnd().split('\n').filter(Boolean);

  beforeEach(async () => {
    await ok('CREATE OR REPLACE TABLE p (id BIGINT) PARTITIONED BY (dt STRING, hr BIGINT)');
    await ok("INSERT INTO p PARTITION (dt='1', hr=01) VALUES (1)");
  });

  it('that are named, some of them, or none: missing ones are made', async () => {
    await ok("INSERT INTO p PARTITION (dt='1', hr) SELECT 2, '02'");
    await ok("INSERT INTO p PARTITION (dt, hr) VALUES (3, 'x', 3), (4, 'y', 1)");
    await ok("INSERT INTO p PARTITION (hr, dt) (dt, id, hr) SELECT 'z', 5, 5");
    expect(await list()).toEqual(['dt=1/hr=1', 'dt=1/hr=2', 'dt=x/hr=3', 'dt=y/hr=1', 'dt=z/hr=5']);
    expect(await rows('SELECT * FROM p ORDER BY id')).toEqual([
      '1,"1",1',
      '2,"1",2',
      '3,"x",3',
      '4,"y",1',
      '5,"z",5',
    ]);
    expect(await json('p')).toMatchObject({ recordNum: 5 });
  });

  it('OVERWRITE replaces those that are named or written, and no other', async () => {
    await ok("INSERT INTO p PARTITION (dt, hr) VALUES (2, '1', 1), (3, '1', 2), (4, '2', 1)");
    await ok("INSERT OVERWRITE TABLE p PARTITION (dt='1', hr) SELECT 9, 2");
    expect(await rows('SELECT id FROM p ORDER BY id')).toEqual(['1', '2', '4', '9']);
    await ok("INSERT OVERWRITE TABLE p PARTITION (dt='1', hr='1') SELECT id FROM p WHERE id > 100");
    expect(await rows('SELECT id FROM p ORDER BY id')).toEqual(['4', '9']);
    await ok("INSERT OVERWRITE TABLE p PARTITION (dt='new', hr='1') SELECT id FROM p WHERE id > 100");
    expect(await list()).toContain('dt=new/hr=1');
  });

  it.each([
    [
      'INSERT INTO p PARTITION (dt, hr) VALUES (1, NULL, 1)',
      'ODPS-0123031:Partition exception - invalid dynamic partition value: dt=NULL',
    ],
    [
      "INSERT INTO p PARTITION (dt, hr) VALUES (1, '', 1)",
      'ODPS-0123031:Partition exception - invalid dynamic partition value: dt=',
    ],
    [
      "INSERT INTO p PARTITION (dt, hr) VALUES (1, 'a\\nb', 1)",
      /^ODPS-0123031:.*invalid dynamic partition value: dt=a/,
    ],
    ["INSERT INTO p PARTITION (dt, hr) VALUES (2, 'new', 'x')", /^ODPS-0121095/],
    ['INSERT INTO p SELECT 1', /p is partitioned by dt, hr: a PARTITION clause is needed/],
    ["INSERT INTO p PARTITION (dt='1') SELECT 1", /^ODPS-0130071:\[1,15\] .*partition column hr is missing/],
    ["INSERT INTO p PARTITION (dt='1', hr=1, x=1) SELECT 1", /x is no partition column of table p/],
    [
      "INSERT INTO p PARTITION (dt, hr='1') SELECT 1, 'a'",
      /static partition column hr stands behind dynamic column dt/,
    ],
    ["INSERT INTO p PARTITION (dt='1', hr='x') SELECT 1", /hr='x' is no BIGINT/],
    ["INSERT INTO p PARTITION (dt='', hr='1') SELECT 1", /no value for table partition column dt/],
    [
      "INSERT INTO p PARTITION (dt='1', hr) SELECT 1",
      /wrong columns count 1 in data source, requires 2 columns/,
    ],
  ])('refuses %s', async (statement, message) => {
    const text = await fails(statement);
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
    expect(await list()).toEqual(['dt=1/hr=1']);
    expect(await rows('SELECT COUNT(*) FROM p')).toEqual(['1']);
  });

  it('refuses more than one INSERT may write, and leaves nothing of it', async () => {
    const many =
      'SELECT 1, CAST(x AS STRING), 1 FROM (SELECT 1 AS one) q LATERAL VIEW explode(sequence(0, 10000)) e AS x';
    expect(await fails(`INSERT INTO p PARTITION (dt, hr) ${many}`)).toBe(
      'ODPS-0123031:Partition exception - a single instance cannot output data to more than 10000 partitions',
    );
    expect(await list()).toEqual(['dt=1/hr=1']);
  });
});

describe('Delta tables', () => {
  const DELTA = "TBLPROPERTIES ('transactional'='true')";
  const all = () => rows('SELECT * FROM d ORDER BY dt, a, b');

  beforeEach(async () => {
    await ok(
      `CREATE OR REPLACE TABLE d (a BIGINT, b STRING NOT NULL, v STRING, PRIMARY KEY (a, b)) PARTITIONED BY (dt STRING) ${DELTA}`.replace(
        'a BIGINT,',
        'a BIGINT NOT NULL,',
      ),
    );
    await ok(
      "INSERT INTO d PARTITION (dt) VALUES (1,'x','old','p'), (2,'x','keep','p'), (1,'x','other','q')",
    );
  });

  it('keep one row for each key of a table partition: the last one that came', async () => {
    await ok("INSERT INTO d PARTITION (dt='p') VALUES (1,'x','first'), (3,'y','new'), (1,'x','last')");
    expect(await all()).toEqual([
      '1,"x","last","p"',
      '2,"x","keep","p"',
      '3,"y","new","p"',
      '1,"x","other","q"',
    ]);
    await ok("INSERT INTO d PARTITION (dt) SELECT a, b, 'again', 'q' FROM d WHERE dt = 'p' AND a < 3");
    expect(await rows("SELECT a, v FROM d WHERE dt = 'q' ORDER BY a")).toEqual(['1,"again"', '2,"again"']);
    expect(await json('d')).toMatchObject({ recordNum: 5 });
    await ok("INSERT OVERWRITE TABLE d PARTITION (dt='p') VALUES (7,'x','one'), (7,'x','two')");
    expect(await all()).toEqual(['7,"x","two","p"', '1,"x","again","q"', '2,"x","again","q"']);
  });

  it('take UPDATE, with a condition or without', async () => {
    await ok("UPDATE d SET v = concat(v, '!') WHERE a = 1 AND dt = 'p'");
    expect(await all()).toEqual(['1,"x","old!","p"', '2,"x","keep","p"', '1,"x","other","q"']);
    await ok(
      "UPDATE demo.d z SET z.v = NULL WHERE z.v LIKE 'k%'; UPDATE d SET v = 'all' WHERE v IS NOT NULL;",
    );
    expect(await all()).toEqual(['1,"x","all","p"', '2,"x",\\N,"p"', '1,"x","all","q"']);
  });

  it('take DELETE; table partitions stay without rows', async () => {
    await ok("DELETE FROM d WHERE a = 2 OR v IS NULL; DELETE FROM d WHERE dt = 'q';");
    expect(await all()).toEqual(['1,"x","old","p"']);
    expect(await ok('SHOW PARTITIONS d')).toBe('dt=p\ndt=q\n');
    expect(await json('d')).toMatchObject({ recordNum: 1 });
    await ok('DELETE FROM d');
    expect(await all()).toEqual([]);
  });

  it.each([
    ['UPDATE d SET nothing = 1', /column nothing cannot be resolved/],
    ["UPDATE d SET b = '1'", /primary key column b cannot be updated/],
    ["UPDATE d SET dt = '1'", /partition column dt cannot be updated/],
    ["UPDATE d SET v = '1' WHERE nothing = 1", /^ODPS-0130071/],
    ['UPDATE d SET v = ', /^ODPS-0130161/],
    ['DELETE FROM d WHERE', /^ODPS-0130161/],
    ['DELETE FROM nothing', /^ODPS-0130131:\[1,13\]/],
    ["INSERT INTO d PARTITION (dt='p') VALUES (NULL,'x','v')", /column a is NOT NULL and got a NULL/],
  ])('refuse %s', async (statement, message) => {
    expect(await fails(statement)).toMatch(message);
    expect(await all()).toHaveLength(3);
  });

  it('without a key are changed too, other tables are not', async () => {
    await ok(
      `CREATE OR REPLACE TABLE e (a BIGINT) ${DELTA}; INSERT INTO e VALUES (1), (1), (2); DELETE FROM e WHERE a = 1;`,
    );
    expect(await rows('SELECT * FROM e')).toEqual(['2']);
    await ok('CREATE OR REPLACE TABLE plain (a BIGINT); INSERT INTO plain VALUES (1);');
    expect(await fails('DELETE FROM plain')).toMatch(/^ODPS-0130071:\[1,13\] .*plain/);
    expect(await fails('UPDATE plain SET a = 2')).toMatch(/transactional/);
    expect(await rows('SELECT * FROM plain')).toEqual(['1']);
  });

  it('lose nothing that others write while they are changed', async () => {
    await ok(
      `CREATE OR REPLACE TABLE shared (a BIGINT, v BIGINT) ${DELTA}; INSERT INTO shared VALUES (0, 0);`,
    );
    const adding = Array.from({ length: 8 }, (_, index) => ok(`INSERT INTO shared VALUES (${index + 1}, 0)`));
    const changing = Array.from({ length: 3 }, () => ok('UPDATE shared SET v = v + 1 WHERE a = 0'));
    await Promise.all([...adding, ...changing]);
    expect(await rows('SELECT COUNT(*), SUM(v) FROM shared')).toEqual(['9,3']);
  });

  it('lose no row when many write at once', async () => {
    await ok(`CREATE OR REPLACE TABLE many (a BIGINT NOT NULL, v BIGINT, PRIMARY KEY (a)) ${DELTA}`);
    await Promise.all(
      Array.from({ length: 12 }, (_, index) => ok(`INSERT INTO many VALUES (${index}, 1), (100, ${index})`)),
    );
    expect(await rows('SELECT COUNT(*), COUNT(DISTINCT a) FROM many')).toEqual(['13,13']);
  });
});
