import { evaluate } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../../src/mapping/expr/expression.ts';

/** Expressions that the library alone gives the same meaning. */
const { number } = fc.letrec<{ number: string; test: string; list: string }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('1', 'a', 'm.n', ' m . n ', 'm["n"]', 'l[0]', '(a)', '(m).n', 'l.size()', 'int("7")'),
    fc
      .tuple(tie('number'), fc.constantFrom(' + ', '-', ' * '), tie('number'))
      .map(([a, op, b]) => `(${a}${op}${b})`),
    tie('list').map((list) => `${list}.size()`),
    fc.tuple(tie('test'), tie('number'), tie('number')).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
    tie('number').map((value) => `cel.bind(x, ${value}, x + a)`),
  ),
  test: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      'true',
      'has(m.n)',
      'has(m.z)',
      'a == 1',
      '"b" in ["a", "b"]',
      's.startsWith("t")',
      's.matches("^t.*")',
    ),
    fc
      .tuple(tie('number'), fc.constantFrom('<', '>=', ' == '), tie('number'))
      .map(([a, op, b]) => `${a}${op}${b}`),
    fc.tuple(tie('test'), fc.constantFrom(' && ', '||'), tie('test')).map(([a, op, b]) => `(${a}${op}${b})`),
    fc
      .tuple(tie('list'), fc.constantFrom('all', 'exists', 'exists_one'), tie('number'))
      .map(([list, macro, b]) => `${list}.${macro}(i, i < ${b})`),
  ),
  list: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('l', '(l)', '[1, 2]', 'm.k'),
    fc.tuple(tie('list'), tie('number')).map(([list, b]) => `${list}.map(i, i + ${b})`),
    fc.tuple(tie('list'), tie('test')).map(([list, c]) => `(${list}).filter( i , ${c} && i > 0 )`),
    fc
      .tuple(tie('list'), tie('test'), tie('number'))
      .map(([list, c, b]) => `${list}.map(a,(${c}),(a * ${b}))`),
  ),
}));

const RECORD = new Map<string, unknown>([
  ['a', 3n],
  ['s', 'text'],
  ['l', [1n, 2n, 3n]],
  [
    'm',
    new Map<string, unknown>([
      ['n', 5n],
      ['k', [4n]],
    ]),
  ],
]);

function valueAt(path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, step) => {
    if (value instanceof Map) return value.get(step);
    return Array.isArray(value) ? value[step as number] : undefined;
  }, RECORD);
}

function ours(text: string): unknown {
  const parsed = parseExpression(text);
  if ('message' in parsed) throw new Error(`${text}: ${parsed.message}`);
  const variables = Object.fromEntries(parsed.names.map((name, i) => [name, valueAt(parsed.references[i]!)]));
  return parsed.program.run(variables);
}

const outcome = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return { failed: (error as { code?: string }).code };
  }
};

describe('a rewritten expression', () => {
  it('means what the written one means', () => {
    fc.assert(
      fc.property(number, (text) => {
        expect(
          outcome(() => ours(text)),
          text,
        ).toEqual(outcome(() => evaluate(text, RECORD)));
      }),
      { numRuns: 400 },
    );
  });
});
