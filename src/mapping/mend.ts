import type { Cell, Dirty } from '../decode/cell/cell.ts';
import type { RejectionCode } from '../errors.ts';
import { createConverter } from './convert/convert.ts';
import type { ColumnWriter, Converter } from './convert/converter.ts';
import { ALL_DEAD_LETTERS, type DirtyAction, dirtyActions, type MendAction } from './dirty.ts';
import type { Plan, PlanColumn } from './plan.ts';

/** A value that stands in the place of one that did not fit. */
export interface Mended {
  readonly code: RejectionCode;
  readonly action: MendAction;
}

/** A column whose cell could not be converted. */
export interface Unfit {
  readonly plan: PlanColumn;
  readonly cell: Cell;
  /** The column's default; null: it has none. */
  readonly fallback: Cell | null;
  readonly convert: Converter;
  readonly convertFallback: Converter;
}

/** Puts another value into a column where the rules say so. */
export interface Mender {
  /** Of the row since `begin`, in the order of its columns. */
  readonly mended: readonly Mended[];
  begin(): void;
  /** Null: mended (a NULL is written by writing nothing); else why the record is dirty all the same. */
  mend(column: Unfit, problem: Dirty, out: ColumnWriter): Dirty | null;
}

export function createMender(plan: Pick<Plan, 'dirty' | 'maxFieldBytes'>): Mender {
  const actions = dirtyActions(plan.dirty ?? ALL_DEAD_LETTERS);
  const cutting = cutters(actions, plan.maxFieldBytes);
  const mended: Mended[] = [];

  function mend(column: Unfit, problem: Dirty, out: ColumnWriter): Dirty | null {
    const { code } = problem;
    const action = actions[code];
    const left = tryTo(action, column, problem, out, cutting);
    // What is left of a number that was cut may be out of range, which has an action of its own.
    if (left && left.code !== code) return mend(column, left, out);
    if (left === null) mended.push({ code, action: action as MendAction });
    return left && problem;
  }

  return {
    mended,
    begin() {
      if (mended.length > 0) mended.length = 0;
    },
    mend,
  };
}

function tryTo(
  action: DirtyAction,
  { plan, cell, fallback, convertFallback }: Unfit,
  problem: Dirty,
  out: ColumnWriter,
  cutting: (column: PlanColumn) => Converter,
): Dirty | null {
  switch (action) {
    case 'truncate':
      return cutting(plan)(cell, out, plan.number);
    case 'set_null':
      return plan.nullable ? null : problem;
    case 'default_value':
      return fallback ? convertFallback(fallback, out, plan.number) : problem;
    default:
      return problem;
  }
}

/** Converters that leave out what does not fit, as far as the rules allow; made for the columns that need one. */
function cutters(actions: Readonly<Record<RejectionCode, DirtyAction>>, maxFieldBytes: number) {
  const made = new Map<number, Converter>();
  return (column: PlanColumn): Converter => {
    const known = made.get(column.number);
    if (known) return known;
    const round = actions.not_exact === 'truncate' ? 'cut' : column.round;
    const cut = createConverter(
      { ...column, round, cutText: actions.too_long === 'truncate' },
      maxFieldBytes,
    );
    made.set(column.number, cut);
    return cut;
  };
}
