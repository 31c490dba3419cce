import { afterAll, beforeAll, expect, it } from 'vitest';
import { StatementError } from '../../../src/emulator/errors.ts';
import { type Database, openDatabase } from '../../../src/emulator/store/database.ts';

let database: Database;
beforeAll(async () => {
  const options = { memory_limit: '40MB', temp_directory: '' };
  database = await openDatabase({ path: ':memory:', options, room: '80MB', prepare: async () => {} });
});
afterAll(() => database.close());

const rows = (sql: string) => database.exclusive((change) => change.rows(sql));
const limit = async () => String((await rows("SELECT current_setting('memory_limit')"))[0]?.[0]);

it('is given to a change that cannot do with less, and taken back', async () => {
  const before = await limit();
  await database.run('CREATE TABLE t (a VARCHAR)');
  await database.run(
    "INSERT INTO t SELECT repeat('x', 50000) FROM range(1000)",
    "INSERT INTO t SELECT repeat('y', 100000) FROM range(10)",
  );
  expect(await rows('SELECT count(*), sum(length(a)) FROM t')).toEqual([[1010n, 51_000_000n]]);
  await database.run('DROP TABLE t');
  await database.run('CREATE TABLE u (a BIGINT)');
  expect(await limit()).toBe(before);
});

it('is not given without end: the refusal says so, and is none that a client repeats', async () => {
  const sql = "CREATE TABLE big AS SELECT repeat('x', 100000) AS a FROM range(1500)";
  const refused = await database.run(sql).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(StatementError);
  expect(String(refused)).toContain('needs more memory than the 80MB');
});

it('is there for each of several who need it at once, and stays until the last has left', async () => {
  const before = await limit();
  const enter = async () => {
    const leave = await database.room();
    return { leave, seen: await limit() };
  };
  const [one, other] = await Promise.all([enter(), enter()]);
  expect([one.seen, other.seen]).toEqual(['76.2 MiB', '76.2 MiB']);
  await one.leave();
  const [third] = await Promise.all([enter(), other.leave()]);
  expect([third.seen, await limit()]).toEqual(['76.2 MiB', '76.2 MiB']);
  await third.leave();
  expect(await limit()).toBe(before);
});
