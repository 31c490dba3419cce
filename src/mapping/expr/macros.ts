import { LIMITS } from '../../limits.ts';
import type { Node } from './cel.ts';

/**
 * Macros of ours: they see their arguments before these are evaluated, so a missing field is no error yet. `has_`
 * stands for CEL's own `has`, which does not take a field of the top level; `each_`, `all_` and `some_` stand around the bodies of
 * comprehensions (rewrite.ts) and count their steps.
 */
interface Checker {
  check(node: Node, context: Context): unknown;
  getType(name: string): unknown;
  createError(code: string, message: string, node: Node): Error;
}
interface Evaluator {
  run(node: Node, context: Context): unknown;
}
interface Context {
  getValue(name: string): unknown;
}
interface Macro {
  readonly args: readonly Node[];
  typeCheck(checker: Checker, macro: Macro, context: Context): unknown;
  evaluate(evaluator: Evaluator, macro: Macro, context: Context): unknown;
}
type Expander = (call: { readonly args: readonly Node[] }) => Macro & { readonly async: false };

const MISSING_CODES: ReadonlySet<unknown> = new Set([
  'unknown_variable',
  'no_such_key',
  'index_out_of_bounds',
]);
/** Whether an error of the library says that something is not there. */
export const isMissing = (code: unknown): boolean => MISSING_CODES.has(code);

/** The value, or undefined when a part of the way to it is missing. */
function present(evaluator: Evaluator, node: Node, context: Context): unknown {
  if (node.op === 'id' && context.getValue(node.args) === undefined) return undefined;
  try {
    return evaluator.run(node, context);
  } catch (error) {
    if (isMissing((error as { code?: unknown }).code)) return undefined;
    throw error;
  }
}

const FIELDS = ['id', '.', '[]'];

const has: Expander = ({ args }) => ({
  args,
  async: false,
  typeCheck(checker, { args: [field] }, context) {
    if (!FIELDS.includes(field!.op))
      throw checker.createError('invalid_macro_argument', 'has() takes a field such as tag.desc', field!);
    checker.check(field!, context);
    return checker.getType('bool');
  },
  evaluate: (evaluator, { args: [field] }, context) => present(evaluator, field!, context) !== undefined,
});

const coalesce: Expander = ({ args }) => ({
  args,
  async: false,
  typeCheck(checker, macro, context) {
    for (const arg of macro.args) checker.check(arg, context);
    return checker.getType('dyn');
  },
  evaluate(evaluator, macro, context) {
    for (const arg of macro.args) {
      const value = present(evaluator, arg, context);
      if (value !== undefined && value !== null) return value;
    }
    return null;
  },
});

/** Steps that comprehensions have taken in the evaluation under way. */
let steps = 0;

export function beginSteps(): void {
  steps = 0;
}

export const tooManySteps = (): boolean => steps > LIMITS.expressionSteps;

/** Thrown without a stack: it may be caught many times on its way out of nested comprehensions. */
const SPENT = new Error(`it takes more than ${LIMITS.expressionSteps} steps through lists`);

/** `stop`: what ends the comprehension around it at once; null: only an error does. */
const counted =
  (stop: boolean | null): Expander =>
  ({ args }) => ({
    args,
    async: false,
    typeCheck: (checker, { args: [body] }, context) => checker.check(body!, context),
    evaluate(evaluator, { args: [body] }, context) {
      steps++;
      if (!tooManySteps()) return evaluator.run(body!, context);
      if (stop === null) throw SPENT;
      return stop;
    },
  });

const COALESCE_MOST = 8;

export const MACROS: readonly (readonly [signature: string, expander: Expander])[] = [
  ['has_(ast): bool', has],
  ['each_(ast): dyn', counted(null)],
  ['all_(ast): bool', counted(false)],
  ['some_(ast): bool', counted(true)],
  ...Array.from({ length: COALESCE_MOST }, (_, i) => {
    const args = Array.from({ length: i + 1 }, () => 'ast').join(', ');
    return [`coalesce(${args}): dyn`, coalesce] as const;
  }),
];
