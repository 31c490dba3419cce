import { Environment, evaluate } from '@marcbachmann/cel-js';
import { LIMITS } from '../../limits.ts';
import { FUNCTIONS, OPERATORS } from './functions.ts';
import { MACROS } from './macros.ts';

/** A node of an expression, with its place in the text: [start, end), without parentheses around it. */
export type Node = ReturnType<Environment['parse']>['ast'];

/** What is wrong with an expression, or went wrong with it. */
export interface Fault {
  /** The library's word for it. */
  readonly code: string;
  readonly message: string;
  /** Character of the text, from 0; null: nowhere in particular. */
  readonly at: number | null;
}

/** An expression that was checked. */
export interface Program {
  /** `bool`, `string`, `list<int>`...; `dyn`: it depends on the record. */
  readonly type: string;
  /** Throws what {@link faultOf} understands. */
  run(variables: Readonly<Record<string, unknown>>): unknown;
}

/** CEL's unsigned numbers: the class is not among what the library exports. */
const Unsigned = (evaluate('0u') as object).constructor as new (value: bigint) => { valueOf(): bigint };
export const unsigned = (value: bigint): object => new Unsigned(value);
export const isUnsigned = (value: unknown): value is { valueOf(): bigint } => value instanceof Unsigned;

let shared: Environment | null = null;

/** Made at the first expression: most pipelines have none. */
function environment(): Environment {
  if (shared) return shared;
  shared = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: LIMITS.expressionNodes, maxDepth: LIMITS.expressionDepth },
  });
  for (const [signature, handler] of FUNCTIONS) shared.registerFunction(signature, handler, { async: false });
  for (const [signature, handler] of OPERATORS) shared.registerOperator(signature, handler);
  for (const [signature, handler] of MACROS) shared.registerFunction(signature, handler);
  return shared;
}

/** The expression as a tree, unchecked. */
export function parseCel(text: string): Node | { readonly fault: Fault } {
  try {
    return environment().parse(text).ast;
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

/** Checks the types as far as they are known; `variables` have their types by name. */
export function compileCel(
  text: string,
  variables: ReadonlyMap<string, string>,
): Program | { readonly fault: Fault } {
  try {
    const own = environment().clone();
    for (const [name, type] of variables) own.registerVariable(name, type);
    const program = own.parse(text);
    const { valid, type, error } = program.check();
    return valid ? { type: type ?? 'dyn', run: (values) => program(values) } : { fault: faultOf(error) };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

/** Anything that was thrown while an expression was read or run. */
export function faultOf(error: unknown): Fault {
  const { code, summary, range } = error as Partial<Record<'code' | 'summary', unknown>> & {
    range?: { start?: unknown };
  };
  const message =
    typeof summary === 'string' ? summary : error instanceof Error ? error.message : String(error);
  return {
    code: typeof code === 'string' ? code : 'failed',
    message,
    at: typeof range?.start === 'number' ? range.start : null,
  };
}
