import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Table } from '../../../src/emulator/model/catalog.ts';
import { newTablePartition } from '../../../src/emulator/model/table-partitions.ts';
import type { Cell } from '../../../src/emulator/record/cells.ts';
import { createDuckDbStore } from '../../../src/emulator/store/duckdb-store.ts';
import { createPortions, type Load } from '../../../src/emulator/store/portions.ts';
import { staged } from '../../../src/emulator/store/staging.ts';
import type { Rows, Store } from '../../../src/emulator/store/store.ts';
import { all, column, create, OPTIONS, stage, write } from './support.ts';

const MB = 1024 * 1024;
const COLUMNS = [column('id', 'BIGINT'), column('text', 'STRING')];
const LEVELS = [column('pt', 'STRING')];

/** Rows of 4 MB: what 2,048 of them hold DuckDB has no memory for. */
const large = (first: number, count: number): Cell[][] =>
  Array.from({ length: count }, (_none, at) => [BigInt(first + at), `${(first + at) % 10}`.repeat(4 * MB)]);

async function idsOf(rows: Rows): Promise<number[]> {
  const found: number[] = [];
  for await (const piece of rows.read({ columns: ['id', 'text'], start: 0, count: rows.count })) {
    expect(piece.reduce((sum, [, text]) => sum + String(text).length, 0)).toBeLessThanOrEqual(5 * MB);
    for (const [id, text] of piece) {
      expect(String(text).startsWith(`${Number(id) % 10}`)).toBe(true);
      found.push(Number(id));
    }
  }
  return found;
}

const numbers = (first: number, count: number) => Array.from({ length: count }, (_none, at) => first + at);

describe('the places of loads', () => {
  const table = { id: 'x', rows: 0, bytes: 0 } as Table;
  const placesOf = (loads: readonly Load[]) => {
    const placed = createPortions().place(table, loads);
    return placed.into.map((name) => Number(/portion (\d+)/.exec(name)?.[1] ?? 0));
  };

  it('are one table while a vector of it holds 64 MB', () => {
    const small = { rows: 60_000, densest: 8 * MB };
    expect(new Set(placesOf(Array.from({ length: 100 }, () => small)))).toEqual(new Set([0]));
    expect(placesOf([{ rows: 20, densest: 200 * MB }])).toEqual([0]);
  });

  it('go on in another table before a vector holds more', () => {
    expect(placesOf(Array.from({ length: 6 }, () => ({ rows: 24, densest: 24 * MB })))).toEqual([
      ...[0, 0, 1, 1, 2, 2],
    ]);
    const mixed = [
      { rows: 2048, densest: 60 * MB },
      { rows: 100, densest: 60 * MB },
      { rows: 100, densest: 5 * MB },
    ];
    expect(placesOf(mixed)).toEqual([0, 0, 1]);
  });
});

describe('rows of megabytes', () => {
  let folder: string;
  let store: Store;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'portions-'));
    store = await createDuckDbStore(join(folder, 'data'));
    await store.restore();
  });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const shape = { columns: COLUMNS, tablePartitionColumns: LEVELS };
  const count = async (sql: string): Promise<unknown> => {
    const rows = await store.query(sql, OPTIONS);
    const found = await all(rows);
    await rows.release();
    return found[0]?.[0];
  };
  const portions = () =>
    count("SELECT count(*) FROM duckdb_tables() WHERE contains(table_name, 'id-large') AND NOT temporary");
  const idsIn = async (table: Table, value: string): Promise<number[]> => {
    const rows = await store.snapshot(table, [value]);
    return idsOf(rows).finally(rows.release);
  };

  it('of one block are staged in files that each go well together', async () => {
    const block = await stage(store, COLUMNS, large(0, 20));
    const { files } = staged(block);
    expect(files.map(({ rows }) => rows)).toEqual([6, 6, 6, 2]);
    expect(Math.max(...files.map(({ densest }) => densest))).toBeLessThan(30 * MB);
    expect(block.bytes).toBeGreaterThan(80 * MB);
    await store.discard([block]);
  });

  it('are added, seen, copied for a snapshot, replaced, moved and found again', {
    timeout: 240_000,
  }, async () => {
    const table = await create(store, 'large', shape);
    for (const value of ['a', 'b']) {
      await store.addTablePartitions(table, [[value]], 0);
      table.tablePartitions.add(newTablePartition([value], 0));
    }
    await write(store, table, large(0, 30), ['a']);
    expect(await portions()).toBe(3n);
    await write(store, table, large(30, 3), ['b']);
    const before = await store.snapshot(table, ['a']);
    expect(await idsOf(before)).toEqual(numbers(0, 30));
    expect(await count('SELECT sum(length(text)) FROM "default"."large" WHERE pt = \'a\'')).toBe(
      BigInt(30 * 4 * MB),
    );
    await write(store, table, large(100, 2), ['a'], true);
    expect(await idsIn(table, 'a')).toEqual([100, 101]);
    expect(await idsIn(table, 'b')).toEqual([30, 31, 32]);
    expect(await idsOf(before)).toEqual(numbers(0, 30));
    await before.release();
    await store.close();
    store = await createDuckDbStore(join(folder, 'data'));
    const [found] = (await store.restore()).tables;
    expect(await idsIn(found!, 'b')).toEqual([30, 31, 32]);
    await write(store, found!, large(40, 20), ['b']);
    expect(await idsIn(found!, 'b')).toEqual([30, 31, 32, ...numbers(40, 20)]);
    await store.truncate(found!);
    expect(await portions()).toBe(1n);
    expect(await count('SELECT count(*) FROM "default"."large"')).toBe(0n);
    await store.dropTable(found!);
    expect(await portions()).toBe(0n);
  });
});
