import { CSV_DEFAULTS, csvField } from '../decode/csv/options.ts';
import { type DecodeOptions, tombstoneRule } from '../decode/format.ts';
import type { Path } from '../decode/path/path.ts';
import { REST } from '../decode/path/unmapped.ts';
import type { Source } from './source.ts';

type Found = Source | { readonly problem: string };

/** A word of an envelope (`text`), or what stands in its place without one. */
export function envelopeSource(text: string, path: Path, options: DecodeOptions): Found {
  const { envelope = 'none' } = options;
  const changes = envelope === 'debezium' || envelope === 'canal';
  if (text === '__row__' && envelope !== 'canal') return { kind: 'metadata', name: 'row' };
  if (changes) return { kind: 'value', path };
  if (text !== '__deleted__')
    return { problem: `${text} is in change events only: set decode.value.envelope to debezium or canal` };
  if (tombstoneRule(options) === 'row') return { kind: 'metadata', name: 'deleted' };
  const rules = 'decode.value.tombstone to row, or decode.value.envelope to debezium or canal';
  return { problem: `no row is ever ${text} here: set ${rules}` };
}

/** A field of delimited text. */
export function csvSource(
  source: Extract<Source, { kind: 'value' | 'key' }>,
  { csv = CSV_DEFAULTS }: DecodeOptions,
): Found {
  if (source.path[0] === REST) return source;
  const field = csvField(source.path, csv, false);
  return typeof field === 'number' ? source : { problem: `decode.${source.kind}: ${field.problem}` };
}

/** The source of the field with a column's name, in any case; null: there is none. */
export function csvFieldNamed(column: string, { csv = CSV_DEFAULTS }: DecodeOptions): string | null {
  const name = csv.fields?.find((field) => field.toLowerCase() === column.toLowerCase());
  return name === undefined ? null : `\`${name.replaceAll('`', '``')}\``;
}
