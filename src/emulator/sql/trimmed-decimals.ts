import type { ColumnType } from '../model/types.ts';
import type { Cell } from '../record/cells.ts';
import type { Rows } from '../store/store.ts';

type Trim = (cell: Cell) => Cell;

/** `10.500` is `10.5` and `10.000` is `10`. */
const withoutZeros = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

/**
 * What a query answers holds no zeros behind the last digit of a DECIMAL, as
 * `odps.sql.decimal.tostring.trimzero` (true unless a statement says otherwise) has it: Java's BigDecimal
 * takes 10 and 10.000 for two values.
 */
export function trimmedDecimals(rows: Rows): Rows {
  const trims = new Map(rows.columns.map(({ name, type }) => [name, trimOf(type)]));
  if (![...trims.values()].some(Boolean)) return rows;
  return {
    columns: rows.columns,
    count: rows.count,
    read: (plan) =>
      trimmedPieces(
        rows.read(plan),
        plan.columns.map((name) => trims.get(name)),
      ),
    release: () => rows.release(),
  };
}

async function* trimmedPieces(
  pieces: ReturnType<Rows['read']>,
  trims: readonly (Trim | undefined)[],
): ReturnType<Rows['read']> {
  for await (const piece of pieces)
    yield piece.map((row) => row.map((cell, at) => trims[at]?.(cell) ?? cell));
}

/** Undefined: there is no DECIMAL in values of the type. */
function trimOf(type: ColumnType): Trim | undefined {
  switch (type.name) {
    case 'DECIMAL':
      return (cell) => (cell === null ? null : withoutZeros(cell as string));
    case 'ARRAY': {
      const trim = trimOf(type.element);
      return trim && eachOf((items) => items.map(trim));
    }
    case 'MAP': {
      const [key, value] = [trimOf(type.key), trimOf(type.value)];
      const entry = ([k, v]: readonly Cell[]): Cell => [key?.(k!) ?? k!, value?.(v!) ?? v!];
      return key || value
        ? eachOf((entries) => entries.map((one) => entry(one as readonly Cell[])))
        : undefined;
    }
    case 'STRUCT': {
      const trims = type.fields.map((field) => trimOf(field.type));
      return trims.some(Boolean)
        ? eachOf((items) => items.map((item, at) => trims[at]?.(item) ?? item))
        : undefined;
    }
    default:
      return undefined;
  }
}

const eachOf =
  (change: (items: readonly Cell[]) => Cell): Trim =>
  (cell) =>
    cell === null ? null : change(cell as readonly Cell[]);
