import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StatementError } from '../../../src/emulator/errors.ts';
import type { Emulator } from '../../../src/emulator/server.ts';
import { parseScript } from '../../../src/emulator/sql/script.ts';
import { start } from '../harness.ts';
import { answersOf } from './answers.ts';
import { ALL_STATEMENTS } from './statements.ts';

describe('a script', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await start();
  });
  afterAll(() => emulator.stop());
  const { ok, fails } = answersOf(() => emulator);

  it('runs its statements in order and answers with the rows of the last', async () => {
    const text = await ok(
      "-- first a table\ncreate table s (id bigint); /* then; rows */ insert into s values (1), (2);\nselect 'a;b' x, count(*) n from s;;\n",
    );
    expect(text).toBe('"x","n"\n"a;b",2\n');
  });

  it('ends with the first statement that fails; those before it have had their effect', async () => {
    expect(
      await fails('create table before (id bigint); drop table nothing; create table after (id bigint);'),
    ).toBe('ODPS-0130131:[1,45] Table not found - table demo.nothing cannot be resolved');
    expect(await ok('show tables')).toMatch(/:before\n/);
    expect(await ok('show tables')).not.toMatch(/:after\n/);
  });

  it('runs nothing of a text that has a wrong statement in it', async () => {
    await fails('create table never (id bigint); create tabel x (id bigint)');
    expect(await ok("show tables like 'never'")).toBe('');
  });

  it.each([
    ['parentheses', `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)};`],
    ['NOT', `SELECT ${'NOT '.repeat(20_000)}TRUE;`],
    ['CASE', `SELECT ${'CASE WHEN TRUE THEN '.repeat(3000)}1${' END'.repeat(3000)};`],
  ])('with too many levels of %s is a wrong statement, no internal error', async (_what, text) => {
    expect(await fails(text)).toMatch(/^ODPS-0130(161|071):\[1,\d+\] .*nested too deeply/);
  });

  it.each(['', '   \n', ';;', '-- a comment', '/* another */ ;'])(
    'that is empty (%j) fails',
    async (text) => {
      expect(await fails(text)).toMatch(/^ODPS-0130161:\[1,1\] Parse exception - /);
    },
  );

  it('takes settings in front of each statement, with or without quotes', () => {
    const { settings, statements } = parseScript(
      'set a.b=true;\nSET c = \'x;y\' ; set d = 1 -- why\n; select 1; set e="q";select 2;',
    );
    expect([...settings]).toEqual([
      ['a.b', 'true'],
      ['c', 'x;y'],
      ['d', '1'],
      ['e', 'q'],
    ]);
    expect(statements).toMatchObject([{ text: 'select 1' }, { text: 'select 2' }]);
  });

  it('may be settings alone', async () => {
    expect(await ok('set odps.sql.type.system.odps2=true;')).toBe('');
  });

  it.each([
    ['SET a', /^ODPS-0130161:\[1,5\].*key=value/],
    ['SET =1;', /^ODPS-0130161/],
    ['SELEC 1', /^ODPS-0130161:\[1,1\] Parse exception - invalid token 'SELEC'$/],
    ['GRANT select ON TABLE t TO USER u', /^ODPS-0130161:\[1,1\]/],
    ['CREATE TABLE t (id BIGINT) nonsense', /^ODPS-0130161:\[1,28\] .*'nonsense'/],
    ['\n  DROP TABLE', /^ODPS-0130161:\[2,13\] .*'<EOF>'/],
    ["SELECT 'open", /^ODPS-0130161:\[1,8\].*unterminated/],
    ['DROP TABLE a b', /^ODPS-0130161:\[1,14\]/],
    ['DROP TABLE a.b.c.d', /^ODPS-0130161:\[1,12\].*three parts/],
  ])('%s is no statement', async (text, message) => {
    expect(await fails(text)).toMatch(message);
  });

  it.each([
    "CREATE FUNCTION f AS 'a.B' USING 'x.jar'",
    'CREATE MATERIALIZED VIEW m AS SELECT 1',
    'CREATE TABLE t (_partitiontime TIMESTAMP) AUTO PARTITIONED BY (trunc_time(_partitiontime, "day") AS d)',
    'DROP FUNCTION f',
    'SHOW FUNCTIONS',
    'DESC FUNCTION f',
    'ALTER SCHEMA s RENAME TO r',
    "LOAD OVERWRITE TABLE t FROM LOCATION 'oss://x'",
    'CLONE TABLE a TO b',
    '@a BIGINT := 1',
    '@a := @b',
    'DECLARE @a TABLE (b STRING)',
    'IF (true) BEGIN END',
  ])('%s is known, and said to be missing', async (text) => {
    expect(await fails(text)).toMatch(
      /^ODPS-0130071:\[1,\d+\] .* is not supported by this local MaxCompute$/,
    );
  });
});

describe('any text', () => {
  /** Either statements or the error of a statement: nothing else may come out. */
  function judged(text: string): void {
    try {
      parseScript(text);
    } catch (error) {
      if (!(error instanceof StatementError)) throw new Error(text.slice(0, 200), { cause: error });
      expect(error.message).toMatch(/^ODPS-\d{7}:\[\d+,\d+\] /);
    }
  }

  const words = [...new Set(ALL_STATEMENTS.flatMap((one) => one.match(/\w+|'[^']*'|\S/g) ?? []))];

  it('made of the words of statements is taken or refused', () => {
    const soup = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((list) => list.join(' '));
    fc.assert(fc.property(soup, judged), { numRuns: 3000 });
  });

  it('made of a statement with some words changed is taken or refused', () => {
    const change = fc.tuple(
      fc.constantFrom(...ALL_STATEMENTS),
      fc.nat(),
      fc.nat(3),
      fc.constantFrom(...words),
    );
    const changed = change.map(([statement, place, gone, word]) => {
      const list = statement.match(/\w+|'[^']*'|\s+|\S/g) ?? [];
      return list.toSpliced(place % (list.length + 1), gone, word).join('');
    });
    fc.assert(fc.property(changed, judged), { numRuns: 3000 });
  });

  it('of any characters is taken or refused', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), judged), { numRuns: 1000 });
  });

  it('nested deeply is refused and not fallen over', () => {
    judged(`CREATE TABLE t (a ${'ARRAY<'.repeat(5000)}INT${'>'.repeat(5000)})`);
    judged(`ALTER TABLE t DROP PARTITION (${'('.repeat(5000)}a=1${')'.repeat(5000)})`);
    judged(`ALTER TABLE t DROP PARTITION (${'NOT '.repeat(5000)}a=1)`);
    judged(`EXPLAIN ${'EXPLAIN '.repeat(20_000)} SELECT 1`);
  });

  it('cut short anywhere answers like a user error, never like an accident', async () => {
    const emulator = await start({ tables: ['CREATE TABLE t (id BIGINT)'] });
    try {
      for (const statement of ALL_STATEMENTS) {
        judged(statement);
        const ends = [...statement.matchAll(/\S+/g)].map(({ index }) => index);
        for (const end of ends.slice(1)) {
          const cut = statement.slice(0, end);
          const answer: unknown = await emulator.sql(cut).catch((error) => error);
          if (answer instanceof Error && !(answer instanceof StatementError))
            throw new Error(cut, { cause: answer });
          expect(String(answer), cut).not.toMatch(/ODPS-0010000|undefined|TypeError|internal error/i);
        }
      }
    } finally {
      await emulator.stop();
    }
  });
});
