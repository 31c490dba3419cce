import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { start } from '../harness.ts';
import { answersOf } from './answers.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start();
});
afterAll(() => emulator.stop());
const { ok, fails, json, rows } = answersOf(() => emulator);

describe('CREATE TABLE', () => {
  it('makes columns of the primary key NOT NULL, said or not, as PyODPS writes them', async () => {
    await ok(
      "CREATE TABLE demo.`keyed` (\n  `id` BIGINT,\n  `v` STRING,\n  PRIMARY KEY (`id`)\n)\nTBLPROPERTIES (\n  'transactional' = 'true'\n);",
    );
    const columns = [
      { name: 'id', isNullable: false },
      { name: 'v', isNullable: true },
    ];
    expect(await json('keyed')).toMatchObject({ columns });
    expect(await ok('SHOW CREATE TABLE keyed')).toMatch(/`?id`? BIGINT NOT NULL/);
  });

  it('takes a key that is kept by no table, as SQLAlchemy declares one for each', async () => {
    await ok('CREATE TABLE orm (\n\tid INT, \n\tname STRING, \n\tPRIMARY KEY (id)\n)');
    const columns = [{ name: 'id', isNullable: false }, { name: 'name' }];
    const made = await json('orm');
    expect(made).toMatchObject({ columns });
    expect(String(made.Reserved)).not.toContain('PrimaryKey');
    await ok("INSERT INTO orm VALUES (1, 'a'), (1, 'b')");
    expect(await rows('SELECT COUNT(*) FROM orm')).toEqual(['2']);
  });

  it('passes over the shards of a hub, and keeps the tier of its storage', async () => {
    await ok(
      "CREATE TABLE sharded (id INT) TBLPROPERTIES ('storagetier'='standard') INTO 10 SHARDS HUBLIFECYCLE 5",
    );
    expect(String((await json('sharded')).Reserved)).toContain('"StorageTier":"standard"');
    await ok("ALTER TABLE sharded SET TBLPROPERTIES ('storagetier'='lowfrequency')");
    expect(String((await json('sharded')).Reserved)).toContain('"StorageTier":"lowfrequency"');
    expect(await ok('SHOW CREATE TABLE sharded')).toContain('storagetier');
  });

  it('keeps fields of structs in lower case, as it keeps names of columns', async () => {
    await ok('CREATE TABLE fields (M MAP<STRING,ARRAY<STRUCT<`Ab C`:BIGINT,Y:STRUCT<Z:INT>>>>)');
    await ok('ALTER TABLE fields ADD COLUMNS (s STRUCT<A:INT>)');
    const columns = [
      { name: 'm', type: 'map<string,array<struct<`ab c`:bigint,y:struct<z:int>>>>' },
      { name: 's', type: 'struct<a:int>' },
    ];
    expect(await json('fields')).toMatchObject({ columns });
    await ok("INSERT INTO fields SELECT NULL, named_struct('A', 1)");
    expect(await rows('SELECT s.a, s.A FROM fields')).toEqual(['1,1']);
    expect(await rows("SELECT named_struct('Ab', 1)")).toEqual(['"{""ab"":1}"']);
    await ok("CREATE TABLE copied AS SELECT named_struct('Ab', 1) AS s");
    expect(await json('copied')).toMatchObject({ columns: [{ type: 'struct<ab:int>' }] });
    expect(await fails('CREATE TABLE twice (s STRUCT<a:INT,A:INT>)')).toContain('field "A" twice');
  });

  it('keeps every type, in either case', async () => {
    const types = [
      ...[
        'TINYINT',
        'smallint',
        'Int',
        'BIGINT',
        'FLOAT',
        'double',
        'BOOLEAN',
        'STRING',
        'BINARY',
        'JSON',
        'DATE',
      ],
      ...[
        'DATETIME',
        'timestamp',
        'TIMESTAMP_NTZ',
        'DECIMAL',
        'decimal(10)',
        'DECIMAL(38,18)',
        'VARCHAR(65535)',
      ],
      ...[
        'char(255)',
        'ARRAY<ARRAY<INT>>',
        'map<string,array<bigint>>',
        'STRUCT<a:bigint,`b c`:map<int,date>>',
      ],
      ...['INTERVAL_DAY_TIME', 'interval_year_month'],
    ];
    await ok(`CREATE TABLE types (${types.map((type, index) => `c${index} ${type}`).join(', ')});`);
    const { columns } = await json('types');
    const expected = types.map((type) => type.toLowerCase()).map((type) => SHOWN[type] ?? type);
    expect((columns as { type: string }[]).map(({ type }) => type)).toEqual(expected);
  });

  const SHOWN: Record<string, string> = { decimal: 'decimal(38,18)', 'decimal(10)': 'decimal(10,0)' };

  it('keeps comments, defaults, NOT NULL, lifecycle, properties and clustering', async () => {
    await ok(
      "CREATE TABLE full_ (id BIGINT NOT NULL COMMENT 'a \\'b\\' \\\\', n INT DEFAULT -1+2, s STRING DEFAULT 'x,y' COMMENT 'z') COMMENT \"it's\" PARTITIONED BY (dt STRING COMMENT 'day') CLUSTERED BY (id) SORTED BY (n DESC) INTO 8 BUCKETS TBLPROPERTIES ('K'='v') LIFECYCLE 30",
    );
    expect(await json('full_')).toMatchObject({
      comment: "it's",
      lifecycle: 30,
      columns: [
        { name: 'id', isNullable: false, comment: "a 'b' \\" },
        { name: 'n', defaultValue: '-1+2' },
        { name: 's', defaultValue: "'x,y'", comment: 'z' },
      ],
      partitionKeys: [{ name: 'dt', comment: 'day' }],
      tableProperties: '{"k":"v"}',
    });
    expect(JSON.parse((await json('full_')).Reserved as string)).toMatchObject({
      ClusterType: 'hash',
      BucketNum: 8,
      ClusterCols: ['id'],
      SortCols: [{ col: 'n', order: 'desc' }],
    });
  });

  it('makes Delta tables with the key behind the column or behind all columns', async () => {
    await ok(
      "CREATE TABLE d1 (id BIGINT NOT NULL PRIMARY KEY, v INT) TBLPROPERTIES ('transactional'='true')",
    );
    await ok(
      "CREATE TABLE d2 (a BIGINT NOT NULL, b STRING NOT NULL, PRIMARY KEY (a, b)) TBLPROPERTIES ('transactional'='true', 'write.bucket.num'='16', 'acid.data.retain.hours'='48')",
    );
    expect(JSON.parse((await json('d1')).Reserved as string)).toMatchObject({
      Transactional: 'true',
      PrimaryKey: ['id'],
    });
    expect(JSON.parse((await json('d2')).Reserved as string)).toMatchObject({
      PrimaryKey: ['a', 'b'],
      BucketNum: 16,
      'acid.data.retain.hours': '48',
    });
  });

  it('describes external tables, whose files it does not have', async () => {
    await ok(
      "CREATE EXTERNAL TABLE ext (id BIGINT) STORED BY 'com.aliyun.odps.CsvStorageHandler' WITH SERDEPROPERTIES ('a'='b') LOCATION 'oss://bucket/x/'",
    );
    expect(await json('ext')).toMatchObject({ isExternal: true, location: 'oss://bucket/x/' });
    expect(await fails('INSERT INTO ext VALUES (1)')).toMatch(/^ODPS-0130071:\[1,13\] .*external table/);
  });

  it('LIKE takes columns, table partition columns and key, but no rows and no lifecycle', async () => {
    await ok(
      "CREATE TABLE origin (id BIGINT COMMENT 'c') COMMENT 't' PARTITIONED BY (dt STRING) LIFECYCLE 3",
    );
    await ok("INSERT INTO origin PARTITION (dt='1') VALUES (1)");
    await ok('CREATE TABLE copy_ LIKE origin');
    expect(await json('copy_')).toMatchObject({
      columns: [{ name: 'id', comment: 'c' }],
      partitionKeys: [{ name: 'dt' }],
      comment: 't',
      lifecycle: -1,
      recordNum: 0,
    });
    expect(await fails('CREATE TABLE copy2 LIKE nothing')).toMatch(/^ODPS-0130131:\[1,25\]/);
  });

  it('AS takes names, types and rows of a query', async () => {
    await ok(
      "CREATE TABLE made LIFECYCLE 5 COMMENT 'm' AS SELECT 1 AS a, CAST('x' AS STRING) AS b, COUNT(*) FROM (SELECT 1) q",
    );
    expect(await json('made')).toMatchObject({
      lifecycle: 5,
      columns: [
        { name: 'a', type: 'int' },
        { name: 'b', type: 'string' },
        { name: '_c2', type: 'bigint' },
      ],
      recordNum: 1,
    });
    expect(await rows('SELECT * FROM made')).toEqual(['1,"x",1']);
  });

  it('AS leaves nothing behind when the query fails or names columns twice', async () => {
    await fails('CREATE TABLE failed AS SELECT nothing FROM nowhere');
    expect(await fails('CREATE TABLE failed AS SELECT 1 AS a, 2 AS a')).toMatch(/^ODPS-0130071/);
    expect(await ok("SHOW TABLES LIKE 'failed'")).toBe('');
  });

  it('OR REPLACE makes it anew, IF NOT EXISTS leaves it as it is', async () => {
    await ok(
      'CREATE TABLE again (a BIGINT); INSERT INTO again VALUES (1); CREATE TABLE IF NOT EXISTS again (b STRING);',
    );
    expect(await rows('SELECT a FROM again')).toEqual(['1']);
    await ok('CREATE OR REPLACE TABLE again (b STRING)');
    expect(await ok('SELECT * FROM again')).toBe('"b"\n');
    expect(await fails('CREATE TABLE demo.again (a INT)')).toBe(
      'ODPS-0130211:[1,14] Table or view already exists - table or view demo.again already exists',
    );
  });

  it('OR REPLACE is one change: nobody finds nothing in between', async () => {
    const replace = 'CREATE OR REPLACE TABLE swapped (a BIGINT); INSERT INTO swapped VALUES (1);';
    const view = 'CREATE OR REPLACE VIEW swapped_view AS SELECT a FROM swapped;';
    await ok(`${replace}${view}`);
    const found = new Set<string>();
    let isOver = false;
    const reader = (async () => {
      while (!isOver)
        found.add(String((await emulator.sql('SELECT COUNT(*) FROM swapped_view')).split('\n')[1]));
    })();
    try {
      for (let round = 0; round < 10; round += 1) await ok(`${replace}${view}`);
    } finally {
      isOver = true;
    }
    await reader;
    expect([...found].sort()).toEqual(found.has('0') ? ['0', '1'] : ['1']);
  });

  const manyColumns = Array.from({ length: 1201 }, (_, index) => `c${index} INT`).join(', ');
  it.each([
    ['CREATE TABLE w (a INT, A STRING)', /^ODPS-0130071:\[1,14\] .*column a is repeated/],
    ['CREATE TABLE w (a INT) PARTITIONED BY (a STRING)', /column a is repeated/],
    [`CREATE TABLE w (${manyColumns})`, /1201 columns exceed the limit of 1200/],
    [
      `CREATE TABLE w (a INT) PARTITIONED BY (${[1, 2, 3, 4, 5, 6, 7].map((n) => `p${n} STRING`).join(', ')})`,
      /7 partition columns exceed the limit of 6/,
    ],
    [
      'CREATE TABLE w (a INT) PARTITIONED BY (p DOUBLE)',
      /^ODPS-0130151:.*partition column p cannot be of type DOUBLE/,
    ],
    [
      "CREATE TABLE w (a INT, PRIMARY KEY (b)) TBLPROPERTIES ('transactional'='true')",
      /primary key column b cannot be resolved/,
    ],
    ['CREATE TABLE w (a NOTYPE)', /^ODPS-0130161:\[1,19\] Parse exception - unknown type/],
    ['CREATE TABLE w (a VARCHAR)', /^ODPS-0130161:\[1,19\] .*needs a length/],
    ['CREATE TABLE w (a DECIMAL(39,2))', /^ODPS-0130161:\[1,19\]/],
    ['CREATE TABLE w (a DECIMAL(54,17))', /^ODPS-0130161:\[1,19\]/],
    ['CREATE TABLE `w x` (a INT)', /^ODPS-0130071:\[1,14\] .*'w x' is no name/],
    ['CREATE TABLE w (`a.b` INT)', /^ODPS-0130191:.*'a.b' is no column name/],
    ['CREATE TABLE w (a INT) LIFECYCLE 0', /^ODPS-0130161:\[1,34\]/],
    ['CREATE TABLE w (a INT) LIFECYCLE soon', /^ODPS-0130161:\[1,34\]/],
    ['CREATE TABLE w (a INT) CLUSTERED BY (b) INTO 4 BUCKETS', /clustering column b cannot be resolved/],
    ['CREATE OR REPLACE TABLE w AS SELECT 1 AS a', /cannot be combined with AS or LIKE/],
    ['CREATE OR REPLACE TABLE w LIKE types', /cannot be combined with AS or LIKE/],
    ['CREATE TABLE w ()', /^ODPS-0130161/],
    ['CREATE TABLE w', /^ODPS-0130161/],
    ['CREATE TABLE elsewhere.s.w (a INT)', /^ODPS-0130131:\[1,14\].*elsewhere.s.w/],
  ])('%.60s is refused', async (statement, message) => {
    expect(await fails(statement)).toMatch(message);
    expect(await ok("SHOW TABLES LIKE 'w'")).toBe('');
  });
});

