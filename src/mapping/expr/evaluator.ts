import { type Cell, type Dirty, MISSING, NULL, STRING } from '../../decode/cell/cell.ts';
import { dirty } from '../convert/converter.ts';
import type { Slot } from '../plan.ts';
import { faultOf } from './cel.ts';
import { parseExpression } from './expression.ts';
import type { InputView } from './inputs.ts';
import { beginSteps, isMissing, tooManySteps } from './macros.ts';
import { celValue, headersOf, setValue, timeOf } from './value.ts';

/** One expression of the plan: from the cells of its inputs to a cell of its own. */
export interface Evaluator {
  /** Fills the cell for the record whose cells are filled. */
  evaluate(): void;
  /** Why the last evaluation gave nothing; the cell is then neither missing nor null, so that its column is asked. */
  readonly failure: Dirty | null;
}

type ExpressionSlot = Extract<Slot, { from: 'expr' }>;

/** `cells` belong to the plan's slots. The plan has been checked by the compiler. */
export function createEvaluator(slot: ExpressionSlot, cells: readonly Cell[], out: Cell): Evaluator {
  const parsed = parseExpression(slot.text);
  if ('message' in parsed) throw new Error(`the expression ${slot.text}: ${parsed.message}`);
  const { program, names, strict, operands } = parsed;
  const inputs = slot.inputs.map(({ slot: index, view }, i) => ({
    cell: cells[index]!,
    read: READ[view],
    /** Without more than this kind there is nothing to work out. */
    least: strict ? (operands.has(i) ? NULL : MISSING) : -1,
  }));
  const variables: Record<string, unknown> = Object.create(null);
  for (const name of names) variables[name] = undefined;
  let failure: Dirty | null = null;

  /** False: an input that is missing, or the null operand of arithmetic, makes the whole null. */
  function fill(): boolean {
    for (let i = 0; i < inputs.length; i++) {
      const { cell, read, least } = inputs[i]!;
      if (cell.kind <= least) return false;
      variables[names[i]!] = read(cell);
    }
    return true;
  }

  function run(): void {
    beginSteps();
    const result = program.run(variables);
    if (tooManySteps()) throw new Error(TOO_MANY);
    setValue(out, result);
  }

  function evaluate(): void {
    failure = null;
    try {
      if (fill()) run();
      else out.kind = NULL;
    } catch (error) {
      const { code, message } = faultOf(error);
      const absent = isMissing(code) || (isMisfit(code) && inputs.some(({ cell }) => cell.kind === NULL));
      if (absent && !tooManySteps()) out.kind = NULL;
      else {
        failure = dirty('expr_failed', message.slice(0, LONGEST_MESSAGE));
        out.setBytes(STRING, EMPTY, 0, 0);
      }
    }
  }
  return {
    evaluate,
    get failure() {
      return failure;
    },
  };
}

const READ: Readonly<Record<InputView, (cell: Cell) => unknown>> = {
  value: celValue,
  time: timeOf,
  headers: headersOf,
};

const EMPTY = new Uint8Array(0);
const LONGEST_MESSAGE = 200;
const TOO_MANY = 'too many steps';

/** Nothing takes a null for an operand: with one among the inputs the whole is null, as in SQL. */
const MISFITS: ReadonlySet<string> = new Set([
  'no_such_overload',
  'no_matching_overload',
  'invalid_condition_type',
  'invalid_logical_operand',
  'invalid_comprehension_range',
]);
const isMisfit = (code: string): boolean => MISFITS.has(code);
