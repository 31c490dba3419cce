import type { Path } from '../../decode/path/path.ts';
import { LIMITS } from '../../limits.ts';
import { compileRegex } from '../../regex.ts';
import { compileCel, type Fault, type Program, parseCel } from './cel.ts';
import { RENAMED } from './functions.ts';
import { type Rewritten, rewrite } from './rewrite.ts';

/** A checked expression. */
export interface Expression extends Pick<Rewritten, 'references' | 'strict' | 'operands'> {
  readonly program: Program;
  /** The name of each reference in `program`'s variables. */
  readonly names: readonly string[];
}

/** What is wrong with an expression. */
export interface ExpressionProblem {
  /** A sentence. */
  readonly message: string;
  /** Character of the text, from 0. */
  readonly at: number;
}

/** Reads and checks an expression: syntax, functions, types as far as they are known, literal patterns. */
export function parseExpression(text: string): Expression | ExpressionProblem {
  if (text.length > LIMITS.expressionChars)
    return { message: `it has more than ${LIMITS.expressionChars} characters`, at: 0 };
  const tree = parseCel(text);
  if ('fault' in tree) return problemOf(tree.fault, (at) => at);
  const rewritten = rewrite(text, tree);
  const wrong = patternProblem(rewritten);
  if (wrong) return wrong;
  const { references, strict, operands, originOf, variableName } = rewritten;
  const names = references.map((_, i) => variableName(i));
  const types = new Map(names.map((name, i) => [name, typeOf(references[i]!)]));
  const program = compileCel(rewritten.text, types);
  return 'fault' in program
    ? problemOf(program.fault, originOf)
    : { program, references, strict, operands, names };
}

/** The same for a filter: what it gives must be true or false. */
export function parseFilter(text: string): Expression | ExpressionProblem {
  const parsed = parseExpression(text);
  if ('message' in parsed || parsed.program.type === 'bool' || parsed.program.type === 'dyn') return parsed;
  return { message: `a filter gives true or false, this gives ${parsed.program.type}`, at: 0 };
}

/** The problem with the line of the expression and a caret below. */
export function showProblem(text: string, { message, at }: ExpressionProblem): string {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const [line = ''] = text.slice(start).split('\n');
  const from = Math.max(0, at - start - SHOWN_BEFORE);
  const shown = line.slice(from, from + SHOWN_CHARS);
  return `${message}\n    ${shown}\n    ${' '.repeat(at - start - from)}^`;
}

const SHOWN_BEFORE = 60;
const SHOWN_CHARS = 120;

const TIMESTAMP = 'google.protobuf.Timestamp';
const TYPES: ReadonlyMap<unknown, string> = new Map([
  ['__topic__', 'string'],
  ['__partition__', 'int'],
  ['__offset__', 'int'],
  ['__timestamp__', TIMESTAMP],
  ['__ingest_time__', TIMESTAMP],
  ['__headers__', 'map<string, dyn>'],
]);

/** Fields of records may be anything. */
const typeOf = (reference: Path): string =>
  (reference.length === 1 ? TYPES.get(reference[0]) : undefined) ?? 'dyn';

function patternProblem({ patterns }: Rewritten): ExpressionProblem | null {
  for (const { text, at } of patterns) {
    try {
      compileRegex(text);
    } catch (error) {
      return { message: error instanceof Error ? error.message : String(error), at };
    }
  }
  return null;
}

const OWN_NAME = new RegExp(`\\b(${[...RENAMED, 'has'].join('|')})_(?=\\()`, 'g');
const LONGEST_MESSAGE = 200;

/** The library's sentence in the words of the one who wrote the expression. */
function problemOf({ message, at }: Fault, originOf: (at: number) => number): ExpressionProblem {
  const named = message.replace(OWN_NAME, '$1').replace(/dyn<(\w+)>/g, '$1');
  const hint = message.startsWith('Reserved identifier') ? RESERVED_HINT : '';
  return { message: named.slice(0, LONGEST_MESSAGE) + hint, at: originOf(at ?? 0) };
}

const RESERVED_HINT = ': a field of this name is written __value__["..."]';