describe('CREATE VIEW', () => {
  it('shows the rows as they are when it is read, under its own names', async () => {
    await ok('CREATE TABLE base (id BIGINT, v STRING); INSERT INTO base VALUES (1, "a");');
    await ok(
      "CREATE VIEW named (x COMMENT 'xx', y) COMMENT 'vv' AS SELECT id, COUNT(*) FROM demo.base GROUP BY id",
    );
    await ok('INSERT INTO base VALUES (1, "b")');
    expect(await ok('SELECT * FROM demo.named')).toBe('"x","y"\n1,2\n');
    expect(await json('named')).toMatchObject({
      isVirtualView: true,
      comment: 'vv',
      viewText: 'SELECT id, COUNT(*) FROM demo.base GROUP BY id',
      columns: [
        { name: 'x', type: 'bigint', comment: 'xx' },
        { name: 'y', type: 'bigint' },
      ],
    });
  });

  it('keeps its columns when its table gets more', async () => {
    await ok('CREATE TABLE grows (id BIGINT); CREATE VIEW of_grows AS SELECT * FROM grows;');
    await ok('ALTER TABLE grows ADD COLUMNS (more STRING); INSERT INTO grows VALUES (1, "m");');
    expect(await ok('SELECT * FROM of_grows')).toBe('"id"\n1\n');
  });

  it('is replaced only when asked for, and never in the place of a table', async () => {
    await ok('CREATE VIEW again_v AS SELECT 1 AS a; CREATE VIEW IF NOT EXISTS again_v AS SELECT 2 AS b;');
    expect(await ok('SELECT * FROM again_v')).toBe('"a"\n1\n');
    await ok('CREATE OR REPLACE VIEW again_v AS SELECT 3 AS c');
    expect(await ok('SELECT * FROM again_v')).toBe('"c"\n3\n');
    expect(await fails('CREATE VIEW again_v AS SELECT 1')).toMatch(/^ODPS-0130211:\[1,13\]/);
    await ok('CREATE TABLE taken (a INT)');
    expect(await fails('CREATE OR REPLACE VIEW taken AS SELECT 1 AS a')).toMatch(/^ODPS-0130211/);
  });

  it.each([
    ['CREATE VIEW w AS SELECT nothing FROM nowhere', /^ODPS-0130131:\[1,38\] .*demo.nowhere/],
    ['CREATE VIEW w (a) AS SELECT 1, 2', /names 1 columns, its query has 2/],
    ['CREATE VIEW w AS SELECT 1 AS a, 2 AS a', /column a is repeated/],
    ['CREATE VIEW w AS DROP TABLE t', /^ODPS-0130161:\[1,18\]/],
  ])('%s is refused', async (statement, message) => {
    expect(await fails(statement)).toMatch(message);
    expect(await ok("SHOW VIEWS LIKE 'w'")).toBe('');
  });
});

