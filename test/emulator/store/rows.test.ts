import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Table } from '../../../src/emulator/model/catalog.ts';
import { newTablePartition } from '../../../src/emulator/model/table-partitions.ts';
import type { Cell } from '../../../src/emulator/record/cells.ts';
import { createDuckDbStore } from '../../../src/emulator/store/duckdb-store.ts';
import type { Rows, Store } from '../../../src/emulator/store/store.ts';
import { all, column, create, OPTIONS, write } from './support.ts';

let store: Store;
beforeAll(async () => {
  store = await createDuckDbStore(null);
  await store.restore();
});
afterAll(() => store.close());

const COLUMNS = [column('id', 'BIGINT'), column('text', 'STRING')];

/** Rows of so many bytes, numbered. */
const rowsOf = (first: number, count: number, bytes: number): Cell[][] =>
  Array.from({ length: count }, (_none, at) => [BigInt(first + at), `${first + at} `.padEnd(bytes, 'x')]);

/** Small, large and small again: more than a vector of each, or than fits into one portion. */
const MIXED = [...rowsOf(0, 2500, 10), ...rowsOf(2500, 60, 300_000), ...rowsOf(2560, 2500, 10)];

async function mixed(name: string): Promise<Table> {
  const table = await create(store, name, {
    columns: COLUMNS,
    tablePartitionColumns: [column('pt', 'STRING')],
  });
  const values = ['a', 'b'];
  await store.addTablePartitions(
    table,
    values.map((value) => [value]),
    0,
  );
  for (const value of values) table.tablePartitions.add(newTablePartition([value], 0));
  for (let at = 0; at < MIXED.length; at += 640)
    for (const value of values) await write(store, table, MIXED.slice(at, at + 640), [value]);
  return table;
}

const idsOf = (rows: readonly (readonly Cell[])[]): number[] =>
  rows.map(([id, text]) => {
    expect(String(text).startsWith(`${id} `)).toBe(true);
    return Number(id);
  });
const numbers = (first: number, end: number) =>
  Array.from({ length: end - first }, (_none, at) => first + at);

describe('rows of many sizes', () => {
  it('are read in their order, from any row on', async () => {
    const table = await mixed('m1');
    const one = await store.snapshot(table, ['b']);
    expect(one.count).toBe(MIXED.length);
    for (const start of [0, 1, 2047, 2499, 2530, 2560, 2561, MIXED.length - 3])
      expect(idsOf(await all(one, start))).toEqual(numbers(start, MIXED.length));
    expect(idsOf(await all(one, 2490, 80))).toEqual(numbers(2490, 2570));
    const whole = await store.snapshot(table);
    const found = idsOf(await all(whole));
    expect([...found].sort((a, b) => a - b)).toEqual(numbers(0, MIXED.length).flatMap((id) => [id, id]));
    expect(idsOf(await all(whole, 3000))).toEqual(found.slice(3000));
    for (const rows of [one, whole]) await rows.release();
    await store.dropTable(table);
  });

  it('are the same for who takes them later, whatever becomes of the table meanwhile', async () => {
    const table = await mixed('m2');
    const snapshots = [await store.snapshot(table, ['a']), await store.snapshot(table, ['b'])];
    const begun = await Promise.all(
      [...snapshots, ...snapshots, ...snapshots].map(async (rows, at) => {
        const reading = begin(rows, at * 200);
        return { first: (await reading.next()).value ?? [], reading, from: at * 200 };
      }),
    );
    await store.truncate(table, [['a']]);
    await store.dropTablePartitions(table, [['a'], ['b']]);
    await store.dropTable(table);
    for (const { first, reading, from } of begun) {
      const found = [...first];
      for await (const piece of reading) found.push(...piece);
      expect(idsOf(found)).toEqual(numbers(from, MIXED.length));
    }
    for (const rows of snapshots) await rows.release();
  });

  it('are the result of a query too', async () => {
    const table = await mixed('m3');
    const rows = await store.query(`SELECT id, text FROM "default".m3 WHERE pt = 'a' ORDER BY id`, OPTIONS);
    expect(idsOf(await all(rows))).toEqual(numbers(0, MIXED.length));
    expect(idsOf(await all(rows, 2555))).toEqual(numbers(2555, MIXED.length));
    await rows.release();
    await store.dropTable(table);
  });
});

const begin = (rows: Rows, start: number) =>
  rows.read({ columns: ['id', 'text'], start, count: rows.count })[Symbol.asyncIterator]() as AsyncGenerator<
    readonly (readonly Cell[])[],
    undefined
  >;
