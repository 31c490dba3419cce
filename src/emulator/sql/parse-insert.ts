import {
  atEnd,
  type Cursor,
  expectWords,
  isSymbol,
  passUntil,
  peekWord,
  startOf,
  takeWords,
  textSince,
  unexpected,
} from './cursor.ts';
import { readQuery } from './parse-create.ts';
import { readName, readNames, readSpec } from './parse-names.ts';
import type { Insert, QueryText, Statement } from './statements.ts';

type Target = Omit<Insert, 'query' | 'kind'>;

/** `INSERT INTO|OVERWRITE [TABLE] t [PARTITION (...)] [(columns)]`, up to its query. */
function readTarget(cursor: Cursor): Target {
  expectWords(cursor, 'INSERT');
  const overwrite = takeWords(cursor, 'OVERWRITE');
  if (!overwrite) expectWords(cursor, 'INTO');
  takeWords(cursor, 'TABLE');
  const name = readName(cursor);
  const spec = peekWord(cursor) === 'PARTITION' ? readSpec(cursor, true) : undefined;
  const query =
    ['SELECT', 'WITH', 'FROM', 'VALUES'].includes(peekWord(cursor, 1) ?? '') || isSymbol(cursor, '(', 1);
  const columns = isSymbol(cursor, '(') && !query ? readNames(cursor) : [];
  return { name, overwrite, spec, columns };
}

export function readInsert(cursor: Cursor): Insert {
  const target = readTarget(cursor);
  return { kind: 'insert', ...target, query: readQuery(cursor) };
}

/** Whether an INSERT stands in this statement outside of brackets: behind WITH or FROM. */
export function insertsBehind(cursor: Cursor): boolean {
  let depth = 0;
  for (let ahead = 0; ; ahead += 1) {
    if (cursor.at + ahead >= cursor.tokens.length || isSymbol(cursor, ';', ahead)) return false;
    if (isSymbol(cursor, '(', ahead)) depth += 1;
    else if (isSymbol(cursor, ')', ahead)) depth -= 1;
    else if (depth === 0 && peekWord(cursor, ahead) === 'INSERT') return true;
  }
}

const isInsert = (cursor: Cursor): boolean => peekWord(cursor) === 'INSERT';

/** `[WITH ...] [FROM source] INSERT ... INSERT ...`: each gets what stands before all of them. */
export function readInserts(cursor: Cursor): Statement {
  const start = startOf(cursor);
  const withText = takeText(cursor, 'WITH', (next) => isInsert(next) || peekWord(next) === 'FROM');
  const from = takeText(cursor, 'FROM', isInsert);
  const inserts: Insert[] = [];
  while (isInsert(cursor)) {
    const target = readTarget(cursor);
    const query = from ? readSelectWithoutFrom(cursor, from) : readQuery(cursor);
    inserts.push({ kind: 'insert', ...target, query: { text: `${withText}${query.text}`, start } });
  }
  if (!atEnd(cursor) || !inserts.length) throw unexpected(cursor);
  return inserts.length === 1 ? inserts[0]! : { kind: 'multi_insert', inserts };
}

function takeText(cursor: Cursor, word: string, stops: (cursor: Cursor) => boolean): string {
  if (peekWord(cursor) !== word) return '';
  const first = cursor.at;
  passUntil(cursor, stops);
  return `${textSince(cursor, first)} `;
}

const BEHIND_FROM = [
  'WHERE',
  'GROUP',
  'HAVING',
  'ORDER',
  'SORT',
  'DISTRIBUTE',
  'CLUSTER',
  'LIMIT',
  'LATERAL',
];

/** `SELECT a, b [WHERE ...]`, with the FROM of all put where a query of its own has it. */
function readSelectWithoutFrom(cursor: Cursor, from: string): QueryText {
  const start = startOf(cursor);
  if (peekWord(cursor) !== 'SELECT') throw unexpected(cursor);
  const first = cursor.at;
  passUntil(cursor, (next) => isInsert(next) || BEHIND_FROM.includes(peekWord(next) ?? ''));
  const select = textSince(cursor, first);
  if (atEnd(cursor) || isInsert(cursor)) return { text: `${select} ${from}`, start };
  const rest = cursor.at;
  passUntil(cursor, isInsert);
  return { text: `${select} ${from}${textSince(cursor, rest)}`, start };
}
