import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Table } from '../../../src/emulator/model/catalog.ts';
import type { ColumnType } from '../../../src/emulator/model/types.ts';
import type { Cell } from '../../../src/emulator/record/cells.ts';
import { createDuckDbStore } from '../../../src/emulator/store/duckdb-store.ts';
import type { Store } from '../../../src/emulator/store/store.ts';
import { all, anyCell, anyType, column, create, OPTIONS, stage, write } from './support.ts';

let store: Store;
let last = 0;
beforeAll(async () => {
  store = await createDuckDbStore(null);
  await store.restore();
});
afterAll(() => store.close());

/** Rows of a random schema; `near`: times that queries show exactly. */
const content = (near: boolean) =>
  fc.array(anyType, { minLength: 1, maxLength: 5 }).chain((types) =>
    fc.record({
      types: fc.constant(types),
      rows: fc.array(fc.tuple(...types.map((type) => anyCell(type, near))), { maxLength: 12 }),
    }),
  );

interface Content {
  readonly types: readonly ColumnType[];
  readonly rows: readonly (readonly Cell[])[];
}

async function inTable(
  { types, rows }: Content,
  read: (table: Table, name: string) => Promise<void>,
): Promise<void> {
  last += 1;
  const name = `t${last}`;
  const table = await create(store, name, {
    columns: types.map((type, at) => column(NAMES[at] ?? `c${at}`, type)),
  });
  await write(store, table, rows);
  await read(table, name);
  await store.dropTable(table);
}

/** Names that the store's own SQL might take for its own. */
const NAMES = ['e0', 'c2', 'k', 'c0', 'emulator_data'];

/** A negative zero is a value of its own, alone and within others. */
const ZEROS: Content = {
  types: [{ name: 'DOUBLE' }, { name: 'ARRAY', element: { name: 'FLOAT' } }],
  rows: [[-0, [-0, 0]]],
};

const RUNS = Number(process.env.STORE_RUNS ?? 60);

describe('rows of any type', () => {
  it('come back from a snapshot as they were loaded', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(content(false), async (given) => {
        await inTable(given, async (table) => {
          const snapshot = await store.snapshot(table);
          expect(await all(snapshot)).toEqual(given.rows);
          await snapshot.release();
        });
      }),
      { numRuns: RUNS },
    );
  });

  it('come back from a query as they were loaded', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(content(true), async ({ types, rows }) => {
        await inTable({ types, rows }, async ({ columns }, name) => {
          const result = await store.query(`SELECT * FROM ${name}`, { ...OPTIONS, resultColumns: columns });
          expect(await all(result)).toEqual(rows);
          await result.release();
        });
      }),
      { numRuns: RUNS },
    );
  });

  it('come back from an upsert as they were loaded', { timeout: 120_000 }, async () => {
    const key = column('id', 'BIGINT');
    const operation = [column('__operation', 'TINYINT'), column('__value_cols', 'ARRAY<BIGINT>')];
    await fc.assert(
      fc.asyncProperty(content(false), async ({ types, rows }) => {
        last += 1;
        const columns = [key, ...types.map((type, at) => column(NAMES[at] ?? `c${at}`, type))];
        const table = await create(store, `t${last}`, { columns, primaryKey: ['id'] });
        const keyed = rows.map((row, id): Cell[] => [BigInt(id), ...row]);
        const operations = keyed.map((row): Cell[] => [...row, 85, []]);
        const packs = [await stage(store, [...columns, ...operation], operations)];
        await store.upsert({ table, values: [], packs, session: { id: `u${last}`, json: '{}' } });
        const snapshot = await store.snapshot(table);
        const found = await all(snapshot);
        expect(found.sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual(keyed);
        await snapshot.release();
        await store.dropTable(table);
      }),
      { numRuns: RUNS, examples: [[ZEROS]] },
    );
  });
});
