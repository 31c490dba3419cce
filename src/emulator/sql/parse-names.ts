import type { Properties } from '../model/catalog.ts';
import {
  type Cursor,
  expectSymbol,
  expectWords,
  here,
  inParentheses,
  peekWord,
  readColumnName,
  readIdentifier,
  readLiteral,
  startOf,
  takeSymbol,
} from './cursor.ts';
import type { NameRef, Spec } from './statements.ts';
import { parseError } from './tokens.ts';

/** A name of one to three parts. */
export function readName(cursor: Cursor): NameRef {
  const at = here(cursor);
  const start = startOf(cursor);
  const parts = [readIdentifier(cursor)];
  while (takeSymbol(cursor, '.')) parts.push(readIdentifier(cursor));
  if (parts.length > 3) throw parseError(cursor.sql, start, `${parts.join('.')} has more than three parts`);
  return { parts, at };
}

/** `('key' = 'value', ...)` with keys in lower case. */
export function readProperties(cursor: Cursor): Properties {
  const properties: Record<string, string> = {};
  inParentheses(cursor, () => {
    const key = readLiteral(cursor).toLowerCase();
    expectSymbol(cursor, '=');
    properties[key] = readLiteral(cursor);
  });
  return properties;
}

/** `(a, b)` with the names in lower case. */
export function readNames(cursor: Cursor): string[] {
  const names: string[] = [];
  inParentheses(cursor, () => names.push(readColumnName(cursor)));
  return names;
}

/** `PARTITION (a='x', b='y')`; `dynamic`: values may be left out. */
export function readSpec(cursor: Cursor, dynamic = false): Spec {
  const at = here(cursor);
  expectWords(cursor, 'PARTITION');
  const values = new Map<string, string | undefined>();
  inParentheses(cursor, () => {
    const start = startOf(cursor);
    const name = readColumnName(cursor);
    if (values.has(name)) throw parseError(cursor.sql, start, `table partition column ${name} is repeated`);
    if (dynamic && !takeSymbol(cursor, '=')) return values.set(name, undefined);
    if (!dynamic) expectSymbol(cursor, '=');
    return values.set(name, readLiteral(cursor));
  });
  return { at, values };
}

/** One or more `PARTITION (...)`, with commas between them or without. */
export function readSpecs(cursor: Cursor): Spec[] {
  const specs = [readSpec(cursor)];
  while (takeSymbol(cursor, ',') || peekWord(cursor) === 'PARTITION') specs.push(readSpec(cursor));
  return specs;
}
