import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Table } from '../../../src/emulator/model/catalog.ts';
import { newTablePartition } from '../../../src/emulator/model/table-partitions.ts';
import { typeText } from '../../../src/emulator/model/types.ts';
import type { Cell } from '../../../src/emulator/record/cells.ts';
import { createDuckDbStore } from '../../../src/emulator/store/duckdb-store.ts';
import type { Store } from '../../../src/emulator/store/store.ts';
import { all, column, create, OPTIONS, select, stage, write } from './support.ts';

let store: Store;
beforeAll(async () => {
  store = await createDuckDbStore(null);
  await store.restore();
});
afterAll(() => store.close());

const COLUMNS = [column('id', 'BIGINT'), column('name', 'STRING')];

async function partitioned(name: string, ...values: string[]): Promise<Table> {
  const table = await create(store, name, {
    columns: COLUMNS,
    tablePartitionColumns: [column('pt', 'STRING')],
  });
  for (const value of values) {
    await store.addTablePartitions(table, [[value]], 0);
    table.tablePartitions.add(newTablePartition([value], 0));
  }
  return table;
}

describe('a snapshot', () => {
  it('stays as it was, whatever happens to its table', async () => {
    const table = await partitioned('s1', 'a', 'b');
    const rows = Array.from({ length: 5000 }, (_none, id): Cell[] => [BigInt(id), `n${id}`]);
    await write(store, table, rows, ['a']);
    await write(store, table, [[1n, 'other']], ['b']);
    const one = await store.snapshot(table, ['a']);
    const whole = await store.snapshot(table, undefined, { withTablePartitionColumns: true });
    await write(store, table, [[7n, 'later']], ['a']);
    const later = await store.snapshot(table, ['a']);
    await write(store, table, [[8n, 'new']], ['a'], true);
    await store.truncate(table);
    await store.dropTablePartitions(table, [['b']]);
    await store.alterColumns({ ...table, columns: [column('id', 'BIGINT'), column('other', 'STRING')] }, [
      'id',
      null,
    ]);
    await store.dropTable(table);
    expect(await all(one)).toEqual(rows);
    expect((await all(whole)).at(-1)).toEqual([1n, 'other', 'b']);
    expect(await all(later)).toEqual([...rows, [7n, 'later']]);
    expect([one.count, whole.count, later.count]).toEqual([5000, 5001, 5001]);
    for (const rows of [one, whole, later]) await rows.release();
    await expect(all(one)).rejects.toThrow('released');
  });

  it('that is given up while somebody reads it is read to its end, and by nobody else', async () => {
    const table = await create(store, 's4', { columns: COLUMNS });
    const rows = Array.from({ length: 9000 }, (_none, id): Cell[] => [BigInt(id), `n${id}`]);
    await write(store, table, rows);
    const result = await store.query('SELECT * FROM "default"."s4" ORDER BY id', OPTIONS);
    // Of these rows: a query can see the table that is made for its own result.
    const kept = "table_name LIKE 'result%' AND estimated_size = 9000";
    const tables = () => select(store, `SELECT count(*) FROM duckdb_tables() WHERE ${kept}`);
    const before = await tables();
    const found: (readonly Cell[])[] = [];
    for await (const piece of result.read({ columns: ['id', 'name'], start: 0, count: 9000 })) {
      if (!found.length) await result.release();
      found.push(...piece);
    }
    expect(found).toEqual(rows);
    await expect(all(result)).rejects.toThrow('released');
    expect(Number((await tables())[0]?.[0])).toBe(Number(before[0]?.[0]) - 1);
    await store.dropTable(table);
  });

  it('that is given up while its rows are copied leaves no copy behind', async () => {
    const table = await create(store, 's3', { columns: COLUMNS });
    await write(
      store,
      table,
      Array.from({ length: 50_000 }, (_none, id): Cell[] => [BigInt(id), `n${id}`]),
    );
    const snapshot = await store.snapshot(table);
    const truncated = store.truncate(table);
    await new Promise(setImmediate);
    await snapshot.release();
    await truncated;
    const copies = "FROM duckdb_tables() WHERE table_name LIKE 'snapshot_%'";
    expect(await select(store, `SELECT count(*)::BIGINT ${copies}`)).toEqual([[0n]]);
  });

  it('gives any range and any columns in any order', async () => {
    const table = await create(store, 's2', { columns: COLUMNS });
    await write(
      store,
      table,
      Array.from({ length: 4100 }, (_none, id): Cell[] => [BigInt(id), `n${id}`]),
    );
    const snapshot = await store.snapshot(table);
    const found: unknown[] = [];
    for await (const piece of snapshot.read({ columns: ['name', 'id'], start: 2047, count: 3 }))
      found.push(...piece);
    expect(found).toEqual([2047, 2048, 2049].map((id) => [`n${id}`, BigInt(id)]));
    expect(await all(snapshot, 4099, 100)).toEqual([[4099n, 'n4099']]);
    expect(await all(snapshot, 4100, 1)).toEqual([]);
    await expect(
      snapshot
        .read({ columns: ['none'], start: 0, count: 1 })
        [Symbol.asyncIterator]()
        .next(),
    ).rejects.toThrow('no column none');
    await snapshot.release();
  });
});

