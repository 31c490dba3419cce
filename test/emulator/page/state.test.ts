import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { createUpload, sql, start } from '../harness.ts';
import { createDownload } from '../tunnel/download-calls.ts';

let emulator: Emulator;
let time = Date.now();

beforeAll(async () => {
  emulator = await start({ tables: ['CREATE TABLE t (id BIGINT)'], now: () => (time += 1) });
});
afterAll(() => emulator.stop());

const ask = async (what: string) =>
  (await fetch(`${emulator.url}/_page/${what}`)).json() as Promise<Record<string, unknown>>;

it('lists the newest sessions first, of whichever kind they are', async () => {
  await createUpload(emulator, { table: 't' });
  await createDownload(emulator, { table: 't' });
  await createUpload(emulator, { table: 't' });
  const { sessions } = await ask('state');
  expect((sessions as { kind: string }[]).map(({ kind }) => kind)).toEqual(['upload', 'download', 'upload']);
});

it('shows a view by the statement that makes it, as it was written', async () => {
  await sql(emulator, 'CREATE VIEW v (n) AS SELECT 1/2 AS n FROM t;');
  expect((await ask('table?name=v')).ddl).toBe(
    'CREATE VIEW IF NOT EXISTS demo.v (`n`)\nAS SELECT 1/2 AS n FROM t;',
  );
});
