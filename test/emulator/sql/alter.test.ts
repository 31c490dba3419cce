import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, createUpload, encode, putBlock, start } from '../harness.ts';
import { answersOf } from './answers.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start();
});
afterAll(() => emulator.stop());
const { ok, fails, json, rows } = answersOf(() => emulator);

const version = async (table: string) => JSON.parse((await json(table)).Reserved as string).schema_version;

describe('columns', () => {
  beforeEach(async () => {
    await ok("CREATE OR REPLACE TABLE c (id INT, name STRING COMMENT 'n', d DATE)");
    await ok("INSERT INTO c VALUES (1, 'x', '2024-01-02')");
  });

  it('are added, also one without parentheses and only where they are missing', async () => {
    await ok(
      "ALTER TABLE c ADD COLUMNS (note STRING COMMENT 'n', n DECIMAL(10,2)); ALTER TABLE c ADD COLUMN one BIGINT;",
    );
    await ok('ALTER TABLE c ADD COLUMNS IF NOT EXISTS (NOTE BIGINT, two BIGINT)');
    expect(await ok('SELECT * FROM c')).toBe(
      '"id","name","d","note","n","one","two"\n1,"x","2024-01-02",\\N,\\N,\\N,\\N\n',
    );
  });

  it('get fields of their structs, also of those in arrays and maps, NULL in the rows that there are', async () => {
    await ok(`CREATE OR REPLACE TABLE nested (id INT, p STRUCT<x:DOUBLE,y:DOUBLE> NOT NULL,
        l ARRAY<STRUCT<x:INT>>, m MAP<STRING,STRUCT<deep:STRUCT<a:INT>>>);
      INSERT INTO nested SELECT 1, named_struct('x', 1.0, 'y', 2.0), array(named_struct('x', 1), NULL),
        map('k', named_struct('deep', named_struct('a', 3)));
      ALTER TABLE nested ADD COLUMNS (P.Z DOUBLE, l.element.y STRING, m.value.deep.b ARRAY<BIGINT>, n INT);
      ALTER TABLE nested ADD COLUMN p.w STRUCT<v:INT>;
      ALTER TABLE nested ADD COLUMNS IF NOT EXISTS (p.z BIGINT, p.w.u INT);
      INSERT INTO nested SELECT 2, named_struct('x', 3.0, 'y', 4.0, 'z', 5.0, 'w', named_struct('v', 6, 'u', 7)),
        array(named_struct('x', 8, 'y', 'a')), map('k', named_struct('deep', named_struct('a', 9, 'b', array(10L)))), 11;`);
    const told = (await json('nested')).columns as { type: string }[];
    expect(told.map(({ type }) => type)).toEqual([
      ...['int', 'struct<x:double,y:double,z:double,w:struct<v:int,u:int>>', 'array<struct<x:int,y:string>>'],
      ...['map<string,struct<deep:struct<a:int,b:array<bigint>>>>', 'int'],
    ]);
    const query = `SELECT id, p.x, p.z, p.w.u, l[0].x, l[0].y, l[1] IS NULL, m['k'].deep.a, m['k'].deep.b[0], n
      FROM nested ORDER BY id`;
    expect(await rows(query)).toEqual([
      ...['1,1.0,\\N,\\N,1,\\N,true,3,\\N,\\N', '2,3.0,5.0,7,8,"a",true,9,10,11'],
    ]);
    expect(await version('nested')).toBe('4');
  });

  it.each([
    ['p.x INT', /column p\.x exists already/],
    ['q.x INT', /column q cannot be resolved/],
    ['p.a.b INT', /column p\.a cannot be resolved: STRUCT<X:INT,L:ARRAY<INT>> has no such field/],
    ['p.x.b INT', /column p\.x\.b cannot be resolved: INT has no such field/],
    ['p.l.element INT', /column p\.l\.element cannot be resolved: ARRAY<INT> has no such field/],
    ['p.y INT, p.y INT', /column p\.y exists already/],
    ['p.y INT NOT NULL', /column p\.y cannot be NOT NULL/],
    ['p.y INT DEFAULT 1', /p\.y is a field: only columns have default values/],
    [`p.y ${'ARRAY<'.repeat(20)}INT${'>'.repeat(20)}`, /^ODPS-0130151:\[1,13\] .*at most 20 levels/],
    ['p. INT', /^ODPS-0130161/],
  ])('refuse a field that cannot be: %s', async (field, expected) => {
    await ok('CREATE OR REPLACE TABLE f (p STRUCT<x:INT,l:ARRAY<INT>>)');
    expect(await fails(`ALTER TABLE f ADD COLUMNS (${field})`)).toMatch(expected);
    expect(await version('f')).toBe('1');
  });

  it('are renamed, retyped, moved and dropped with their rows', async () => {
    await ok("ALTER TABLE c CHANGE COLUMN name title STRING COMMENT 't' FIRST");
    await ok('ALTER TABLE c RENAME COLUMN d TO day; ALTER TABLE c CHANGE id id BIGINT AFTER day;');
    expect(await ok('SELECT * FROM c')).toBe('"title","day","id"\n"x","2024-01-02",1\n');
    await ok('ALTER TABLE c CHANGE COLUMN day day STRING; ALTER TABLE c DROP COLUMN title;');
    expect((await json('c')).columns).toMatchObject([
      { name: 'day', type: 'string' },
      { name: 'id', type: 'bigint' },
    ]);
    expect(await rows('SELECT * FROM c')).toEqual(['"2024-01-02",1']);
  });

  it('raise the version of the schema with each change, comments do not', async () => {
    expect(await version('c')).toBe('1');
    await ok("ALTER TABLE c CHANGE COLUMN name COMMENT 'other'");
    expect(await version('c')).toBe('1');
    expect((await json('c')).columns).toMatchObject([{}, { comment: 'other' }, {}]);
    await ok('ALTER TABLE c ADD COLUMNS (a INT); ALTER TABLE c DROP COLUMN a;');
    expect(await version('c')).toBe('3');
  });

  it('that change end open uploads, a comment does not', async () => {
    const target = { table: 'c' };
    const id = String((await createUpload(emulator, target)).json.UploadID);
    await ok("ALTER TABLE c CHANGE COLUMN id COMMENT 'k'; ALTER TABLE c SET COMMENT 'x';");
    expect((await putBlock(emulator, target, id, 0, encode([]))).status).toBe(200);
    await ok('ALTER TABLE c ADD COLUMNS (a INT)');
    expect((await putBlock(emulator, target, id, 1, encode([]))).json.Code).toBe('SchemaModified');
  });

  it('lose NOT NULL, and do not get it back', async () => {
    await ok('CREATE OR REPLACE TABLE strict_ (a INT NOT NULL); ALTER TABLE strict_ CHANGE COLUMN a NULL;');
    await ok('INSERT INTO strict_ SELECT NULL');
    expect(await fails('ALTER TABLE strict_ CHANGE COLUMN a a INT NOT NULL')).toMatch(
      /cannot become NOT NULL/,
    );
  });

  it.each([
    ['ADD COLUMNS (name STRING)', /column name exists already/],
    ['ADD COLUMNS (a INT, a INT)', /column a is repeated/],
    ['ADD COLUMNS (a INT NOT NULL)', /cannot be NOT NULL/],
    ['DROP COLUMN nothing', /column nothing cannot be resolved/],
    ['DROP COLUMNS id, name, d', /needs at least one column/],
    ['CHANGE COLUMN nothing x INT', /column nothing cannot be resolved/],
    ['CHANGE COLUMN id name INT', /column name exists already/],
    ['CHANGE COLUMN name name BIGINT', /cannot be changed from STRING to BIGINT/],
    ['CHANGE COLUMN d d TIMESTAMP', /cannot be changed from DATE to TIMESTAMP/],
    ['CHANGE COLUMN id id SMALLINT', /cannot be changed from INT to SMALLINT/],
    ['CHANGE COLUMN id id INT AFTER nothing', /column nothing cannot be resolved/],
    ['CHANGE COLUMN id', /^ODPS-0130161/],
    ['NONSENSE', /^ODPS-0130161:\[1,15\] .*'NONSENSE'/],
  ])('are refused: %s', async (change, message) => {
    expect(await fails(`ALTER TABLE c ${change}`)).toMatch(message);
    expect(await ok('SELECT * FROM c')).toBe('"id","name","d"\n1,"x","2024-01-02"\n');
  });

  it('of the key, of the clusters and of the levels stay', async () => {
    await ok(
      "CREATE TABLE fixed (a BIGINT NOT NULL, b INT, c INT, PRIMARY KEY (a)) PARTITIONED BY (p STRING) CLUSTERED BY (b) INTO 4 BUCKETS TBLPROPERTIES ('transactional'='true')",
    );
    expect(await fails('ALTER TABLE fixed DROP COLUMN a')).toMatch(/a belongs to the primary key/);
    expect(await fails('ALTER TABLE fixed CHANGE COLUMN b RENAME TO x')).toMatch(/clustered by column b/);
    expect(await fails('ALTER TABLE fixed DROP COLUMN p')).toMatch(/p is a partition column/);
    expect(await fails('ALTER TABLE fixed CHANGE COLUMN p q STRING')).toMatch(/only its comment/);
    await ok("ALTER TABLE fixed CHANGE COLUMN p COMMENT 'level'");
    expect((await json('fixed')).partitionKeys).toMatchObject([{ comment: 'level' }]);
  });
});

