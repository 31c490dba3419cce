import {
  type Expression,
  type ExpressionProblem,
  parseExpression,
  parseFilter,
  showProblem,
} from '../mapping/expr/expression.ts';
import { leaf } from './leaf.ts';

const checked = (parse: (text: string) => Expression | ExpressionProblem, expected: string) =>
  leaf({
    type: 'CEL',
    expected,
    json: { type: 'string', minLength: 1 },
    parse: (v) => (typeof v === 'string' && v !== '' && !('message' in parse(v)) ? v : undefined),
    refuse(v) {
      const parsed = typeof v === 'string' && v !== '' ? parse(v) : null;
      if (parsed === null || !('message' in parsed)) return undefined;
      return { text: showProblem(v as string, parsed), at: parsed.at };
    },
  });

/** A CEL expression; a mistake is shown with its place. */
export const expression = () => checked(parseExpression, 'a CEL expression such as price * quantity');

/** One that gives true or false. */
export const filter = () =>
  checked(parseFilter, 'a CEL expression that gives true or false, such as status != "test"');
