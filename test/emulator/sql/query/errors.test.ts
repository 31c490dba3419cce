import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../../src/emulator/server.ts';
import { describeQueryError } from '../../../../src/emulator/sql/query/errors.ts';
import { sql, start } from '../../harness.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start();
  await emulator.sql(
    'CREATE TABLE t (id BIGINT, name STRING, dt DATETIME, a ARRAY<BIGINT>) PARTITIONED BY (pt STRING)',
  );
});
afterAll(() => emulator.stop());

/** Queries that fail, with the number, the place and a part of the service's text. */
const WRONG: readonly (readonly [string, string])[] = [
  // 0130161: what cannot be read, at the token that cannot stand there
  ['SELECT FROM t', "ODPS-0130161:[1,8] Parse exception - invalid token 'FROM'"],
  ['SELECT 1 +', 'ODPS-0130161:[1,11] Parse exception - invalid token'],
  ['SELECT (1', 'ODPS-0130161:[1,10] Parse exception - invalid token'],
  ['SELECT id frm t', "ODPS-0130161:[1,15] Parse exception - invalid token 't'"],
  ['SELECT id\nFROM t\nWHERE AND', "ODPS-0130161:[3,7] Parse exception - invalid token 'AND'"],
  ['SELECT id FROM t LIMIT x', "ODPS-0130161:[1,24] Parse exception - invalid token 'x'"],
  ['SELECT CASE 1 END', "ODPS-0130161:[1,15] Parse exception - invalid token 'END', expect 'WHEN'"],
  ['SELECT cast(1 AS nothing)', 'ODPS-0130161:[1,18] Parse exception - unknown type'],
  ['SELECT 300Y', 'ODPS-0130161:[1,8] Parse exception - number 300Y is out of range'],
  ['SELECT id FROM t JOIN', 'ODPS-0130161:[1,22] Parse exception'],
  ['SELECT id IN () FROM t', 'ODPS-0130161'],
  ['SELECT 1a2 b c', 'ODPS-0130161'],
  // 0130131: tables
  ['SELECT * FROM nothing', 'ODPS-0130131:[1,15] Table not found - table demo.nothing cannot be resolved'],
  [
    'SELECT 1 FROM t a JOIN demo.none b ON a.id = b.id',
    'ODPS-0130131:[1,24] Table not found - table demo.none cannot be resolved',
  ],
  ['SET a=b;\nSELECT * FROM nothing', 'ODPS-0130131:[2,15]'],
  // 0130071: names and types
  ['SELECT nope FROM t', 'ODPS-0130071:[1,8] Semantic analysis exception - column nope cannot be resolved'],
  [
    'SELECT id,\n  x.nope FROM t x',
    'ODPS-0130071:[2,5] Semantic analysis exception - column x.nope cannot be resolved',
  ],
  [
    'SELECT y.id FROM t x',
    'ODPS-0130071:[1,8] Semantic analysis exception - table or column y.id cannot be resolved',
  ],
  ['SELECT t.id FROM t x', 'ODPS-0130071:[1,8]'],
  [
    'SELECT id FROM t WHERE big = 1 ORDER BY big',
    'ODPS-0130071:[1,24] Semantic analysis exception - column big',
  ],
  ['SELECT id AS big FROM t WHERE big = 1', 'ODPS-0130071:[1,31] Semantic analysis exception - column big'],
  [
    'SELECT id FROM t a JOIN t b ON a.id = b.id',
    'ODPS-0130071:[1,8] Semantic analysis exception - column id is ambiguous',
  ],
  [
    'SELECT 1 FROM t JOIN t ON true',
    'ODPS-0130071:[1,22] Semantic analysis exception - table alias t is used twice',
  ],
  [
    'SELECT nope(1)',
    "ODPS-0130071:[1,8] Semantic analysis exception - function or view 'nope' cannot be resolved",
  ],
  ['SELECT list_sort(a) FROM t', "function or view 'list_sort' cannot be resolved"],
  ["SELECT read_text('/etc/passwd')", "function or view 'read_text' cannot be resolved"],
  ["SELECT * FROM read_text('/etc/passwd')", 'ODPS-0130161'],
  ["SELECT compress('a')", 'function compress is not supported by this local MaxCompute'],
  ['SELECT mc_bigint(1)', "function or view 'mc_bigint' cannot be resolved"],
  [
    'SELECT id FROM t WHERE name',
    'ODPS-0130071:[1,24] Semantic analysis exception - expect a BOOLEAN expression, actually it is STRING',
  ],
  [
    'SELECT name FROM t GROUP BY id',
    'ODPS-0130071:[1,8] Semantic analysis exception - column reference name should appear in GROUP BY key',
  ],
  [
    'SELECT name, grouping(pt) FROM t GROUP BY name',
    'ODPS-0130071:[1,23] Semantic analysis exception - column pt of GROUPING should appear in GROUP BY key',
  ],
  [
    'SELECT grouping_id(id) FROM t',
    'ODPS-0130071:[1,20] Semantic analysis exception - GROUPING needs a GROUP BY clause',
  ],
  // what only fails while it runs: in the service's types, under whatever is around it
  [
    "SELECT count(*) FROM (SELECT instr('a', 'a', 0) x) q WHERE x > 0",
    'ODPS-0121095:Invalid arguments - the start',
  ],
  ["SELECT date_add(date '2020-01-01', 9999999999)", 'value 9999999999 is out of range of INT'],
  [
    "SELECT length(repeat('abc', 100000000))",
    'ODPS-0121095:Invalid arguments - a text would be longer than 8 MiB',
  ],
  ['SELECT length(space(9223372036854775807))', 'a text would be longer than 8 MiB'],
  ['SELECT size(sequence(1L, 9223372036854775807L))', 'an array would have more than 10000000 elements'],
  ['SELECT size(array_repeat(1, 3000000000))', 'an array would have more than 10000000 elements'],
  ['SELECT ngrams(array(1), 0)', 'ODPS-0121095:Invalid arguments - ngrams needs a positive length'],
  [
    'SELECT a.id FROM t a LEFT JOIN t b ON a.id IN (SELECT 1)',
    'ODPS-0130071:[1,1] Semantic analysis exception - this local MaxCompute cannot run a subquery in the condition of an outer join',
  ],
  // frames of windows
  [
    'SELECT sum(id) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND 1 PRECEDING) FROM t',
    'ODPS-0130161:[1,34] Parse exception - a frame cannot go from CURRENT ROW to 1 PRECEDING',
  ],
  [
    'SELECT sum(id) OVER (ORDER BY id ROWS 1 FOLLOWING) FROM t',
    'a frame cannot go from 1 FOLLOWING to CURRENT ROW',
  ],
  ['SELECT sum(id) OVER (ORDER BY id ROWS 1.5 PRECEDING) FROM t', 'ODPS-0130161:[1,39]'],
  [
    'SELECT sum(id) OVER (ORDER BY name RANGE 1 PRECEDING) FROM t',
    'ODPS-0130071:[1,31] Semantic analysis exception - RANGE with an offset needs ORDER BY one number',
  ],
  // forms that are known and missing
  [
    "SELECT TRANSFORM(id, name) USING 'cat' AS (a, b) FROM t",
    'ODPS-0130071:[1,8] Semantic analysis exception - SELECT TRANSFORM ... USING is not supported by this local MaxCompute',
  ],
  [
    "SELECT * FROM t PIVOT (sum(id) FOR pt IN ('a'))",
    'ODPS-0130071:[1,17] Semantic analysis exception - PIVOT is not supported by this local MaxCompute',
  ],
  [
    'SELECT * FROM (SELECT 1 x) q UNPIVOT (v FOR n IN (x))',
    'UNPIVOT is not supported by this local MaxCompute',
  ],
  ['SELECT id, count(*) FROM t', 'column reference id should appear in GROUP BY key'],
  [
    'SELECT id FROM t WHERE count(*) > 1',
    'ODPS-0130071:[1,24] Semantic analysis exception - function count cannot stand in the WHERE clause',
  ],
  ['SELECT 1 FROM t WHERE rank() OVER (ORDER BY id) = 1', 'ODPS-0130071:[1,23]'],
  [
    'SELECT sum(max(id)) FROM t',
    'ODPS-0130071:[1,12] Semantic analysis exception - function max cannot stand in another aggregate function',
  ],
  [
    'SELECT row_number() FROM t',
    'ODPS-0130071:[1,8] Semantic analysis exception - function row_number needs an OVER clause',
  ],
  ['SELECT upper(DISTINCT name) FROM t', 'ODPS-0130071'],
  ['SELECT sum(id) OVER w FROM t', 'window w cannot be resolved'],
  [
    'SELECT cast(dt AS BIGINT) FROM t',
    'ODPS-0130071:[1,8] Semantic analysis exception - cannot cast DATETIME to BIGINT',
  ],
  ['SELECT dt = 1 FROM t', 'DATETIME and INT cannot be compared'],
  [
    'SELECT CASE WHEN true THEN 1 ELSE a END FROM t',
    'branches of CASE have no common type: INT, ARRAY<BIGINT>',
  ],
  ["SELECT date'2020-13-01'", "ODPS-0130071:[1,8] Semantic analysis exception - '2020-13-01' is no DATE"],
  [
    "SELECT dateadd(dt, 1, 'xx') FROM t",
    "ODPS-0130071:[1,23] Semantic analysis exception - 'xx' is no unit of time",
  ],
  ['SELECT id FROM (SELECT 1 AS x) s', 'ODPS-0130071:[1,8]'],
  ['SELECT (SELECT 1, 2)', 'a scalar subquery must have one column, it has 2'],
  ['SELECT 1 IN (SELECT 1, 2)', 'the subquery of IN has 2 columns, expect 1'],
  ['SELECT transform(a, x -> x + nope) FROM t', 'column nope cannot be resolved'],
  ['SELECT transform(a, (x, y, z) -> x) FROM t', 'the lambda expression needs 1 parameters, it has 3'],
  ['SELECT explode(array(1)), explode(array(2))', 'table function explode can only stand once'],
  ['SELECT * FROM (VALUES (1, 2), (3)) v', 'the rows of VALUES have different lengths'],
  ['SELECT 1 FROM t GROUP BY 7', 'GROUP BY position 7 is not in the select list'],
  ["SELECT max_pt('t')", 'max_pt: table t has no partition with data'],
  ['SELECT from_json(name, name) FROM t', 'ODPS-0130121:[1,24]'],
  // 0130121 and 0130221: arguments
  [
    'SELECT substr(a, 2) FROM t',
    'ODPS-0130121:[1,15] Invalid argument type - invalid type ARRAY<BIGINT> of argument 1 for function substr, expect STRING',
  ],
  [
    'SELECT sum(dt) FROM t',
    'ODPS-0130121:[1,12] Invalid argument type - invalid type DATETIME of argument 1 for function sum',
  ],
  [
    'SELECT 1 + true',
    'ODPS-0130121:[1,8] Invalid argument type - invalid type BOOLEAN of argument 2 for function +',
  ],
  [
    "SELECT concat('a', true)",
    'ODPS-0130121:[1,20] Invalid argument type - invalid type BOOLEAN of argument 2 for function concat',
  ],
  [
    'SELECT to_char(dt, name), substr(name) FROM t',
    'ODPS-0130221:[1,27] Invalid number of arguments - function substr needs 2 to 3 parameters, actually have 1',
  ],
  [
    'SELECT md5()',
    'ODPS-0130221:[1,8] Invalid number of arguments - function md5 needs 1 parameters, actually have 0',
  ],
  [
    'SELECT if(true)',
    'ODPS-0130221:[1,8] Invalid number of arguments - function if needs 2 to 3 parameters, actually have 1',
  ],
  // 0130241: UNION
  [
    'SELECT 1 UNION ALL SELECT 1, 2',
    'ODPS-0130241:[1,20] Illegal union operation - column counts do not match, left has 1, right has 2',
  ],
  [
    'SELECT 1 UNION ALL SELECT array(1)',
    'ODPS-0130241:[1,1] Illegal union operation - type mismatch for column 0 of UNION, left is INT while right is ARRAY<INT>',
  ],
  // 0121095: values, when the query runs
  [
    'SELECT 9223372036854775807L + 1L',
    'ODPS-0121095:Invalid arguments - overflow of BIGINT in 9223372036854775807 + 1',
  ],
  [
    "SELECT interval '1' day to second",
    "ODPS-0121095:Invalid arguments - '1' is no interval of DAY TO SECOND",
  ],
  ["SELECT interval '1-12' year to month", "'1-12' is no interval of YEAR TO MONTH"],
  [
    "SELECT interval '1' second to day",
    'ODPS-0130071:[1,8] Semantic analysis exception - there is no INTERVAL',
  ],
  ["SELECT regexp_replace('a', '(', 'b')", 'ODPS-0121095:Invalid arguments'],
  ["SELECT instr('a', 'a', 0)", 'ODPS-0121095:Invalid arguments - the start position of instr cannot be 0'],
];