describe('a table', () => {
  it('gets another name, and keeps its rows and what shows it', async () => {
    await ok(
      'CREATE TABLE old_ (id INT); INSERT INTO old_ VALUES (1); ALTER TABLE demo.old_ RENAME TO new_;',
    );
    expect(await rows('SELECT * FROM demo.new_')).toEqual(['1']);
    expect(await fails('SELECT * FROM old_')).toMatch(/demo.old_ cannot be resolved/);
    await ok('INSERT INTO new_ VALUES (2); CREATE TABLE old_ (x STRING);');
    expect(await rows('SELECT COUNT(*) FROM new_')).toEqual(['2']);
    expect((await json('new_')).recordNum).toBe(2);
    expect(await fails('ALTER TABLE new_ RENAME TO old_')).toMatch(/^ODPS-0130211:\[1,28\]/);
    expect(await fails('ALTER TABLE new_ RENAME TO `a b`')).toMatch(/is no name/);
    expect(await rows('SELECT COUNT(*) FROM new_')).toEqual(['2']);
  });

  it('gets comment, lifecycle, owner, properties and clustering', async () => {
    await ok('CREATE TABLE s (id INT)');
    await ok(
      "ALTER TABLE s SET COMMENT 'it\\'s'; ALTER TABLE s SET LIFECYCLE 9; ALTER TABLE s CHANGEOWNER TO 'ALIYUN$x';",
    );
    await ok("ALTER TABLE s SET TBLPROPERTIES ('a'='1', 'b'='2'); ALTER TABLE s UNSET TBLPROPERTIES ('a');");
    await ok('ALTER TABLE s CLUSTERED BY (id) INTO 2 BUCKETS');
    expect(await json('s')).toMatchObject({
      comment: "it's",
      lifecycle: 9,
      owner: 'ALIYUN$x',
      tableProperties: '{"b":"2"}',
    });
    expect(await ok('SHOW CREATE TABLE s')).toContain('CLUSTERED BY (`id`) INTO 2 BUCKETS');
    await ok('ALTER TABLE s NOT CLUSTERED');
    expect(await ok('SHOW CREATE TABLE s')).not.toContain('CLUSTERED');
    expect(await fails("ALTER TABLE s SET TBLPROPERTIES ('transactional'='true')")).toMatch(
      /transactional cannot be changed/,
    );
    expect(await fails('ALTER TABLE s SET LIFECYCLE 0')).toMatch(/^ODPS-0130161:\[1,29\]/);
  });

  it('takes what has no effect here', async () => {
    await ok('CREATE TABLE quiet (id INT) PARTITIONED BY (p STRING); ALTER TABLE quiet ADD PARTITION (p=1);');
    for (const change of [
      ...[
        'MERGE SMALLFILES',
        'COMPACT MAJOR',
        'COMPACT MINOR',
        'ARCHIVE',
        'TOUCH',
        "TOUCH PARTITION (p='1')",
      ],
      ...[
        "PARTITION (p='1') MERGE SMALLFILES",
        "PARTITION (p='1') COMPACT MAJOR",
        "PARTITION (p='1') DISABLE LIFECYCLE",
      ],
      ...['DISABLE LIFECYCLE', 'ENABLE LIFECYCLE'],
    ])
      expect(await ok(`ALTER TABLE quiet ${change}`)).toBe('');
  });

  it('that is a view has no columns of its own to change', async () => {
    await ok('CREATE VIEW av AS SELECT 1 AS a');
    expect(await fails('ALTER TABLE av ADD COLUMNS (b INT)')).toMatch(/^ODPS-0130071:\[1,13\] .*is a view/);
    await ok("ALTER VIEW av RENAME TO bv; ALTER TABLE bv SET COMMENT 'c';");
    expect(await rows('SELECT * FROM bv')).toEqual(['1']);
    expect((await json('bv')).comment).toBe('c');
  });
});

