import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Table } from '../../../src/emulator/model/catalog.ts';
import { newTablePartition } from '../../../src/emulator/model/table-partitions.ts';
import type { Cell } from '../../../src/emulator/record/cells.ts';
import { openInstance } from '../../../src/emulator/store/duckdb.ts';
import { createDuckDbStore } from '../../../src/emulator/store/duckdb-store.ts';
import type { Store } from '../../../src/emulator/store/store.ts';
import { all, column, create, OPTIONS, select, stage, write } from './support.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'emulator-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const COLUMNS = [column('id', 'BIGINT'), column('name', 'STRING')];

/** A store on the folder, and its table `t` when there is one. */
async function open(at = folder): Promise<{ store: Store; table: Table | undefined }> {
  const store = await createDuckDbStore(at);
  const { tables } = await store.restore();
  return { store, table: tables.find(({ name }) => name === 't') };
}

describe('a data folder', () => {
  it('gives rows, sizes, times and types back to the next emulator', async () => {
    const { store } = await open();
    const columns = [...COLUMNS, column('v', 'VARCHAR(7)'), column('ts', 'TIMESTAMP')];
    const table = await create(store, 't', { columns, tablePartitionColumns: [column('pt', 'STRING')] });
    for (const pt of ['a', 'b']) {
      await store.addTablePartitions(table, [[pt]], 0);
      table.tablePartitions.add(newTablePartition([pt], Date.now()));
    }
    const old = -60_000_000_000_123_456_789n;
    await write(store, table, [[1n, 'one', 'x', old]], ['a']);
    await write(store, table, [[2n, 'two', null, null]], ['b']);
    await store.saveTable({ ...table, comment: 'changed' });
    const figures = ({ rows, bytes, lastModifiedAt }: Table) => ({ rows, bytes, lastModifiedAt });
    const before = [figures(table), table.tablePartitions.all().map((one) => ({ ...one, createdAt: 0 }))];
    await store.close();

    const again = await open();
    const found = again.table!;
    expect([figures(found), found.tablePartitions.all().map((one) => ({ ...one, createdAt: 0 }))]).toEqual(
      before,
    );
    expect([found.comment, found.columns]).toEqual(['changed', columns]);
    expect(await all(await again.store.snapshot(found, ['a']))).toEqual([[1n, 'one', 'x', old]]);
    const told = { ...OPTIONS, resultColumns: columns.slice(2) };
    const rows = await again.store.query("SELECT v, ts FROM t WHERE pt = 'a'", told);
    expect(await all(rows)).toEqual([['x', old]]);
    await again.store.close();
  });

  it.each([1, 20, 1000])('keeps the sign of zeros that stand %i in a row', async (run) => {
    const { store } = await open();
    const types = ['DOUBLE', 'FLOAT', 'ARRAY<DOUBLE>', 'STRUCT<v:DOUBLE>'];
    const table = await create(store, 't', { columns: types.map((type, at) => column(`c${at}`, type)) });
    const values = [0, -0, 1].flatMap((value) => Array.from({ length: run }, () => value));
    const rows = values.map((value): Cell[] => [value, value, [value, -0], [value]]);
    await write(store, table, rows);
    await store.close();
    const again = await open();
    expect(await all(await again.store.snapshot(again.table!))).toEqual(rows);
    await again.store.close();
  });

  it.each([
    [1, 'CREATE TABLE emulator_data.tables (table_id VARCHAR, json VARCHAR)'],
    [2, 'CREATE TABLE emulator_data.format AS SELECT 2 AS version'],
    [99, 'CREATE TABLE emulator_data.format AS SELECT 99 AS version'],
  ])(
    'of format %i, which is another, is refused in one sentence and left as it was',
    async (format, made) => {
      const other = await openInstance(join(folder, 'emulator.duckdb'), {});
      await other.run('CREATE SCHEMA emulator_data', made);
      other.close();
      const before = readFileSync(join(folder, 'emulator.duckdb'));
      for (let turn = 0; turn < 2; turn += 1)
        await expect(createDuckDbStore(folder)).rejects.toThrow(
          new RegExp(
            `data folder .* has format ${format}, this version keeps format 3: start with an empty folder`,
          ),
        );
      expect(readFileSync(join(folder, 'emulator.duckdb')).equals(before)).toBe(true);
    },
  );

  it('serves one emulator at a time, and loses what a killed one had staged', async () => {
    mkdirSync(join(folder, 'scratch'));
    writeFileSync(join(folder, 'scratch', 'left.parquet'), 'left');
    const { store } = await open();
    await expect(createDuckDbStore(folder)).rejects.toThrow('is in use by this process');
    await stage(store, COLUMNS, [[1n, 'open']]);
    expect(readdirSync(join(folder, 'scratch'))).toHaveLength(1);
    await store.close();
    expect(readdirSync(join(folder, 'scratch'))).toEqual([]);
    await (await open()).store.close();
  });
});

/** Mounting needs rights that a test run rarely has. */
function smallDisk(path: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', path], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

describe('a full disk', () => {
  it('is an answer, leaves nothing half committed, and is over when there is room', {
    timeout: 120_000,
  }, async (context) => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    if (!smallDisk(disk)) return context.skip();
    try {
      await fill(disk);
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });
});

async function fill(disk: string): Promise<void> {
  const { store } = await open(disk);
  const table = await create(store, 't', { columns: COLUMNS });
  const session = (from: number) =>
    Array.from({ length: 2500 }, (_none, id): Cell[] => [BigInt(id), noise(from + id)]);
  let committed = 0;
  const problems: string[] = [];
  for (let turn = 0; turn < 20 && problems.length < 3; turn += 1) {
    try {
      await write(store, table, session(turn * 2500));
      committed += 2500;
    } catch (error) {
      problems.push(String(error));
    }
    expect(await select(store, 'SELECT count(*) FROM t')).toEqual([[BigInt(committed)]]);
  }
  expect(problems.length).toBe(3);
  for (const problem of problems) expect(problem).toMatch(/No space left on device/i);
  execFileSync('mount', ['-o', 'remount,size=200m', disk]);
  await write(store, table, session(0));
  expect(await select(store, 'SELECT count(*) FROM t')).toEqual([[BigInt(committed + 2500)]]);
  expect(table.rows).toBe(committed + 2500);
  await store.close();
  const again = await open(disk);
  expect(await select(again.store, 'SELECT count(*) FROM t')).toEqual([[BigInt(committed + 2500)]]);
  await again.store.close();
}

/** Text that no compression makes smaller. */
function noise(seed: number): string {
  let state = seed + 1;
  const part = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state.toString(36).padStart(7, '0');
  };
  return Array.from({ length: 100 }, part).join('');
}
