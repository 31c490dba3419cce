import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cell } from '../../../src/emulator/record/cells.ts';
import { createDuckDbStore } from '../../../src/emulator/store/duckdb-store.ts';
import type { Store } from '../../../src/emulator/store/store.ts';
import { all, column, create, select, stage } from './support.ts';

let store: Store;
beforeAll(async () => {
  store = await createDuckDbStore(null);
  await store.restore();
});
afterAll(() => store.close());

const COLUMNS = [
  ...[column('id', 'BIGINT'), column('n', 'INT'), column('s', 'STRING'), column('f', 'BOOLEAN')],
  ...[column('d', 'DECIMAL(38,18)'), column('l', 'ARRAY<STRING>'), column('t', 'STRUCT<a:BIGINT,b:STRING>')],
];

/** Which rows of a column are NULL. */
const PATTERNS: Record<string, (row: number) => boolean> = {
  'one in two': (row) => row % 2 === 0,
  'one in 64': (row) => row % 64 === 63,
  'the last of a chunk': (row) => row % 2048 === 2047,
  'whole chunks': (row) => Math.floor(row / 2048) % 2 === 1,
  'all but one in 1000': (row) => row % 1000 !== 7,
  'none, then all': (row) => row >= 3000,
  scattered: (row) => (Math.imul(row, 2654435761) >>> 0) % 7 === 0,
};

const rowOf = (id: number, isNull: (row: number) => boolean): Cell[] => {
  const value = (at: number, cell: Cell): Cell => (isNull(id + at * 3) ? null : cell);
  const text = `value ${id} ${'x'.repeat(id % 30)}`;
  return [
    ...[
      BigInt(id),
      value(1, id),
      value(2, text),
      value(3, id % 3 === 0),
      value(4, `${id}.000000000000000001`),
    ],
    value(
      5,
      Array.from({ length: id % 4 }, (_none, at) => value(6 + at, `${id}/${at}`)),
    ),
    value(10, [value(11, BigInt(id)), value(12, text)]),
  ];
};

describe('NULL stays with its row', () => {
  it.each(Object.entries(PATTERNS))('%s, in blocks of any size', async (name, isNull) => {
    const table = await create(store, `t_${name.replace(/\W/g, '_')}`, { columns: COLUMNS });
    const rows = Array.from({ length: 9000 }, (_none, id) => rowOf(id, isNull));
    const sizes = [1, 63, 64, 65, 2047, 2048, 2049, 700, rows.length];
    const blocks = [];
    for (let at = 0, next = 0; at < rows.length; next += 1) {
      const size = sizes[next % sizes.length]!;
      blocks.push(await stage(store, COLUMNS, rows.slice(at, at + size)));
      at += size;
    }
    await store.commit({ table, values: [], blocks, overwrite: false });
    const sql = `SELECT * FROM ${table.name}`;
    expect(await select(store, sql)).toEqual(rows);
    const snapshot = await store.snapshot(table);
    expect(await all(snapshot, 2040, 100)).toEqual(rows.slice(2040, 2140));
    await snapshot.release();
    expect(await select(store, `${sql} WHERE id % 3 = 1 AND n IS NOT NULL`)).toEqual(
      rows.filter(([id, n]) => (id as bigint) % 3n === 1n && n !== null),
    );
    expect(await select(store, `${sql} WHERE s IS NULL ORDER BY id DESC`)).toEqual(
      rows.filter(([, , s]) => s === null).reverse(),
    );
    const joined = await select(
      store,
      `SELECT a.id, b.l, b.t FROM ${table.name} a LEFT JOIN ${table.name} b ON a.n = b.id ORDER BY a.id`,
    );
    expect(joined).toEqual(rows.map(([id, n, , , , l, t]) => (n === null ? [id, null, null] : [id, l, t])));
    await store.dropTable(table);
  });
});