describe('table partitions', () => {
  const list = async () => (await ok('SHOW PARTITIONS p')).trimEnd().split('\n').filter(Boolean);

  beforeEach(async () => {
    await ok('CREATE OR REPLACE TABLE p (id INT) PARTITIONED BY (dt STRING, hr BIGINT)');
    await ok(
      "INSERT INTO p PARTITION (dt, hr) VALUES (1,'20240101',1), (2,'20240101',10), (3,'20240102',2), (4,'x',1)",
    );
  });

  it('have their lifecycle switched off and on, each for itself', async () => {
    await ok('ALTER TABLE p SET LIFECYCLE 5');
    const days = async (dt: string, hr: number) =>
      /LifeCycle: +(-?\d+) /.exec(await ok(`DESC EXTENDED p PARTITION (dt='${dt}', hr='${hr}')`))?.[1];
    await ok("ALTER TABLE p PARTITION (dt='20240101', hr='01') DISABLE LIFECYCLE");
    await ok("ALTER TABLE p PARTITION (dt='x', hr='1') DISABLE LIFECYCLE");
    await ok("INSERT OVERWRITE TABLE p PARTITION (dt='20240101', hr='1') SELECT 9");
    expect([await days('20240101', 1), await days('20240101', 10), await days('x', 1)]).toEqual([
      ...['-1', '5', '-1'],
    ]);
    await ok("ALTER TABLE p PARTITION (dt='20240101', hr='1') ENABLE LIFECYCLE");
    // Renamed it is the same table partition; merged into another one, or made anew, it is not.
    await ok("ALTER TABLE p PARTITION (dt='x', hr='1') RENAME TO PARTITION (dt='y', hr='1')");
    expect([await days('20240101', 1), await days('y', 1)]).toEqual(['5', '-1']);
    await ok("ALTER TABLE p MERGE PARTITION (dt='y', hr='1') OVERWRITE PARTITION (dt='20240102', hr='2')");
    await ok("ALTER TABLE p ADD PARTITION (dt='y', hr='1')");
    expect([await days('20240102', 2), await days('y', 1)]).toEqual(['5', '5']);
    expect(await fails("ALTER TABLE p PARTITION (dt='none', hr='1') DISABLE LIFECYCLE")).toMatch(
      /^ODPS-0110061: .*dt='none',hr='1'/,
    );
    expect(await fails("ALTER TABLE p PARTITION (dt='x') DISABLE LIFECYCLE")).toMatch(
      /^ODPS-0130071:\[1,15\]/,
    );
  });

  it('are added, several at once, numbers in one form', async () => {
    await ok("ALTER TABLE p ADD PARTITION (dt='a', hr=01) PARTITION (hr='2', dt='a')");
    expect(await list()).toEqual([
      ...['dt=20240101/hr=1', 'dt=20240101/hr=10', 'dt=20240102/hr=2', 'dt=a/hr=1', 'dt=a/hr=2', 'dt=x/hr=1'],
    ]);
    await ok("ALTER TABLE p ADD IF NOT EXISTS PARTITION (dt='a', hr=1), PARTITION (dt='a', hr=3)");
    expect(await fails("ALTER TABLE p ADD PARTITION (dt='b', hr=1), PARTITION (dt='a', hr='1')")).toBe(
      'ODPS-0110061: Failed to run ddltask - AlreadyExistsException(message:Partition already exists, existed values: ["a","1"])',
    );
    expect(await list()).not.toContain('dt=b/hr=1');
  });

  it.each([
    ["dt = '20240101', hr = '1'", ['dt=20240101/hr=1']],
    ["dt = '20240101'", ['dt=20240101/hr=1', 'dt=20240101/hr=10']],
    ["dt < '20240102'", ['dt=20240101/hr=1', 'dt=20240101/hr=10']],
    ['hr >= 2', ['dt=20240101/hr=10', 'dt=20240102/hr=2']],
    ["hr < 10 AND NOT dt LIKE '2024%'", ['dt=x/hr=1']],
    ["dt IN ('x', '20240102') OR hr = 10", ['dt=20240101/hr=10', 'dt=20240102/hr=2', 'dt=x/hr=1']],
    ["dt BETWEEN '20240102' AND '3' AND (hr <> 7)", ['dt=20240102/hr=2']],
  ])('are dropped by a condition: %s', async (condition, gone) => {
    const before = await list();
    await ok(`ALTER TABLE p DROP PARTITION (${condition})`);
    expect(await list()).toEqual(before.filter((one) => !gone.includes(one)));
    expect(await rows('SELECT COUNT(*) FROM p')).toEqual([String(4 - gone.length)]);
    expect((await json('p')).recordNum).toBe(4 - gone.length);
  });

  it('are dropped only when they are there, unless IF EXISTS', async () => {
    const missing = "PARTITION (dt='x', hr=1), PARTITION (dt='never')";
    expect(await fails(`ALTER TABLE p DROP ${missing}`)).toMatch(/^ODPS-0110061: .*Partition not found/);
    expect(await list()).toHaveLength(4);
    await ok(`ALTER TABLE p DROP IF EXISTS ${missing}`);
    expect(await list()).toHaveLength(3);
    expect(await fails("ALTER TABLE p DROP PARTITION (id = '1')")).toBe(
      'ODPS-0130071:[1,20] Semantic analysis exception - invalid column reference id, partition expression must have one and only one column reference',
    );
  });

  it('are renamed with their rows', async () => {
    await ok("ALTER TABLE p PARTITION (dt='x', hr=1) RENAME TO PARTITION (dt='y', hr=2)");
    expect(await list()).toContain('dt=y/hr=2');
    expect(await rows("SELECT id FROM p WHERE dt = 'y' AND hr = 2")).toEqual(['4']);
    expect(await fails("ALTER TABLE p PARTITION (dt='x', hr=1) RENAME TO PARTITION (dt='z', hr=2)")).toMatch(
      /not found/,
    );
    expect(
      await fails("ALTER TABLE p PARTITION (dt='y', hr=2) RENAME TO PARTITION (dt='20240101', hr=1)"),
    ).toMatch(/already exists/);
  });

  it('are merged, also into one of them', async () => {
    await ok("ALTER TABLE p MERGE PARTITION (dt='20240101') OVERWRITE PARTITION (dt='20240101', hr=1)");
    expect(await list()).toEqual(['dt=20240101/hr=1', 'dt=20240102/hr=2', 'dt=x/hr=1']);
    await ok("ALTER TABLE p MERGE PARTITION (dt > '0') OVERWRITE PARTITION (dt='all', hr=0) PURGE");
    expect(await list()).toEqual(['dt=all/hr=0']);
    expect(await rows('SELECT id FROM p ORDER BY id')).toEqual(['1', '2', '3', '4']);
    expect((await json('p')).recordNum).toBe(4);
  });

  it('are emptied by TRUNCATE, and stay', async () => {
    await ok("TRUNCATE TABLE p PARTITION (dt='20240101')");
    expect(await rows('SELECT id FROM p ORDER BY id')).toEqual(['3', '4']);
    expect(await list()).toHaveLength(4);
    expect(await fails("TRUNCATE TABLE p PARTITION (dt='never')")).toMatch(/Partition not found/);
    await ok('TRUNCATE TABLE p');
    expect(await rows('SELECT COUNT(*) FROM p')).toEqual(['0']);
  });

  it.each([
    ["ADD PARTITION (dt='1')", /^ODPS-0130071:\[1,19\] .*no value for table partition column hr/],
    ["ADD PARTITION (dt='1', hr='x')", /hr='x' is no BIGINT/],
    ["ADD PARTITION (dt='', hr=1)", /no value for table partition column dt/],
    ["ADD PARTITION (dt='1', hr=1, x=1)", /no table partition column x/],
    ["ADD PARTITION (dt='1', dt='2')", /^ODPS-0130161:\[1,38\] .*dt is repeated/],
    ["ADD PARTITION (dt='a\\nb', hr=1)", /^ODPS-0123031:Partition exception - invalid partition value: dt=/],
  ])('are refused: %s', async (change, message) => {
    expect(await fails(`ALTER TABLE p ${change}`)).toMatch(message);
  });

  it('do not exist in a table without', async () => {
    await ok('CREATE OR REPLACE TABLE flat (id INT)');
    for (const statement of [
      "ALTER TABLE flat ADD PARTITION (dt='1')",
      "ALTER TABLE flat DROP PARTITION (dt='1')",
      "TRUNCATE TABLE flat PARTITION (dt='1')",
      'SHOW PARTITIONS flat',
    ])
      expect(await fails(statement)).toMatch(/^ODPS-0130071:.* table flat is not a partitioned table/);
  });

  it('answer the same to the calls of metadata', async () => {
    await ok("ALTER TABLE p PARTITION (dt='x', hr=1) RENAME TO PARTITION (dt='y', hr=2)");
    const path = '/projects/demo/tables/p';
    const { body } = await call(emulator.endpoint, path, { query: { partitions: '', name: '' } });
    expect(body).toContain('<Name>dt=&apos;y&apos;,hr=&apos;2&apos;</Name>');
    expect(body).not.toContain('dt=&apos;x&apos;');
  });
});
