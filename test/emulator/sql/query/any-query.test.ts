import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ColumnDefinition } from '../../../../src/emulator/model/catalog.ts';
import { type ColumnType, lowerFields, typeText } from '../../../../src/emulator/model/types.ts';
import type { Cell } from '../../../../src/emulator/record/cells.ts';
import { startEmulator } from '../../../../src/emulator/server.ts';
import { MACROS } from '../../../../src/emulator/sql/query/macros.ts';
import { SCALARS } from '../../../../src/emulator/sql/query/scalars/scalars.ts';
import { analyzeQuery, type QueryScope } from '../../../../src/emulator/sql/select.ts';
import { createDuckDbStore } from '../../../../src/emulator/store/duckdb-store.ts';
import type { Store } from '../../../../src/emulator/store/store.ts';
import { all, anyCell, anyType, column, create, OPTIONS, write } from '../../store/support.ts';
import { NESTED_CASES } from './nested-cases.ts';
import { NUMBER_CASES } from './number-cases.ts';
import { TEXT_CASES } from './text-cases.ts';
import { TIME_CASES } from './time-cases.ts';

describe('values of any type', () => {
  let store: Store;
  beforeAll(async () => {
    store = await createDuckDbStore(null, { macros: MACROS, scalars: SCALARS });
    await store.restore();
  });
  afterAll(() => store.close());

  /** Ways of a value through a query that must not change it. */
  const WAYS = [
    'SELECT id, c FROM t',
    'SELECT id, c FROM (SELECT * FROM t) s',
    'SELECT id, CASE WHEN id >= 0 THEN c END AS c FROM t',
    'SELECT id, coalesce(c, c) AS c FROM t',
    'SELECT id, if(id < 0, NULL, c) AS c FROM t',
    'SELECT id, c FROM t WHERE id < 0 UNION ALL SELECT id, c FROM t',
    'WITH q AS (SELECT id, c FROM t) SELECT q.id, q.c FROM q',
    'SELECT a.id, b.c FROM t a LEFT JOIN t b ON a.id = b.id',
    'SELECT id, array(c)[0] AS c FROM t',
    "SELECT id, named_struct('f', c).f AS c FROM t",
    "SELECT id, map('k', c)['k'] AS c FROM t",
    'SELECT id, x AS c FROM t LATERAL VIEW explode(array(c)) v AS x',
    'SELECT id, any_value(c) AS c FROM t GROUP BY id',
    'SELECT id, first_value(c) OVER (PARTITION BY id) AS c FROM t',
    'SELECT id, transform(array(c), x -> x)[0] AS c FROM t',
    'SELECT id, c FROM (SELECT id, collect_list(struct(c)) AS l FROM t GROUP BY id) s LATERAL VIEW inline(l) v AS c',
  ];

  const content = anyType.chain((type) =>
    fc.tuple(fc.constant(type), fc.array(anyCell(type, false), { maxLength: 6 }), fc.constantFrom(...WAYS)),
  );
  let last = 0;

  async function through(type: ColumnType, cells: readonly Cell[], way: string) {
    last += 1;
    const columns = [column('id', 'BIGINT'), column('c', type)];
    const table = await create(store, `t${last}`, { columns });
    await write(
      store,
      table,
      cells.map((cell, index) => [BigInt(index), cell]),
    );
    const scope: QueryScope = {
      ...{ project: 'p', schema: 'default', settings: new Map(), isSchema: () => false },
      find: ({ name }) => (name === 't' ? table : undefined),
      ...{ variables: new Map(), refusal: () => undefined },
    };
    const query = analyzeQuery(`${way} ORDER BY id`, scope);
    const rows = await store.query(query.sql, { ...OPTIONS, resultColumns: query.columns });
    const found = await all(rows);
    await rows.release();
    await store.dropTable(table);
    const names = (columns: readonly ColumnDefinition[]) =>
      columns.map((each) => typeText(lowerFields(each.type)));
    return { types: names(query.columns), declared: names(table.columns), found };
  }

  it('come out of queries as they went in', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(content, async ([type, cells, way]) => {
        const { types, declared, found } = await through(type, cells, way);
        expect(types).toEqual(declared);
        expect(found).toEqual(cells.map((cell, index) => [BigInt(index), cell]));
      }),
      { numRuns: Number(process.env.QUERY_RUNS ?? 60) },
    );
  });
});

describe('queries that are damaged', () => {
  const CASES = [...TEXT_CASES, ...NUMBER_CASES, ...TIME_CASES, ...NESTED_CASES].map(([query]) => query);
  const cut = (text: string): string[] => text.match(/'(?:[^'\\]|\\.)*'|\w+|\s+|./gs) ?? [];
  const PIECES = [...new Set(CASES.flatMap(cut)), 'NULL', 'array(1)', "map('a', 1)", 'count(*)', 'SELECT'];
  const damaged = fc
    .tuple(fc.constantFrom(...CASES), fc.nat(), fc.constantFrom('', ...PIECES))
    .map(([text, at, piece]) => {
      const pieces = cut(text);
      return pieces.with(at % pieces.length, piece).join('');
    });

  it('are answered, or refused in the words of the service', { timeout: 120_000 }, async () => {
    const emulator = await startEmulator({ project: 'p', accessId: 'a', accessKey: 'b' });
    try {
      await fc.assert(
        fc.asyncProperty(damaged, async (expression) => {
          const text = await emulator.sql(`SELECT ${expression};`).catch((error: Error) => error.message);
          if (text.startsWith('"')) return;
          expect(text).toMatch(/^ODPS-(0130\d{3}:\[\d+,\d+\]|0121095:)/);
          expect(text).not.toMatch(/Binder|Catalog|syntax error|No function matches|explicit cast/);
          expect(text).not.toMatch(
            /\bU?INT(8|16|32|64|128)\b|HUGEINT|WITH TIME ZONE|mc_\w+\(|list_transform|struct_/,
          );
        }),
        { numRuns: Number(process.env.QUERY_RUNS ?? 150) },
      );
    } finally {
      await emulator.stop();
    }
  });
});
