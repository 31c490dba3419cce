import {
  atEnd,
  type Cursor,
  expectWords,
  here,
  isSymbol,
  peekWord,
  readText,
  takeWords,
  unexpected,
} from './cursor.ts';
import { readFilters } from './parse-filter.ts';
import { readName, readSpec } from './parse-names.ts';
import { unsupported } from './statement-errors.ts';
import type { NameRef, Show } from './statements.ts';

const OTHER_LISTS = [
  'FUNCTIONS',
  'FUNCTION',
  'RESOURCES',
  'INSTANCES',
  'P',
  'PROC',
  'PROCESSLIST',
  'HISTORY',
  'GRANTS',
  'GRANT',
  'ACL',
  'LABEL',
  'PACKAGES',
  'ROLES',
  'SECURITYCONFIGURATION',
  'RECYCLEBIN',
  'FLAGS',
  'MATERIALIZED',
];

export function readShow(cursor: Cursor): Show {
  expectWords(cursor, 'SHOW');
  if (takeWords(cursor, 'TABLES')) return { kind: 'show_tables', ...readListOf(cursor) };
  if (takeWords(cursor, 'VIEWS')) return { kind: 'show_tables', ...readListOf(cursor), only: 'views' };
  if (takeWords(cursor, 'EXTERNAL', 'TABLES'))
    return { kind: 'show_tables', ...readListOf(cursor), only: 'external' };
  if (takeWords(cursor, 'SCHEMAS')) return { kind: 'show_schemas', ...readListOf(cursor) };
  if (takeWords(cursor, 'CREATE')) {
    if (!takeWords(cursor, 'VIEW')) expectWords(cursor, 'TABLE');
    return { kind: 'show_create', name: readName(cursor) };
  }
  if (takeWords(cursor, 'PARTITIONS')) {
    const name = readName(cursor);
    const filters = peekWord(cursor) === 'PARTITION' ? readFilters(cursor) : [];
    return { kind: 'show_table_partitions', name, filters };
  }
  if (takeWords(cursor, 'COLUMNS')) {
    if (!takeWords(cursor, 'IN')) takeWords(cursor, 'FROM');
    return { kind: 'show_columns', name: readName(cursor) };
  }
  const word = peekWord(cursor) ?? '';
  if (OTHER_LISTS.includes(word)) throw unsupported(here(cursor), `SHOW ${word}`);
  throw unexpected(cursor);
}

/** `[IN name] [LIKE 'a*']` */
function readListOf(cursor: Cursor): { in: NameRef | undefined; like: string } {
  const named = takeWords(cursor, 'IN') || takeWords(cursor, 'FROM') ? readName(cursor) : undefined;
  return { in: named, like: takeWords(cursor, 'LIKE') ? readText(cursor) : '*' };
}

export function readDescribe(cursor: Cursor): Show {
  if (!takeWords(cursor, 'DESC')) expectWords(cursor, 'DESCRIBE');
  // A table may be called by one of these words.
  const named = (word: string) =>
    peekWord(cursor) === word && cursor.tokens[cursor.at + 1]?.kind !== 'symbol';
  const followed = cursor.tokens[cursor.at + 1] !== undefined;
  if (followed && named('SCHEMA')) {
    cursor.at += 1;
    return { kind: 'describe_schema', name: readName(cursor) };
  }
  if (peekWord(cursor) === 'PROJECT' && !isSymbol(cursor, '.', 1)) return readDescribeProject(cursor);
  if (followed && ['FUNCTION', 'INSTANCE', 'ROLE', 'PACKAGE', 'RESOURCE'].some(named)) {
    throw unsupported(here(cursor), `DESC ${peekWord(cursor)}`);
  }
  const extended = followed && named('EXTENDED') && takeWords(cursor, 'EXTENDED');
  const name = readName(cursor);
  const spec = peekWord(cursor) === 'PARTITION' ? readSpec(cursor) : undefined;
  return { kind: 'describe', name, extended, spec };
}

function readDescribeProject(cursor: Cursor): Show {
  cursor.at += 1;
  takeWords(cursor, 'EXTENDED');
  return { kind: 'describe_project', name: atEnd(cursor) ? undefined : readName(cursor) };
}
