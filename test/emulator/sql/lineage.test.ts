import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { sql, start } from '../harness.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start();
  await sql(emulator, 'CREATE TABLE t (id BIGINT, v DECIMAL(10,2))');
});
afterAll(() => emulator.stop());

const lineage = (query: string) => sql(emulator, query, { 'odps.sql.task.mode': 'LINEAGE' });
const column = (name: string, type: string) => ({ name, type, comment: '', label: '', isNullable: true });

it('of a query is its columns, without a table', async () => {
  const { status, text } = await lineage('SELECT id, v + 1 FROM t;');
  expect([status, JSON.parse(text)]).toEqual([
    'Success',
    { outputTables: [{ columns: [column('id', 'bigint'), column('_c1', 'decimal(13,2)')] }] },
  ]);
});

it('of an INSERT names the table, and writes nothing', async () => {
  const { text } = await lineage('INSERT INTO t VALUES (1L, 2BD);');
  const [output] = (JSON.parse(text) as { outputTables: { tableName: string }[] }).outputTables;
  expect(output).toMatchObject({ tableName: 'demo.t' });
  expect((await sql(emulator, 'SELECT COUNT(*) FROM t;')).text).toBe('"_c0"\n0\n');
});

it('of a script follows its variables', async () => {
  const { text } = await lineage('@a := SELECT id AS k FROM t; SELECT k FROM @a;');
  expect(JSON.parse(text)).toEqual({ outputTables: [{ columns: [column('k', 'bigint')] }] });
});

it('of anything else is refused, and the statement is not executed', async () => {
  expect(await lineage('DROP TABLE t;')).toEqual({
    status: 'Failed',
    text: 'ODPS-0130071:[1,1] Semantic analysis exception - DDL not supported in LINEAGE analyze',
  });
  expect((await sql(emulator, 'SELECT COUNT(*) FROM t;')).status).toBe('Success');
});

it('of a query that cannot be is the error of the query', async () => {
  expect((await lineage('SELECT nothing FROM t;')).text).toContain('column nothing cannot be resolved');
});