describe('INSERT', () => {
  const plan = { ...OPTIONS, limit: 1000, columns: ['id', 'name'], constants: new Map<string, string>() };

  it('writes into table partitions that the rows name, and makes those that are missing', async () => {
    const table = await partitioned('i1', 'a');
    const sql = "SELECT range, 'n' || range, CASE WHEN range < 3 THEN 'a' ELSE 'b' END FROM range(5)";
    expect(await store.insert({ ...plan, table, overwrite: false, sql })).toEqual(
      expect.arrayContaining([
        { table, values: ['a'], rows: 3, bytes: 30 },
        { table, values: ['b'], rows: 2, bytes: 20 },
      ]),
    );
    expect(table.tablePartitions.all().map(({ values, rows, bytes }) => [...values, rows, bytes])).toEqual([
      ['a', 3, 30],
      ['b', 2, 20],
    ]);
    expect([table.rows, table.bytes]).toEqual([5, 50]);
  });

  it('replaces only the table partitions that it writes, and reads them before', async () => {
    const table = await partitioned('i2', 'a', 'b');
    await write(
      store,
      table,
      [
        [1n, 'x'],
        [2n, 'y'],
      ],
      ['a'],
    );
    await write(store, table, [[3n, 'z']], ['b']);
    await store.insert({
      ...plan,
      table,
      overwrite: true,
      sql: "SELECT id + 10, name, pt FROM i2 WHERE pt = 'a'",
    });
    expect(await select(store, 'SELECT * FROM i2 ORDER BY id')).toEqual([
      [3n, 'z', 'b'],
      [11n, 'x', 'a'],
      [12n, 'y', 'a'],
    ]);
    const constants = new Map([['pt', 'a']]);
    await store.insert({
      ...plan,
      table,
      overwrite: true,
      constants,
      columns: ['name'],
      sql: "SELECT 'q' WHERE false",
    });
    expect(await select(store, 'SELECT * FROM i2')).toEqual([[3n, 'z', 'b']]);
    expect([table.rows, table.tablePartitions.get(['a'])?.rows]).toEqual([1, 0]);
  });

  it('refuses another number of columns and a table partition without a value, and leaves everything as it was', async () => {
    const table = await partitioned('i3');
    await expect(store.insert({ ...plan, table, overwrite: true, sql: 'SELECT 1' })).rejects.toThrow(
      'ODPS-0130071',
    );
    const sql = "SELECT 1, 'x', 'a' UNION ALL SELECT 2, 'y', NULL";
    await expect(store.insert({ ...plan, table, overwrite: true, sql })).rejects.toThrow('ODPS-0123031');
    await expect(
      store.insert({ ...plan, table, overwrite: false, sql: "SELECT 'x', 'x', 'a'" }),
    ).rejects.toThrow('Could not convert');
    expect([table.rows, table.tablePartitions.size]).toEqual([0, 0]);
  });
});

