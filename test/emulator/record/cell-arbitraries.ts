import fc from 'fast-check';
import type { ColumnType, SimpleName } from '../../../src/emulator/model/types.ts';
import type { Cell } from '../../../src/emulator/record/cells.ts';

/** Any type of a column, nested ones included. */
export const anyType: fc.Arbitrary<ColumnType> = typeOfDepth(2);

const SIMPLE: readonly SimpleName[] = [
  ...(['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE', 'BOOLEAN', 'STRING'] as const),
  ...(['BINARY', 'JSON', 'DATE', 'DATETIME', 'TIMESTAMP', 'TIMESTAMP_NTZ'] as const),
  ...(['INTERVAL_DAY_TIME', 'INTERVAL_YEAR_MONTH'] as const),
];

function typeOfDepth(depth: number): fc.Arbitrary<ColumnType> {
  const leaf = fc.oneof(
    fc.nat().map((index): ColumnType => ({ name: SIMPLE[index % SIMPLE.length]! })),
    fc.constantFrom<ColumnType[]>({ name: 'VARCHAR', length: 20 }, { name: 'CHAR', length: 5 }),
    fc.nat({ max: 18 }).chain((scale) =>
      fc.integer({ min: Math.max(1, scale), max: 38 }).map((precision): ColumnType => {
        return { name: 'DECIMAL', precision, scale };
      }),
    ),
  );
  if (depth === 0) return leaf;
  const inner = typeOfDepth(depth - 1);
  return fc.oneof(
    { arbitrary: leaf, weight: 4 },
    { arbitrary: inner.map((element): ColumnType => ({ name: 'ARRAY', element })), weight: 1 },
    {
      arbitrary: fc.tuple(leaf, inner).map(([key, value]): ColumnType => ({ name: 'MAP', key, value })),
      weight: 1,
    },
    {
      arbitrary: fc.array(inner, { minLength: 1, maxLength: 3 }).map((types): ColumnType => {
        return { name: 'STRUCT', fields: types.map((type, index) => ({ name: `f${index}`, type })) };
      }),
      weight: 1,
    },
  );
}

const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength });
const whole = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
/** Days from 0001-01-01 to 9999-12-31. */
const days = { min: -719162, max: 2932896 };
const nanoseconds = fc.bigInt({
  min: BigInt(days.min) * 86_400_000_000_000n,
  max: BigInt(days.max) * 86_400_000_000_000n + 86_399_999_999_999n,
});

function decimal(precision: number, scale: number): fc.Arbitrary<string> {
  const limit = 10n ** BigInt(precision) - 1n;
  return fc.bigInt({ min: -limit, max: limit }).map((digits) => {
    const plain = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
    const point = plain.length - scale;
    return `${digits < 0n ? '-' : ''}${plain.slice(0, point)}${scale ? `.${plain.slice(point)}` : ''}`;
  });
}

/** A value of `type` that the service takes. */
export function cellOfType(type: ColumnType): fc.Arbitrary<Cell> {
  switch (type.name) {
    case 'TINYINT':
      return whole(8);
    case 'SMALLINT':
      return whole(16);
    case 'BIGINT':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'DATETIME':
      return fc.integer({ min: days.min * 86_400_000, max: days.max * 86_400_000 + 86_399_999 }).map(BigInt);
    case 'DATE':
      return fc.integer(days);
    case 'INTERVAL_YEAR_MONTH':
      return fc.integer({ min: -119_988, max: 119_988 });
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return nanoseconds;
    case 'INTERVAL_DAY_TIME':
      return fc.bigInt({ min: -864_000_000_000_000_000n, max: 864_000_000_000_000_000n });
    case 'FLOAT':
      return fc.float();
    case 'DOUBLE':
      return fc.double();
    case 'BOOLEAN':
      return fc.boolean();
    case 'BINARY':
      return fc.uint8Array({ maxLength: 300 });
    case 'DECIMAL':
      return decimal(type.precision, type.scale);
    case 'STRING':
      return fc.oneof(text(20), text(300));
    case 'VARCHAR':
    case 'CHAR':
      return text(type.length);
    case 'JSON':
      return fc.json();
    case 'ARRAY':
      return fc.array(nullable(cellOfType(type.element)), { maxLength: 4 });
    case 'MAP':
      return mapOf(type.key, type.value);
    case 'STRUCT':
      return fc.tuple(...type.fields.map((field) => nullable(cellOfType(field.type))));
    default:
      return whole(32);
  }
}

function mapOf(key: ColumnType, value: ColumnType): fc.Arbitrary<Cell> {
  const entry = fc.tuple(cellOfType(key), nullable(cellOfType(value)));
  return fc.uniqueArray(entry, {
    maxLength: 3,
    selector: ([name]) => (name instanceof Uint8Array ? Buffer.from(name).toString('hex') : String(name)),
  });
}

const nullable = (cell: fc.Arbitrary<Cell>): fc.Arbitrary<Cell> => fc.option(cell, { freq: 5, nil: null });

/** Columns and rows of them. */
export const anyRows = fc.array(anyType, { minLength: 1, maxLength: 5 }).chain((types) =>
  fc.array(fc.tuple(...types.map((type) => nullable(cellOfType(type)))), { maxLength: 6 }).map((rows) => ({
    types,
    rows,
  })),
);
