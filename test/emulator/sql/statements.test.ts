import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { parseScript } from '../../../src/emulator/sql/script.ts';
import { call, commitUpload, createUpload, encode, putBlock, sql, start, upload } from '../harness.ts';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await start();
});
afterEach(() => emulator.stop());

const tableJson = async (name: string) => {
  const { body } = await call(emulator.endpoint, `/projects/demo/tables/${name}`, {
    query: { extended: '' },
  });
  return JSON.parse(/<!\[CDATA\[(.*?)\]\]>/s.exec(body)![1]!);
};

/** The statements that the official clients generate (their exact blanks, quotes and escapes). */
const GENERATED = [
  'CREATE TABLE IF NOT EXISTS demo.`a` (\nid bigint, name string\n);',
  "CREATE TABLE demo.`b` (\n  `id` BIGINT COMMENT 'it\\'s',\n  `v` DECIMAL(10,2)\n)\nCOMMENT 'a \\\"b\\\"'\nPARTITIONED BY (\n  `pt` STRING COMMENT 'day'\n)\nLIFECYCLE 7;",
  "CREATE TABLE demo.`c` (\nid bigint not null, name string,\n  PRIMARY KEY (`id`)\n)\nTBLPROPERTIES (\n  'transactional' = 'true'\n);",
  "CREATE TABLE IF NOT EXISTS `demo`.`d` (`id` BIGINT,`name` STRING COMMENT 'it\\'s') COMMENT 'c'  PARTITIONED BY (`pt` STRING,`h` STRING);",
  'CREATE TABLE `demo`.`e` (`id` BIGINT,`d` DECIMAL(10,2)) LIFECYCLE 10;',
  "ALTER TABLE demo.`d` ADD IF NOT EXISTS  PARTITION (pt='a',h='1');",
  "ALTER TABLE `demo`.`d` ADD PARTITION (pt='b',h='1');",
  "ALTER TABLE demo.`d` DROP IF EXISTS  PARTITION (pt='zz',h='1');",
  "ALTER TABLE `demo`.`d` DROP PARTITION(pt='b',h='1');",
  'TRUNCATE TABLE demo.`a`;',
  'DROP TABLE IF EXISTS demo.`nothing`;',
  'DROP TABLE  IF EXISTS `demo`.`e`;',
];

describe('statements of the official clients', () => {
  it('are all taken', async () => {
    for (const statement of GENERATED)
      expect(await sql(emulator, statement)).toEqual({ status: 'Success', text: '' });
    expect(Object.keys(emulator.stats().tables)).toEqual(['a', 'b', 'c', 'd']);
    expect(emulator.stats().tables.d?.tablePartitions).toEqual({ 'pt=a,h=1': 0 });
    expect(await tableJson('b')).toMatchObject({
      columns: [
        { name: 'id', type: 'bigint', comment: "it's" },
        { name: 'v', type: 'decimal(10,2)' },
      ],
      partitionKeys: [{ name: 'pt', type: 'string', comment: 'day' }],
      comment: 'a "b"',
      lifecycle: 7,
    });
    expect(JSON.parse((await tableJson('c')).Reserved)).toEqual({
      Transactional: 'true',
      PrimaryKey: ['id'],
      schema_version: '1',
    });
  });

  it.each([
    ['DROP TABLE nothing;', /^ODPS-0130131:.*Table not found/],
    [
      'CREATE TABLE a (id BIGINT); ',
      /^ODPS-0130211:\[1,14\] Table or view already exists - .*demo\.a already exists/,
    ],
    ["ALTER TABLE d ADD PARTITION (pt='a',h='1');", /already exists/],
    ["ALTER TABLE d ADD PARTITION (pt='a');", /^ODPS-0130071/],
    ["ALTER TABLE d DROP PARTITION (pt='x',h='1');", /Partition not found/],
    ['CREATE TABLE x (id NOTYPE);', /^ODPS-0130161:\[1,20\].*unknown type/],
    ['CREATE TABLE x (id BIGINT', /^ODPS-0130161/],
    ["SELECT 'open;", /unterminated/],
    [
      'SELECT * FROM nowhere;',
      /^ODPS-0130131:\[1,15\] Table not found - table demo.nowhere cannot be resolved$/,
    ],
    ['SELECT none FROM a;', /^ODPS-0130071:\[1,8\]/],
    ['SELECT FROM WHERE;', /^ODPS-0130161/],
    ['GRANT x TO y;', /^ODPS-0130161:\[1,1\]/],
  ])('%s fails as a statement, not as a request', async (statement, text) => {
    await sql(emulator, 'CREATE TABLE a (id BIGINT);');
    await sql(emulator, 'CREATE TABLE d (id BIGINT) PARTITIONED BY (pt STRING, h STRING);');
    await sql(emulator, "ALTER TABLE d ADD PARTITION (pt='a',h='1');");
    const answer = await sql(emulator, statement);
    expect(answer.status).toBe('Failed');
    expect(answer.text).toMatch(text);
  });

  it('keep settings before the statement', () => {
    const { settings, statements } = parseScript(
      'set odps.sql.type.system.odps2=true;\nSET a = b ;\nselect 1;',
    );
    expect([...settings]).toEqual([
      ['odps.sql.type.system.odps2', 'true'],
      ['a', 'b'],
    ]);
    expect(statements).toEqual([{ kind: 'query', text: 'select 1', start: 49 }]);
  });
});

