import { z } from 'zod';
import { parseExpression, showProblem } from '../mapping/expr/expression.ts';
import { parseSource } from '../mapping/source.ts';
import { isMap, leaf } from './leaf.ts';

/** A source, or a CEL expression as `{expr}`. */
type Part = string | { readonly expr: string };

/** A part or several, as a list. */
const parts = leaf<readonly Part[]>({
  type: 'source, {expr} or list',
  expected: 'a source such as order_id, {expr: "..."}, or a list of them',
  json: {
    anyOf: [
      { type: 'string', minLength: 1 },
      expressionSchema(),
      { type: 'array', minItems: 1, items: { anyOf: [{ type: 'string' }, expressionSchema()] } },
    ],
  },
  parse: (input) => {
    const list: unknown[] = Array.isArray(input) ? input : [input];
    const isPart = (one: unknown): one is Part => isWritten(one) && problemOf(one) === null;
    return list.length > 0 && list.every(isPart) ? list : undefined;
  },
  refuse: (input) => {
    const written = [input].flat().filter(isWritten);
    return written.map(problemOf).find((problem) => problem !== null) ?? undefined;
  },
});

/** As JSON Schema has it. */
function expressionSchema() {
  return {
    type: 'object',
    properties: { expr: { type: 'string', minLength: 1 } },
    required: ['expr'],
    additionalProperties: false,
  };
}

function isWritten(one: unknown): one is Part {
  if (typeof one === 'string') return true;
  return isMap(one) && typeof one.expr === 'string' && Object.keys(one).length === 1;
}

function problemOf(part: Part): string | null {
  if (typeof part !== 'string') {
    const parsed = parseExpression(part.expr);
    return 'message' in parsed ? showProblem(part.expr, parsed) : null;
  }
  const source = parseSource(part);
  return 'problem' in source ? source.problem : null;
}

export const deduplicate = z.strictObject({
  key: parts.describe(
    'What makes rows equal: a source, a CEL expression as {expr: "..."}, or a list of them that all have to be equal as text. A row without one of them (missing or null) is like no other; a record of several rows is left out when each of them has an earlier one.',
  ),
});