describe('a query that is wrong', () => {
  it.each(WRONG)('%s', async (query, text) => {
    const answer = await sql(emulator, `${query};`);
    expect(answer.status).toBe('Failed');
    expect(answer.text).toContain(text);
    expect(answer.text).not.toMatch(/Catalog Error|Binder Error|Parser Error|Did you mean|LINE \d/);
  });

  it('demands LIMIT behind ORDER BY when that is set', async () => {
    const settings = { 'odps.sql.validate.orderby.limit': 'true' };
    const { text } = await sql(emulator, 'SELECT id FROM t ORDER BY id;', settings);
    expect(text).toContain(
      'ODPS-0130071:[1,27] Semantic analysis exception - ORDER BY must be used with a LIMIT clause',
    );
    expect((await sql(emulator, 'SELECT id FROM t ORDER BY id LIMIT 1;', settings)).status).toBe('Success');
  });

  it('takes numbers behind GROUP BY as values when positions are switched off', async () => {
    const settings = { 'odps.sql.groupby.position.alias': 'false' };
    const { text } = await sql(emulator, 'SELECT id FROM t GROUP BY 1;', settings);
    expect(text).toContain('column reference id should appear in GROUP BY key');
  });

  it('has BIGINT only when the types of MaxCompute 2.0 are switched off', async () => {
    const type = async (value: string) =>
      (await sql(emulator, 'SELECT typeof(1) AS x;', { 'odps.sql.type.system.odps2': value })).text;
    expect([await type('true'), await type('false')]).toEqual(['"x"\n"int"\n', '"x"\n"bigint"\n']);
  });
});

describe('a failure of the disk', () => {
  it.each([
    [
      'TransactionContext Error: Failed to commit: Could not write file "x.wal": No space left on device',
      'ODPS-0010000:System internal error - no space is left on the disk of this local MaxCompute',
    ],
    [
      'IO Error: Could not read from file "x": Input/output error',
      'ODPS-0010000:System internal error - Could not read from file "x": Input/output error',
    ],
  ])('is no mistake in it: %s', (told, text) => {
    expect(describeQueryError(new Error(told), 'SELECT 1').message).toBe(text);
  });
});