describe('an upsert', () => {
  const KEYED = [
    column('id', 'BIGINT'),
    column('kind', 'STRING'),
    column('a', 'STRING'),
    column('b', 'DOUBLE'),
  ];
  const EXTRA = [
    ...[column('__version', 'BIGINT'), column('__app_version', 'BIGINT'), column('__operation', 'TINYINT')],
    ...[column('__key_cols', 'ARRAY<BIGINT>'), column('__value_cols', 'ARRAY<BIGINT>')],
  ];
  type Operation = readonly [
    id: bigint | null,
    a: Cell,
    b: Cell,
    deletes?: boolean,
    given?: readonly bigint[],
  ];
  const pack = (operations: readonly Operation[]) =>
    stage(
      store,
      [...KEYED, ...EXTRA],
      operations.map(([id, a, b, deletes = false, given = []]) => [
        ...[id, 'k', a, b, null, null, deletes ? 68 : 85, null, given],
      ]),
    );
  const upsert = async (table: Table, ...packs: (readonly Operation[])[]) =>
    store.upsert({
      table,
      values: [],
      packs: await Promise.all(packs.map(pack)),
      session: { id: 'u', json: '{}' },
    });
  const rowsOf = (name: string) => select(store, `SELECT id, a, b FROM ${name} ORDER BY id`);

  it('lets the last operation of a key win, over packs and within one', async () => {
    const table = await create(store, 'u1', { columns: KEYED, primaryKey: ['id', 'kind'] });
    expect(
      await upsert(
        table,
        [
          [1n, 'x', 1],
          [2n, 'y', 2],
          [1n, 'xx', null],
        ],
        [
          [2n, null, null, true],
          [3n, 'z', 3],
        ],
      ),
    ).toEqual({ rows: 2 });
    expect(await rowsOf('u1')).toEqual([
      [1n, 'xx', null],
      [3n, 'z', 3],
    ]);
    await upsert(table, [
      [3n, null, null, true],
      [3n, 'again', 4],
      [1n, null, null, true],
      [9n, null, null, true],
    ]);
    expect(await rowsOf('u1')).toEqual([[3n, 'again', 4]]);
    expect(table.rows).toBe(1);
  });

  it('changes only the columns that a partial update names', async () => {
    const table = await create(store, 'u2', { columns: KEYED, primaryKey: ['id', 'kind'] });
    await upsert(table, [
      [1n, 'x', 1],
      [2n, 'y', 2],
      [3n, 'z', 3],
    ]);
    await upsert(
      table,
      [
        [1n, null, 9, false, [3n]],
        [2n, null, 8, false, [2n]],
        [3n, null, null, true],
        [3n, null, 5, false, [3n]],
      ],
      [
        [1n, 'late', 7, false, [2n]],
        [4n, 'new', null, false, [2n]],
      ],
    );
    expect(await rowsOf('u2')).toEqual([
      [1n, 'late', 9],
      [2n, null, 2],
      [3n, null, 5],
      [4n, 'new', null],
    ]);
  });

  it('refuses a NULL key and changes nothing', async () => {
    const table = await create(store, 'u3', { columns: KEYED, primaryKey: ['id', 'kind'] });
    await upsert(table, [[1n, 'x', 1]]);
    await expect(upsert(table, [[1n, 'y', 1]], [[null, 'y', 1]])).rejects.toMatchObject({
      code: 'MalformedDataStream',
    });
    expect(await rowsOf('u3')).toEqual([[1n, 'x', 1]]);
  });

  it('leaves an open snapshot and other table partitions alone', async () => {
    const shape = {
      columns: KEYED,
      primaryKey: ['id', 'kind'],
      tablePartitionColumns: [column('pt', 'STRING')],
    };
    const table = await create(store, 'u4', shape);
    for (const pt of ['a', 'b']) {
      await store.addTablePartitions(table, [[pt]], 0);
      table.tablePartitions.add(newTablePartition([pt], 0));
      await write(store, table, [[1n, 'k', pt, 0]], [pt]);
    }
    const before = await store.snapshot(table, ['a']);
    await store.upsert({
      table,
      values: ['a'],
      packs: [await pack([[1n, 'new', 1]])],
      session: { id: 'u4', json: '{}' },
    });
    expect(await all(before)).toEqual([[1n, 'k', 'a', 0]]);
    expect(await select(store, 'SELECT id, a, pt FROM u4 ORDER BY pt')).toEqual([
      [1n, 'new', 'a'],
      [1n, 'b', 'b'],
    ]);
    await before.release();
  });
});

describe('queries', () => {
  it('have the types that they are told, else those that DuckDB knows', async () => {
    const q1 = [
      column('v', 'VARCHAR(20)'),
      column('j', 'JSON'),
      column('n', 'TIMESTAMP_NTZ'),
      column('i', 'INTERVAL_DAY_TIME'),
    ];
    const table = await create(store, 'q1', { columns: q1 });
    await write(store, table, [['a', '[1]', 1n, 2n]]);
    const answer = async (sql: string, resultColumns?: typeof q1) => {
      const rows = await store.query(sql, { ...OPTIONS, ...(resultColumns ? { resultColumns } : {}) });
      const [row] = await all(rows);
      await rows.release();
      return { types: rows.columns.map(({ type }) => typeText(type)), row };
    };
    expect(await answer('SELECT * FROM q1', q1)).toEqual({
      types: ['varchar(20)', 'json', 'timestamp_ntz', 'interval_day_time'],
      row: ['a', '[1]', 1n, 2n],
    });
    expect(await answer('SELECT v, sum(1), 1, 1.5 FROM q1 GROUP BY v')).toEqual({
      types: ['string', 'bigint', 'int', 'decimal(2,1)'],
      row: ['a', 1n, 1, '1.5'],
    });
  });

  it('end when they are told to, and hold up no change meanwhile', async () => {
    const table = await create(store, 'q2', { columns: COLUMNS });
    const stop = new AbortController();
    const long = store.query('SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b', {
      ...OPTIONS,
      signal: stop.signal,
    });
    const ended = expect(long).rejects.toThrow('stopped by the test');
    await write(store, table, [[1n, 'x']]);
    expect(await select(store, 'SELECT count(*) FROM q2')).toEqual([[1n]]);
    stop.abort(new Error('stopped by the test'));
    await ended;
  });

  it('end when that is said before they have begun', async () => {
    const sql = 'SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b';
    for (const turns of [0, 1, 2, 5]) {
      const stop = new AbortController();
      const ended = expect(store.query(sql, { ...OPTIONS, signal: stop.signal })).rejects.toThrow('at once');
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      stop.abort(new Error('at once'));
      await ended;
    }
  });

  it('read no files', async () => {
    await expect(store.query("SELECT * FROM read_csv('/etc/passwd')", OPTIONS)).rejects.toThrow(
      'disabled by configuration',
    );
  });
});
