import { type Cursor, expectWords, here, peekWord, takeWords } from './cursor.ts';
import { readFilters } from './parse-filter.ts';
import { readName } from './parse-names.ts';
import { unsupported } from './statement-errors.ts';
import type { Statement } from './statements.ts';

const OTHER_OBJECTS = ['FUNCTION', 'MATERIALIZED', 'ROLE', 'PACKAGE', 'RESOURCE', 'DATABASE', 'OFFLINEMODEL'];

export function readDrop(cursor: Cursor): Statement {
  expectWords(cursor, 'DROP');
  if (OTHER_OBJECTS.includes(peekWord(cursor) ?? '')) {
    throw unsupported(here(cursor), `DROP ${peekWord(cursor)}`);
  }
  const schema = takeWords(cursor, 'SCHEMA');
  const view = !schema && takeWords(cursor, 'VIEW');
  if (!schema && !view) expectWords(cursor, 'TABLE');
  const ifExists = takeWords(cursor, 'IF', 'EXISTS');
  const name = readName(cursor);
  if (schema) {
    if (!takeWords(cursor, 'RESTRICT')) takeWords(cursor, 'CASCADE');
    return { kind: 'drop_schema', name, ifExists };
  }
  takeWords(cursor, 'PURGE');
  return { kind: 'drop_table', name, ifExists, view };
}

export function readTruncate(cursor: Cursor): Statement {
  expectWords(cursor, 'TRUNCATE', 'TABLE');
  const name = readName(cursor);
  return { kind: 'truncate', name, filters: peekWord(cursor) === 'PARTITION' ? readFilters(cursor) : [] };
}
