import { BOOLEAN, type Cell, MISSING, STRING } from '../cell/cell.ts';
import type { DecoderSpec } from '../decoder.ts';
import type { Path } from '../path/path.ts';

/**
 * What an envelope says beside the fields of the row: paths of the value whose first step is one of these
 * words. Fields without a word are those of the row image: the row as it is now, or as it was before its
 * deletion.
 *
 * word             | cell
 * __op__           | STRING: insert, update, delete, read (of a snapshot)
 * __deleted__      | BOOLEAN: the row is gone; true for a tombstone too
 * __source_time__  | INSTANT: when the database changed it
 * __row__          | INTEGER: number of the row in its record, from 0
 * __before__.x     | the field before the change; __before__: all of them
 * __after__.x      | the field after the change
 * __source__.x     | debezium: a member of `source`; canal: a member of the message
 */
export const ENVELOPE_WORDS = [
  '__op__',
  '__deleted__',
  '__source_time__',
  '__row__',
  '__before__',
  '__after__',
  '__source__',
] as const;

export type EnvelopeWord = (typeof ENVELOPE_WORDS)[number];

/** Those that have fields. */
const IMAGES: readonly string[] = ['__before__', '__after__', '__source__'];

/** Whether a source is such a word, or a field below one: `__op__`, `__source__.db`. */
export function isEnvelopeWord(text: string): boolean {
  const word = /^__[a-z_]+?__(?=$|[.[])/.exec(text)?.[0];
  if (word === undefined) return false;
  if (IMAGES.includes(word)) return true;
  return text === word && ENVELOPE_WORDS.some((known) => known === word);
}

/** The word that a path begins with; null: a field of the row image. */
export const wordOf = ([first]: Path): EnvelopeWord | null =>
  ENVELOPE_WORDS.find((word) => word === first) ?? null;

/** Value of `__op__`. */
export type Operation = 'insert' | 'update' | 'delete' | 'read';

const NAMES: Readonly<Record<Operation, Uint8Array>> = {
  insert: Buffer.from('insert'),
  update: Buffer.from('update'),
  delete: Buffer.from('delete'),
  read: Buffer.from('read'),
};

/** Fills the cell of `__op__`, `__deleted__` or `__row__`; others stay as they are. */
export function fillWord(word: EnvelopeWord | null, cell: Cell, operation: Operation, row: number): void {
  if (word === '__op__') {
    const name = NAMES[operation];
    cell.setBytes(STRING, name, 0, name.length);
  } else if (word === '__row__') cell.setInteger(row);
  else if (word === '__deleted__') {
    cell.kind = BOOLEAN;
    cell.num = operation === 'delete' ? 1 : 0;
  }
}

/** The row of a null value: no fields, but what an envelope would say of a deletion. */
export function fillTombstone({ paths, envelope = 'none' }: DecoderSpec, cells: readonly Cell[]): void {
  const changes = envelope === 'debezium' || envelope === 'canal';
  paths.forEach((path, slot) => {
    cells[slot]!.kind = MISSING;
    if (changes) fillWord(wordOf(path), cells[slot]!, 'delete', 0);
  });
}
