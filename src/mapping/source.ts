import { ENVELOPE_WORDS, isEnvelopeWord } from '../decode/envelope/words.ts';
import type { Path } from '../decode/path/path.ts';
import { parsePath } from '../decode/path/path.ts';
import type { InputView } from './expr/inputs.ts';

const METADATA = [
  'key',
  'value',
  'topic',
  'partition',
  'offset',
  'timestamp',
  'headers',
  'ingest_time',
] as const;

/**
 * Metadata of a record, without the underscores around it. Where no envelope tells: `deleted`, whether it is a
 * tombstone, and `row`, the number of the only row.
 */
export type MetadataName = (typeof METADATA)[number] | 'deleted' | 'row';

/** Where a column or a table partition takes its value from. */
export type Source =
  | { readonly kind: 'value' | 'key'; readonly path: Path }
  | { readonly kind: 'metadata'; readonly name: MetadataName }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'constant'; readonly text: string }
  | { readonly kind: 'expr'; readonly text: string; readonly inputs: readonly ExpressionInput[] };

/** Something that an expression names, and how it sees it (expr/inputs.ts). */
interface ExpressionInput {
  readonly source: Source;
  readonly view: InputView;
}

const CONSTANT = /^'((?:[^']|'')*)'$/;
const WORD = /^__[a-z_]+__$/;
const HEADER = '__header.';

/**
 * Parses a source: a path (`tag.desc`), a path in the key (`__key__.id`), metadata (`__offset__`,
 * `__header.NAME__`), a word of an envelope (`__op__`, `__before__.id`: paths of the value) or a constant in
 * quotes (`'it''s'`).
 *
 * @returns the source, or what is wrong with the text
 */
export function parseSource(text: string): Source | { readonly problem: string } {
  if (text.startsWith("'")) {
    const quoted = CONSTANT.exec(text);
    if (!quoted)
      return { problem: `the constant ${text} is not closed by a quote (a quote inside is doubled)` };
    return { kind: 'constant', text: quoted[1]!.replaceAll("''", "'") };
  }
  if (text.startsWith(HEADER)) return headerSource(text);
  const metadata = METADATA.find((name) => text === `__${name}__`);
  if (metadata) return { kind: 'metadata', name: metadata };
  if (isEnvelopeWord(text)) return pathSource('value', text);
  if (WORD.test(text)) {
    const words = METADATA.map((name) => `__${name}__`).join(' ');
    const more = `of envelopes: ${ENVELOPE_WORDS.join(' ')}`;
    return { problem: `there is no metadata ${text}; known: ${words} __header.NAME__; ${more}` };
  }
  if (text.startsWith('__key__.') || text.startsWith('__key__['))
    return pathSource('key', inside(text, '__key__'));
  if (text.startsWith('__value__.') || text.startsWith('__value__['))
    return pathSource('value', inside(text, '__value__'));
  return pathSource('value', text);
}

function headerSource(text: string): Source | { problem: string } {
  const name = text.endsWith('__') ? text.slice(HEADER.length, -2) : '';
  return name === ''
    ? { problem: `write a header as __header.NAME__, not ${text}` }
    : { kind: 'header', name };
}

function inside(text: string, word: string): string {
  const rest = text.slice(word.length);
  return rest.startsWith('.') ? rest.slice(1) : rest;
}

function pathSource(kind: 'value' | 'key', text: string): Source | { problem: string } {
  try {
    return { kind, path: parsePath(text) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The source as an operator would write it. */
export function sourceText(source: Source): string {
  switch (source.kind) {
    case 'constant':
      return `'${source.text.replaceAll("'", "''")}'`;
    case 'metadata':
      return `__${source.name}__`;
    case 'header':
      return `${HEADER}${source.name}__`;
    case 'expr':
      return source.text;
    case 'key':
      return source.path.length === 0 ? '__key__' : `__key__.${pathText(source.path)}`;
    case 'value':
      return source.path.length === 0 ? '__value__' : pathText(source.path);
  }
}

/** A path as an operator would write it. */
export function pathText(path: Path): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return /[.[\]`]/.test(step) ? `.\`${step.replaceAll('`', '``')}\`` : `.${step}`;
  });
  return steps.join('').replace(/^\./, '');
}
