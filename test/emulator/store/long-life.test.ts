import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newTablePartition } from '../../../src/emulator/model/table-partitions.ts';
import type { Database } from '../../../src/emulator/store/database.ts';
import { createDuckDbStore } from '../../../src/emulator/store/duckdb-store.ts';
import { openStorage } from '../../../src/emulator/store/opening.ts';
import { column, create, stage, write } from './support.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'long-life-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const NO_FUNCTIONS = { macros: [], scalars: [] };
const numberOf = async (database: Database, what: string): Promise<number> =>
  Number((await database.exclusive((change) => change.rows(`SELECT ${what}`)))[0]?.[0]);

/** Looks into the folder as the next start finds it. */
async function inFolder<T>(look: (database: Database) => Promise<T>): Promise<T> {
  const { database, close } = await openStorage(dataDir, NO_FUNCTIONS);
  try {
    return await look(database);
  } finally {
    await close();
  }
}

describe('a folder that is used for long', () => {
  it('has a line of figures for each change until they are summed up, and the same sums then', {
    timeout: 120_000,
  }, async () => {
    const store = await createDuckDbStore(dataDir);
    await store.restore();
    const table = await create(store, 't', {
      columns: [column('id', 'BIGINT')],
      tablePartitionColumns: [column('pt', 'STRING')],
    });
    await store.addTablePartitions(table, [['a'], ['b']], 0);
    for (const value of ['a', 'b']) table.tablePartitions.add(newTablePartition([value], 0));
    await write(store, table, [[1n], [2n]], ['a']);
    await write(store, table, [[3n]], ['b']);
    for (let turn = 0; turn < 300; turn += 1) await store.touch(table, [['a'], ['b'], ['a'], ['b']]);
    const before = [table, ...table.tablePartitions.all()].map(({ rows, bytes }) => [rows, bytes]);
    expect(before[0]![0]).toBe(3);
    const modified = table.lastModifiedAt;
    await store.close();
    const lines = () => inFolder((database) => numberOf(database, 'count(*) FROM emulator_data.figures'));
    // The first look finds them as they were left, and its own start sums them up.
    expect(await lines()).toBeGreaterThan(1000);
    expect(await lines()).toBe(2);
    const next = await createDuckDbStore(dataDir);
    const [found] = (await next.restore()).tables;
    expect([found!, ...found!.tablePartitions.all()].map(({ rows, bytes }) => [rows, bytes])).toEqual(before);
    expect(found!.lastModifiedAt).toBe(modified);
    await next.close();
  });

  it('forgets sessions that nobody can ask for any more, and no others', async () => {
    const old = `INSERT INTO emulator_data.sessions SELECT 'old' || range, '{}', now() - INTERVAL 3 DAY FROM range(10)`;
    const many = `INSERT INTO emulator_data.sessions SELECT 'new' || range, '{}', now() - INTERVAL 1 HOUR + to_seconds(range // 100) FROM range(200500)`;
    await inFolder((database) => database.run(old, many));
    await inFolder((database) => database.run('SELECT 1'));
    const [all, of, last] = await inFolder(async (database) => [
      await numberOf(database, 'count(*) FROM emulator_data.sessions'),
      await numberOf(database, "count(*) FROM emulator_data.sessions WHERE id LIKE 'old%'"),
      await numberOf(database, "count(*) FROM emulator_data.sessions WHERE id = 'new200499'"),
    ]);
    expect(all).toBeGreaterThanOrEqual(200_000);
    expect(all).toBeLessThan(200_200);
    expect([of, last]).toEqual([0, 1]);
  });

  it('keeps no file of a block that is committed, nor what it held', async () => {
    const store = await createDuckDbStore(dataDir);
    await store.restore();
    const table = await create(store, 't', { columns: [column('id', 'BIGINT'), column('v', 'STRING')] });
    const rows = Array.from({ length: 100 }, (_none, id): [bigint, string] => [
      BigInt(id),
      'x'.repeat(20_000),
    ]);
    for (let turn = 0; turn < 5; turn += 1) {
      const blocks = [await stage(store, table.columns, rows)];
      await store.commit({ table, values: [], blocks, overwrite: false });
    }
    expect(readdirSync(join(dataDir, 'scratch'))).toEqual([]);
    const cached = await store.query(
      "SELECT sum(memory_usage_bytes)::BIGINT AS n FROM duckdb_memory() WHERE tag = 'EXTERNAL_FILE_CACHE'",
      { schema: 'default', timeZone: 'UTC' },
    );
    for await (const piece of cached.read({ columns: ['n'], start: 0, count: 1 }))
      expect(piece).toEqual([[0n]]);
    await cached.release();
    await store.close();
  });
});
