import { z } from 'zod';
import { parseSource } from '../mapping/source.ts';
import { isMap, leaf } from './leaf.ts';

/** A source or several, as a list. */
const sources = leaf<readonly string[]>({
  type: 'source or list',
  expected: 'a source such as order_id, or a list of sources',
  json: {
    anyOf: [
      { type: 'string', minLength: 1 },
      { type: 'array', minItems: 1, items: { type: 'string' } },
    ],
  },
  parse: (input) => {
    const list: unknown[] = Array.isArray(input) ? input : [input];
    const isSource = (one: unknown): one is string => typeof one === 'string' && problemOf(one) === null;
    return list.length > 0 && list.every(isSource) ? list : undefined;
  },
  refuse: (input) => {
    if (isMap(input) && 'expr' in input) return 'comes with a later version (expressions)';
    const texts = [input].flat().filter((one) => typeof one === 'string');
    return texts.map(problemOf).find((problem) => problem !== null) ?? undefined;
  },
});

function problemOf(text: string): string | null {
  const source = parseSource(text);
  return 'problem' in source ? source.problem : null;
}

export const deduplicate = z.strictObject({
  key: sources.describe(
    'What makes rows equal: a source, or a list of sources that all have to be equal as text. A row without one of them (missing or null) is like no other; a record of several rows is left out when each of them has an earlier one.',
  ),
});
