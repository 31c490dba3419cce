import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { encode, start, upload } from '../harness.ts';
import { answersOf } from './answers.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start({ tables: ['CREATE TABLE t (id BIGINT, c CHAR(5), s STRUCT<c:CHAR(3)>)'] });
  await upload(
    emulator,
    { table: 't' },
    encode([
      [1, 'ab'],
      [2, 'ab  '],
      [3, '桌子😀'],
      [4, null],
      [5, 'abcde'],
    ]),
  );
});
afterAll(() => emulator.stop());
const { ok, rows } = answersOf(() => emulator);

describe('CHAR', () => {
  it('comes back in its whole length, counted in characters', async () => {
    expect(await rows('SELECT id, c FROM t ORDER BY id')).toEqual([
      ...['1,"ab   "', '2,"ab   "', '3,"桌子😀  "', '4,\\N', '5,"abcde"'],
    ]);
    expect(await rows("SELECT CAST('x' AS CHAR(3))")).toEqual(['"x  "']);
  });

  it('is compared, joined and grouped without the blanks that fill it', async () => {
    expect(await rows("SELECT id FROM t WHERE c = 'ab' ORDER BY id")).toEqual(['1', '2']);
    expect(await rows('SELECT COUNT(*) FROM t GROUP BY c HAVING COUNT(*) > 1')).toEqual(['2']);
    expect(await rows("SELECT LENGTH(c), CONCAT(c, '|') FROM t WHERE id = 2")).toEqual(['2,"ab|"']);
  });

  it('is filled inside of a STRUCT, too', async () => {
    await ok("INSERT INTO t SELECT 6, 'z', named_struct('c', 'y')");
    expect(await rows('SELECT c, s FROM t WHERE id = 6')).toEqual(['"z    ","{""c"":""y  ""}"']);
  });
});
