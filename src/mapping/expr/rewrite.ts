import type { Path, Step } from '../../decode/path/path.ts';
import type { Node } from './cel.ts';
import { RENAMED } from './functions.ts';

/** What an expression names: an identifier and the literal steps behind it (`tag.desc`, `items[0]["a.b"]`). */
export interface Rewritten {
  /** Each once; the first step is the identifier. Reference i is the variable {@link variableName}(i) of the text. */
  readonly references: readonly Path[];
  /** The expression over these variables, with the functions of functions.ts and macros.ts. */
  readonly text: string;
  /** A missing reference makes the whole missing, whatever the others are. */
  readonly strict: boolean;
  /** References that are operands of arithmetic: where the whole is strict, null makes it null. */
  readonly operands: ReadonlySet<number>;
  readonly patterns: readonly Pattern[];
  variableName(reference: number): string;
  /** The character of the original text that a character of `text` stems from. */
  originOf(at: number): number;
}

/** A literal pattern of `matches`. */
interface Pattern {
  readonly text: string;
  readonly at: number;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Names of types: fields, unless the expression asks for types. */
const TYPE_NAMES = new Set([
  'int',
  'uint',
  'double',
  'bool',
  'string',
  'bytes',
  'list',
  'map',
  'null_type',
  'type',
]);
const ARITHMETIC = new Set<string>(['+', '-', '*', '/', '%', '-_', '<', '<=', '>', '>=']);
const LAZY = new Set<string>(['?:', '||', '&&']);
/** Comprehensions, with the macro that counts their steps: what ends each of them at once differs. */
const COUNTERS: Readonly<Record<string, string>> = {
  all: 'all_',
  exists: 'some_',
  exists_one: 'each_',
  map: 'each_',
  filter: 'each_',
};

const QUOTED = `"[^"\\\\\\n]*"|'[^'\\\\\\n]*'`;
/** A chain as it stands in the text, without parentheses and comments inside. */
const CHAIN = new RegExp(`^[A-Za-z_]\\w*(?:\\s*\\.\\s*\\w+|\\s*\\[\\s*(?:${QUOTED}|\\d+)\\s*\\])*$`);

/** Finds what an expression names, and rewrites it to variables; pure, `tree` is the tree of `text`. */
export function rewrite(text: string, tree: Node): Rewritten {
  const edits: Edit[] = [];
  const references: Path[] = [];
  const patterns: Pattern[] = [];
  const known = new Map<string, number>();
  const prefix = freePrefix(text);
  const asksTypes = /\btype\s*\(/.test(text);
  const operands = new Set<number>();
  let strict = true;

  function refer(path: Path, { start, end }: Node): void {
    const key = JSON.stringify(path);
    const index = known.get(key) ?? references.push(path) - 1;
    known.set(key, index);
    edits.push({ start, end, text: prefix + index });
  }

  function walk(node: Node, bound: ReadonlySet<string>): void {
    if (LAZY.has(node.op)) strict = false;
    switch (node.op) {
      case 'id':
      case '.':
      case '[]':
        walkField(node, bound);
        break;
      case 'call':
        walkCall(node, bound);
        break;
      case 'rcall':
        walkMethod(node, bound);
        break;
      default:
        walkAll(childrenOf(node), bound);
        if (ARITHMETIC.has(node.op)) noteOperands(node, bound);
    }
  }

  function walkField(node: Node, bound: ReadonlySet<string>): void {
    const path = pathOf(node);
    const first = path?.[0] as string | undefined;
    if (first !== undefined && bound.has(first)) return;
    if (path && isWord(path, asksTypes)) return;
    if (path && CHAIN.test(text.slice(node.start, node.end))) refer(path, node);
    else walkAll(childrenOf(node), bound);
  }

  function walkAll(nodes: readonly Node[], bound: ReadonlySet<string>): void {
    for (const node of nodes) walk(node, bound);
  }

  function walkCall(node: Node & { op: 'call' }, bound: ReadonlySet<string>): void {
    const [name, args] = node.args;
    if (name === 'has' || name === 'coalesce') strict = false;
    if (name === 'has' || RENAMED.has(name)) rename(name, node.start);
    if (name === 'matches') notePattern(args[1]);
    walkAll(args, bound);
  }

  function walkMethod(node: Node & { op: 'rcall' }, bound: ReadonlySet<string>): void {
    const [name, receiver, args] = node.args;
    if (RENAMED.has(name)) rename(name, placeOfMethod(text, receiver.end));
    if (name === 'matches') notePattern(args[0]);
    if (name === 'bind' && receiver.op === 'id' && receiver.args === 'cel' && args[0]?.op === 'id') {
      walk(args[1]!, bound);
      walk(args[2]!, new Set([...bound, args[0].args]));
      return;
    }
    walk(receiver, bound);
    const [variable, ...bodies] = args;
    const counter = Object.hasOwn(COUNTERS, name) ? COUNTERS[name]! : null;
    if (counter === null || variable?.op !== 'id' || bodies.length === 0) walkAll(args, bound);
    else walkBodies(node, variable, bodies, counter, bound);
  }

  function walkBodies(
    node: Node,
    variable: Node & { op: 'id' },
    bodies: readonly Node[],
    counter: string,
    bound: ReadonlySet<string>,
  ): void {
    strict = false;
    const inside = new Set([...bound, variable.args]);
    const from = commaAfter(text, variable.end) + 1;
    const to = bodies.length === 1 ? node.end - 1 : commaAfter(text, bodies[0]!.end);
    edits.push({ start: from, end: from, text: `${counter}(` });
    walk(bodies[0]!, inside);
    edits.push({ start: to, end: to, text: ')' });
    walkAll(bodies.slice(1), inside);
  }

  function noteOperands(node: Node, bound: ReadonlySet<string>): void {
    for (const child of childrenOf(node)) {
      const path = pathOf(child);
      const index = path && !bound.has(path[0] as string) ? known.get(JSON.stringify(path)) : undefined;
      if (index !== undefined) operands.add(index);
    }
  }

  const rename = (name: string, start: number) =>
    void edits.push({ start, end: start + name.length, text: `${name}_` });
  function notePattern(node: Node | undefined): void {
    if (node?.op === 'value' && typeof node.args === 'string')
      patterns.push({ text: node.args, at: node.start });
  }

  walk(tree, new Set());
  return { references, strict, operands, patterns, variableName: (i) => prefix + i, ...applied(text, edits) };
}

/** Identifiers that are not fields. */
function isWord(path: Path, asksTypes: boolean): boolean {
  if (path.length === 1) return asksTypes && TYPE_NAMES.has(path[0] as string);
  return path[0] === 'google' && path[1] === 'protobuf';
}

/** An identifier with literal steps only; null: there is something else in it. */
function pathOf(node: Node): Step[] | null {
  if (node.op === 'id') return [node.args];
  if (node.op === '.') {
    const path = pathOf(node.args[0]);
    return path && [...path, node.args[1]];
  }
  if (node.op !== '[]' || node.args[1].op !== 'value') return null;
  const path = pathOf(node.args[0]);
  const step = node.args[1].args;
  if (typeof step === 'string') return path && [...path, step];
  return typeof step === 'bigint' && step < 2n ** 31n ? path && [...path, Number(step)] : null;
}

function childrenOf(node: Node): readonly Node[] {
  const nodes = (args: unknown): Node[] => {
    if (Array.isArray(args)) return args.flatMap(nodes);
    return typeof args === 'object' && args !== null && 'op' in args ? [args as Node] : [];
  };
  return nodes(node.args);
}

/** A beginning of names that the text has nowhere. */
function freePrefix(text: string): string {
  let prefix = 'v_';
  while (text.includes(prefix)) prefix = `v${prefix}`;
  return prefix;
}

const BLANK = String.raw`(?:\s|//[^\n]*\n?)*`;
const METHOD = new RegExp(`(?:${BLANK}\\))*${BLANK}\\.${BLANK}`, 'y');

/** Where the name of a method stands whose receiver ends, without its parentheses, at `end`. */
function placeOfMethod(text: string, end: number): number {
  METHOD.lastIndex = end;
  return end + (METHOD.exec(text)?.[0].length ?? 0);
}

const COMMA = new RegExp(`(?:${BLANK}\\))*${BLANK}`, 'y');

function commaAfter(text: string, end: number): number {
  COMMA.lastIndex = end;
  return end + (COMMA.exec(text)?.[0].length ?? 0);
}

function applied(text: string, edits: readonly Edit[]): Pick<Rewritten, 'text' | 'originOf'> {
  const sorted = [...edits].sort((a, b) => a.start - b.start);
  const pieces: { readonly at: number; readonly origin: number; readonly copied: boolean }[] = [];
  let out = '';
  let done = 0;
  const note = (origin: number, copied: boolean) => void pieces.push({ at: out.length, origin, copied });
  for (const edit of sorted) {
    note(done, true);
    out += text.slice(done, edit.start);
    note(edit.start, false);
    out += edit.text;
    done = edit.end;
  }
  note(done, true);
  return {
    text: out + text.slice(done),
    originOf(at) {
      const piece = pieces.findLast((one) => one.at <= at)!;
      return piece.copied ? piece.origin + at - piece.at : piece.origin;
    },
  };
}