describe('schemas', () => {
  it('come, hold tables and go when they are empty', async () => {
    await ok(
      'CREATE SCHEMA IF NOT EXISTS sales; CREATE TABLE sales.t (a INT); CREATE TABLE demo.sales.u (a INT);',
    );
    expect(await ok('SHOW SCHEMAS')).toBe('default\nsales\n');
    expect(await ok('SHOW TABLES IN sales')).toBe('ALIYUN$local:t\nALIYUN$local:u\n');
    expect(await fails('CREATE SCHEMA sales')).toMatch(/^ODPS-0110061: .*sales already exists/);
    expect(await fails('DROP SCHEMA sales')).toMatch(/not empty/);
    await ok(
      'DROP TABLE sales.t; DROP TABLE demo.sales.u; DROP SCHEMA demo.sales; DROP SCHEMA IF EXISTS sales;',
    );
    expect(await ok('SHOW SCHEMAS')).toBe('default\n');
    expect(await fails('DROP SCHEMA sales')).toMatch(/^ODPS-0110061: .*not found/);
    expect(await fails('SHOW TABLES IN sales')).toMatch(/not found/);
    expect(await fails('DROP SCHEMA default')).toMatch(/cannot be dropped/);
  });
});

describe('SHOW CREATE TABLE', () => {
  const text = fc.string({ unit: fc.constantFrom(...'aé💧\'"\\`\n\t;-*/%(),'), maxLength: 12 });
  const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
  const simple = fc.constantFrom(
    'BIGINT',
    'STRING',
    'DECIMAL(20,3)',
    'VARCHAR(9)',
    'DATETIME',
    'BINARY',
    'JSON',
  );
  const type = fc.oneof(
    simple,
    simple.map((inner) => `MAP<STRING,ARRAY<${inner}>>`),
    fc.tuple(name, simple).map(([field, inner]) => `STRUCT<${field}:${inner},\`B c\`:INT>`),
  );
  const quoted = (value: string) => `'${value.replace(/[\\']/g, '\\$&')}'`;
  const column = fc.record({
    name,
    type,
    strict: fc.boolean(),
    comment: text,
    fallback: fc.option(fc.constantFrom('1', "'a,b'", 'concat("x", 1)')),
  });
  const table = fc.record({
    columns: fc.uniqueArray(column, { minLength: 1, maxLength: 5, selector: (one) => one.name }),
    levels: fc.uniqueArray(name, { maxLength: 2 }),
    comment: text,
    lifecycle: fc.option(fc.integer({ min: 1, max: 9999 })),
    properties: fc.dictionary(name, text, { maxKeys: 2, noNullPrototype: true }),
    delta: fc.boolean(),
    clustered: fc.boolean(),
  });

  it('answers a statement that makes the same table again', async () => {
    let number = 0;
    const again = async (
      made: typeof table extends fc.Arbitrary<infer Made> ? Made : never,
    ): Promise<void> => {
      number += 1;
      const first = `r${number}`;
      const key = made.delta && made.columns[0]!;
      const columns = made.columns.map(
        (one) =>
          `\`${one.name}\` ${one.type}${one.strict || one === key ? ' NOT NULL' : ''}${one.fallback ? ` DEFAULT ${one.fallback}` : ''} COMMENT ${quoted(one.comment)}`,
      );
      const levels = made.levels.filter((one) => made.columns.every((other) => other.name !== one));
      const properties = Object.entries({ ...made.properties, ...(key ? { transactional: 'true' } : {}) });
      const clauses = [
        `CREATE TABLE ${first} (${[...columns, ...(key ? [`PRIMARY KEY (\`${key.name}\`)`] : [])].join(', ')})`,
        `COMMENT ${quoted(made.comment)}`,
        levels.length ? `PARTITIONED BY (${levels.map((one) => `\`${one}\` STRING`).join(', ')})` : '',
        made.clustered
          ? `RANGE CLUSTERED BY (\`${made.columns[0]!.name}\`) SORTED BY (\`${made.columns[0]!.name}\`)`
          : '',
        properties.length
          ? `TBLPROPERTIES (${properties.map(([k, v]) => `${quoted(k)}=${quoted(v)}`).join(', ')})`
          : '',
        made.lifecycle ? `LIFECYCLE ${made.lifecycle}` : '',
      ];
      await ok(clauses.join(' '));
      const shown = await ok(`SHOW CREATE TABLE ${first}`);
      const before = await json(first);
      await ok(`DROP TABLE ${first}`);
      await ok(shown);
      const untimed = ({
        createTime: _c,
        lastDDLTime: _d,
        lastModifiedTime: _m,
        ...rest
      }: Record<string, unknown>) => rest;
      expect(untimed(await json(first)), shown).toEqual(untimed(before));
      expect(await ok(`SHOW CREATE TABLE ${first}`)).toBe(shown);
    };
    await fc.assert(fc.asyncProperty(table, again), { numRuns: 60 });
  });

  it('answers the same for views and external tables', async () => {
    await ok('CREATE TABLE under_ (id BIGINT)');
    await ok(
      "CREATE VIEW shown_v (a COMMENT 'x\\'y') COMMENT 'c' AS SELECT id AS b -- why\nFROM under_ WHERE id > 1",
    );
    await ok(
      "CREATE EXTERNAL TABLE shown_x (id BIGINT) PARTITIONED BY (dt STRING) ROW FORMAT SERDE 'a.B' WITH SERDEPROPERTIES ('k'='v') STORED AS PARQUET LOCATION 'oss://b/' TBLPROPERTIES ('p'='q')",
    );
    for (const [name, drop] of [
      ['shown_v', 'DROP VIEW shown_v'],
      ['shown_x', 'DROP TABLE shown_x'],
    ] as const) {
      const shown = await ok(`SHOW CREATE TABLE ${name}`);
      await ok(`${drop}; ${shown}`);
      expect(await ok(`SHOW CREATE TABLE ${name}`)).toBe(shown);
    }
  });
});
