import { BOOLEAN, type Cell, type Dirty, NULL } from '../../decode/cell/cell.ts';
import { type Converter, dirty, show } from '../convert/converter.ts';
import type { Plan } from '../plan.ts';
import { createEvaluator, type Evaluator } from './evaluator.ts';

/** All expressions of a plan. */
export interface Expressions {
  /** Whether `table.filter` keeps the row whose cells are filled, or why that cannot be said. */
  keeps(): boolean | Dirty;
  /** Fills the cells of the others; a failure is told by the column that asks for it. */
  evaluate(): void;
  /** Why the key of the row (`table.deduplicate`) cannot be worked out; null: it can. */
  keyFailure(): Dirty | null;
  /** The converter of a column with this slot. */
  guarded(slot: number, convert: Converter): Converter;
}

/** `cells` belong to the plan's slots. Null: the plan has no expression. */
export function createExpressions(
  { slots, filter, deduplicate = [] }: Plan,
  cells: readonly Cell[],
): Expressions | null {
  const evaluators = new Map<number, Evaluator>();
  slots.forEach((slot, i) => {
    if (slot.from === 'expr') evaluators.set(i, createEvaluator(slot, cells, cells[i]!));
  });
  if (evaluators.size === 0) return null;
  const others = [...evaluators].filter(([slot]) => slot !== filter).map(([, one]) => one);
  const deciding =
    filter === undefined ? null : { cell: cells[filter]!, expression: evaluators.get(filter)! };

  const inKey = deduplicate.flatMap((slot) => evaluators.get(slot) ?? []);

  return {
    keeps: () => deciding === null || decide(deciding.expression, deciding.cell),
    evaluate() {
      for (let i = 0; i < others.length; i++) others[i]!.evaluate();
    },
    keyFailure() {
      for (let i = 0; i < inKey.length; i++) {
        const { failure } = inKey[i]!;
        if (failure) return { ...failure, message: `in table.deduplicate.key: ${failure.message}` };
      }
      return null;
    },
    guarded(slot, convert) {
      const expression = evaluators.get(slot);
      if (!expression) return convert;
      return (cell, out, column) => expression.failure ?? convert(cell, out, column);
    },
  };
}

/** Missing and null are not true. */
function decide(expression: Evaluator, cell: Cell): boolean | Dirty {
  expression.evaluate();
  if (expression.failure) return dirty('filter_failed', expression.failure.message);
  if (cell.kind === BOOLEAN) return cell.num === 1;
  return cell.kind <= NULL ? false : dirty('filter_failed', `it gives ${show(cell)}, neither true nor false`);
}
