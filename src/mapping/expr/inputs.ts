import type { Path } from '../../decode/path/path.ts';
import { type Formats, findSource, wholeSource } from '../slots.ts';
import { pathText, type Source } from '../source.ts';
import { parseExpression } from './expression.ts';

/** How an expression sees the cell of an input: as it is, milliseconds as a timestamp, or pairs as a map. */
export type InputView = 'value' | 'time' | 'headers';

export type ExpressionSource = Extract<Source, { kind: 'expr' }>;

/** An expression with the sources of what it names, or what is wrong with it. */
export function findExpression(
  text: string,
  formats: Formats,
): ExpressionSource | { readonly problem: string } {
  const parsed = parseExpression(text);
  if ('message' in parsed) return { problem: parsed.message };
  const found = parsed.references.map((path) => inputOf(path, formats));
  const wrong = found.find((one) => 'problem' in one);
  if (wrong && 'problem' in wrong) return wrong;
  return { kind: 'expr', text, inputs: found as ExpressionSource['inputs'] };
}

type Input = ExpressionSource['inputs'][number];

function inputOf(path: Path, formats: Formats): Input | { readonly problem: string } {
  const [word, ...steps] = path as [string, ...Path];
  if (word === '__headers__' && steps.length > 0) return headerInput(steps);
  const source = findSource(sourceName(word, steps), formats);
  if ('problem' in source) return source;
  if (steps.length > 0) return isFieldless(word, formats) ?? { source, view: 'value' };
  // The decoded whole where there is one.
  const whole = wholeSource(source, { name: 'JSON' }, formats);
  return { source: whole, view: VIEWS[word] ?? 'value' };
}

const VIEWS: Readonly<Record<string, InputView>> = {
  __timestamp__: 'time',
  __ingest_time__: 'time',
  __headers__: 'headers',
};

/** `__headers__["trace"]` is one header and not all of them. */
function headerInput(steps: Path): Input | { readonly problem: string } {
  const [name] = steps;
  if (steps.length > 1 || typeof name !== 'string' || name === '')
    return { problem: 'headers have texts by name: write __headers__["trace"]' };
  return { source: { kind: 'header', name }, view: 'value' };
}

const sourceName = (word: string, steps: Path): string => {
  if (steps.length === 0) return word;
  const rest = pathText(steps);
  return rest.startsWith('[') ? word + rest : `${word}.${rest}`;
};

/** `__topic__.x` would be looked for in the value. */
function isFieldless(word: string, formats: Formats): { readonly problem: string } | null {
  const source = /^__(?!key__$|value__$)[a-z_]+__$/.test(word) ? findSource(word, formats) : null;
  return source && 'kind' in source && source.kind === 'metadata'
    ? { problem: `${word} has no fields` }
    : null;
}
