import fc from 'fast-check';
import { type ColumnDefinition, newTable, type Table } from '../../../src/emulator/model/catalog.ts';
import { type ColumnType, parseType } from '../../../src/emulator/model/types.ts';
import type { Cell } from '../../../src/emulator/record/cells.ts';
import type { Rows, StagedBlock, Store } from '../../../src/emulator/store/store.ts';

export const OPTIONS = { schema: 'default', timeZone: 'Asia/Shanghai' };

export const column = (name: string, type: ColumnType | string): ColumnDefinition => ({
  ...{ name, comment: '', nullable: true },
  type: typeof type === 'string' ? parseType(type) : type,
});

interface Shape {
  readonly columns: readonly ColumnDefinition[];
  readonly tablePartitionColumns?: readonly ColumnDefinition[];
  readonly primaryKey?: readonly string[];
}

/** A table that the store knows. */
export async function create(store: Store, name: string, shape: Shape): Promise<Table> {
  const definition = { tablePartitionColumns: [], primaryKey: [], ...shape, comment: '', lifecycle: -1 };
  const properties = shape.primaryKey?.length ? { transactional: 'true' } : {};
  const table = newTable(
    { schema: 'default', name },
    { ...definition, properties },
    Date.now(),
    `id-${name}`,
  );
  await store.createTable(table);
  return table;
}

export async function stage(
  store: Store,
  columns: readonly ColumnDefinition[],
  rows: readonly (readonly Cell[])[],
): Promise<StagedBlock> {
  const loader = await store.load(columns);
  for (const row of rows) loader.onRow(row);
  return loader.finish(rows.length);
}

export async function write(
  store: Store,
  table: Table,
  rows: readonly (readonly Cell[])[],
  values: readonly string[] = [],
  overwrite = false,
): Promise<void> {
  const blocks = [await stage(store, table.columns, rows)];
  await store.commit({ table, values, blocks, overwrite });
}

export async function all(rows: Rows, start = 0, count = rows.count): Promise<(readonly Cell[])[]> {
  const found: (readonly Cell[])[] = [];
  const columns = rows.columns.map(({ name }) => name);
  for await (const piece of rows.read({ columns, start, count })) found.push(...piece);
  return found;
}

export async function select(store: Store, sql: string): Promise<(readonly Cell[])[]> {
  const rows = await store.query(sql, OPTIONS);
  try {
    return await all(rows);
  } finally {
    await rows.release();
  }
}

const LEAVES = [
  ...['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE', 'BOOLEAN', 'STRING', 'BINARY', 'DATE'],
  ...['DATETIME', 'TIMESTAMP', 'TIMESTAMP_NTZ', 'INTERVAL_DAY_TIME', 'INTERVAL_YEAR_MONTH', 'JSON'],
  ...['VARCHAR(20)', 'CHAR(5)', 'DECIMAL(38,18)', 'DECIMAL(18,4)', 'DECIMAL(9,0)', 'DECIMAL(1,1)'],
];
const KEYS = ['BIGINT', 'STRING', 'INT', 'VARCHAR(20)', 'DATE'];

const leafType = fc.constantFrom(...LEAVES).map(parseType);
const fieldName = fc.constantFrom('a', 'b c', '1', '__proto__', 'select', 'Ä"\'x', 'constructor', 'f1');

/** Any type to a depth of three. */
export const anyType: fc.Arbitrary<ColumnType> = fc.letrec<{ type: ColumnType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 4, arbitrary: leafType },
    { weight: 1, arbitrary: tie('type').map((element) => ({ name: 'ARRAY' as const, element })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...KEYS).map(parseType), tie('type'))
        .map(([key, value]) => ({ name: 'MAP' as const, key, value })),
    },
    {
      weight: 1,
      arbitrary: fc
        .uniqueArray(fc.tuple(fieldName, tie('type')), {
          minLength: 1,
          maxLength: 3,
          selector: ([name]) => name,
        })
        .map((fields) => ({
          name: 'STRUCT' as const,
          fields: fields.map(([name, type]) => ({ name, type })),
        })),
    },
  ),
})).type;

const between = (min: number, max: number) => fc.integer({ min, max });
const big = (min: bigint, max: bigint) => fc.bigInt({ min, max });
const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength });
const DAY_NS = 86_400_000_000_000n;
/** 0001-01-02 to 9999-12-30: the zone of a query may not lead out of DuckDB's years. */
const [FIRST_DAY, LAST_DAY] = [-719161, 2932895];

/** Values of a type, NULL among them; `near`: times that nanoseconds in 64 bits reach. */
export function anyCell(type: ColumnType, near: boolean): fc.Arbitrary<Cell> {
  return fc.option(cellOf(type, near), { freq: 4 });
}

function cellOf(type: ColumnType, near: boolean): fc.Arbitrary<Cell> {
  switch (type.name) {
    case 'TINYINT':
      return between(-128, 127);
    case 'SMALLINT':
      return between(-32768, 32767);
    case 'INT':
    case 'INTERVAL_YEAR_MONTH':
      return between(-2147483648, 2147483647);
    case 'BIGINT':
      return big(-(2n ** 63n), 2n ** 63n - 1n);
    case 'FLOAT':
      return fc.float();
    case 'DOUBLE':
      return fc.double();
    case 'BOOLEAN':
      return fc.boolean();
    case 'DATE':
      return between(-719162, 2932896);
    case 'DATETIME':
      return big(BigInt(FIRST_DAY) * 86_400_000n, BigInt(LAST_DAY) * 86_400_000n);
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return near
        ? big(-9_000_000_000_000_000_000n, 9_000_000_000_000_000_000n)
        : big(BigInt(FIRST_DAY) * DAY_NS, BigInt(LAST_DAY) * DAY_NS);
    case 'INTERVAL_DAY_TIME':
      return big(-(10n ** 25n), 10n ** 25n);
    case 'BINARY':
      return fc.uint8Array({ maxLength: 40 });
    case 'DECIMAL':
      return decimal(type.precision, type.scale);
    // Shorter ones are filled with blanks on their way out.
    case 'CHAR':
      return fc.string({ unit: 'binary', minLength: type.length, maxLength: type.length });
    case 'VARCHAR':
      return text(type.length).filter((value) => [...value].length <= type.length);
    case 'JSON':
      return fc.oneof(fc.json(), text(10));
    case 'ARRAY':
      return fc.array(anyCell(type.element, near), { maxLength: 5 });
    case 'MAP':
      return fc.uniqueArray(fc.tuple(cellOf(type.key, near), anyCell(type.value, near)), {
        ...{ maxLength: 5, selector: ([key]) => String(key) },
      });
    case 'STRUCT':
      return fc.tuple(...type.fields.map((field) => anyCell(field.type, near)));
    default:
      return text(80);
  }
}

/** Plain notation with all digits of the scale, as the store gives it back. */
function decimal(precision: number, scale: number): fc.Arbitrary<string> {
  const limit = 10n ** BigInt(precision) - 1n;
  return big(-limit, limit).map((value) => {
    const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
    const whole = digits.slice(0, digits.length - scale);
    return `${value < 0n ? '-' : ''}${whole}${scale ? `.${digits.slice(-scale)}` : ''}`;
  });
}