describe('SELECT', () => {
  beforeEach(async () => {
    await emulator.sql('CREATE TABLE orders (id BIGINT, name STRING) PARTITIONED BY (dt STRING, hr STRING)');
    for (const hr of ['07', '08']) {
      const target = { table: 'orders', tablePartition: `dt=20260101,hr=${hr}` };
      const { json } = await createUpload(emulator, target, { create_partition: 'true' });
      const id = String(json.UploadID);
      await putBlock(
        emulator,
        target,
        id,
        0,
        encode([
          [BigInt(hr), 'say "hi"\n'],
          [2n ** 62n + 1n, null],
        ]),
      );
      await commitUpload(emulator, target, id);
    }
  });

  const text = async (query: string, settings = {}) => (await sql(emulator, query, settings)).text;

  it('answers CSV with table partition columns last', async () => {
    expect(await text('SELECT * FROM demo.orders WHERE dt="20260101" AND `hr`=\'07\' ORDER BY id;')).toBe(
      '"id","name","dt","hr"\n7,"say ""hi""\n","20260101","07"\n4611686018427387905,\\N,"20260101","07"\n',
    );
  });

  it('groups, counts, joins and names what has no name by its place', async () => {
    const query =
      'SELECT o.hr, COUNT(*), MAX(o.id) AS top FROM `demo`.`orders` o JOIN demo.orders p ON o.id = p.id AND o.hr = p.hr GROUP BY o.hr ORDER BY o.hr;';
    expect(await text(query)).toBe(
      '"hr","_c1","top"\n"07",2,4611686018427387905\n"08",2,4611686018427387905\n',
    );
    expect(
      await text("SELECT NVL(name, 'it\\'s; null') x FROM orders WHERE name IS NULL LIMIT 1; -- end"),
    ).toBe('"x"\n"it\'s; null"\n');
  });

  it('reads tables, never files', async () => {
    expect((await sql(emulator, "SELECT * FROM read_csv('/etc/passwd');")).status).toBe('Failed');
    expect((await sql(emulator, "SELECT * FROM '/etc/passwd';")).status).toBe('Failed');
  });

  it('follows ADD, DROP, TRUNCATE and DROP TABLE', async () => {
    expect(await text('SELECT COUNT(*) FROM orders;')).toBe('"_c0"\n4\n');
    await sql(emulator, "ALTER TABLE orders DROP PARTITION (dt='20260101',hr='07');");
    expect(await text('SELECT COUNT(*) FROM orders;')).toBe('"_c0"\n2\n');
    await sql(emulator, 'TRUNCATE TABLE orders;');
    expect(await text('SELECT COUNT(*) FROM orders;')).toBe('"_c0"\n0\n');
    await sql(emulator, 'DROP TABLE orders;');
    expect(await text('SELECT COUNT(*) FROM orders;')).toContain('Table not found');
  });
});

describe('values in results', () => {
  it('are exact, and instants stand in the zone of the session', async () => {
    await emulator.sql('CREATE TABLE v (at DATETIME, ts TIMESTAMP, ntz TIMESTAMP_NTZ, d DECIMAL(38,18))');
    // at=1769904000123 ms, ts=1769904000.123456789 s, ntz the same, d=12345678901234567890.123456789012345678
    await upload(emulator, { table: 'v' }, typedRow());
    const query = 'SELECT at, ts, ntz, d FROM v;';
    const number = '12345678901234567890.123456789012345678';
    expect((await sql(emulator, query)).text).toBe(
      `"at","ts","ntz","d"\n"2026-02-01 08:00:00","2026-02-01 08:00:00.123456789","2026-02-01 00:00:00.123456789",${number}\n`,
    );
    expect((await sql(emulator, `SET odps.sql.timezone=UTC; ${query}`)).text).toContain(
      '"2026-02-01 00:00:00.123456789"',
    );
    expect((await sql(emulator, query, { 'odps.sql.timezone': 'America/New_York' })).text).toContain(
      '"2026-01-31 19:00:00"',
    );
    expect((await sql(emulator, "SELECT COUNT(*) FROM v WHERE at >= '2026-02-01 08:00:00';")).text).toBe(
      '"_c0"\n1\n',
    );
  });

  it('have the nanoseconds of all years', async () => {
    const file = readFileSync(new URL('../../vectors/records.json', import.meta.url), 'utf8');
    const { hex } = JSON.parse(file).vectors.find(({ name }: { name: string }) => name === 'type_timestamp');
    await emulator.sql('CREATE TABLE w (c TIMESTAMP)');
    await upload(emulator, { table: 'w' }, Buffer.from(hex, 'hex'));
    const { text } = await sql(emulator, 'SELECT c FROM w ORDER BY c;', { 'odps.sql.timezone': 'UTC' });
    expect(text).toBe(
      '"c"\n"0001-01-01 00:00:00"\n"1969-12-31 23:59:59.999999999"\n"1970-01-01 00:00:00"\n"2024-05-06 07:08:09.123456789"\n',
    );
  });
});

/** One row of DATETIME, TIMESTAMP, TIMESTAMP_NTZ and DECIMAL, joined from pieces of the format. */
function typedRow(): Buffer {
  const time = { seconds: 1769904000n, nanos: 123456789n };
  return encode([[1769904000123n, time, time, '12345678901234567890.123456789012345678']]);
}

describe('columns that change', () => {
  const dated = { table: 't', tablePartition: 'pt=a' };
  const rows = async () => (await sql(emulator, 'SELECT * FROM t ORDER BY 1;')).text;
  const run = async (statement: string) =>
    expect(await sql(emulator, statement)).toEqual({ status: 'Success', text: '' });

  beforeEach(async () => {
    await run('CREATE TABLE t (id BIGINT, name STRING) PARTITIONED BY (pt STRING);');
    await run("ALTER TABLE t ADD PARTITION (pt='a');");
    await upload(emulator, dated, encode([[1, 'x']]));
  });

  it('keep the rows: added, renamed, of another type, dropped', async () => {
    await run('ALTER TABLE t ADD COLUMNS (note STRING, n BIGINT);');
    expect(await rows()).toBe('"id","name","note","n","pt"\n1,"x",\\N,\\N,"a"\n');
    await run('ALTER TABLE t CHANGE COLUMN name RENAME TO title;');
    await run('ALTER TABLE demo.t CHANGE COLUMN id id STRING;');
    expect(await rows()).toBe('"id","title","note","n","pt"\n"1","x",\\N,\\N,"a"\n');
    await run('ALTER TABLE t DROP COLUMNS note, n;');
    expect((await tableJson('t')).columns).toMatchObject([
      { name: 'id', type: 'string' },
      { name: 'title', type: 'string' },
    ]);
    await upload(emulator, dated, encode([['2', 'y']]));
    expect(await rows()).toBe('"id","title","pt"\n"1","x","a"\n"2","y","a"\n');
  });

  it('end the sessions that began before', async () => {
    const id = String((await createUpload(emulator, dated)).json.UploadID);
    await run('ALTER TABLE t ADD COLUMNS (note STRING);');
    const block = await putBlock(emulator, dated, id, 0, encode([]));
    expect([block.status, block.json.Code]).toEqual([412, 'SchemaModified']);
    expect((await commitUpload(emulator, dated, id)).json.Code).toBe('SchemaModified');
  });

  it.each([
    'ALTER TABLE t ADD COLUMNS (name STRING);',
    'ALTER TABLE t ADD COLUMNS (pt STRING);',
    'ALTER TABLE t DROP COLUMN nothing;',
    'ALTER TABLE t CHANGE COLUMN nothing some BIGINT;',
    'ALTER TABLE t CHANGE COLUMN id name BIGINT;',
  ])('are refused: %s', async (statement) => {
    expect(await sql(emulator, statement)).toMatchObject({ status: 'Failed' });
  });
});
