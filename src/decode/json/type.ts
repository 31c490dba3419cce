import type { Cell } from '../cell/cell.ts';
import type { Semantic } from '../cell/semantic.ts';
import type { Path } from '../path/path.ts';

/**
 * What a schema says of a JSON value beyond what its text tells.
 *
 * kind     | written as                                            | becomes
 * plain    | what it is: integers, booleans, text                  | itself
 * float    | a number, or "NaN", "Infinity", "-Infinity" as text   | NUMBER, DOUBLE
 * bytes    | base64 text                                           | BYTES
 * semantic | see semantic.ts; decimals as base64 text or a number  | DAY, TIME, INSTANT, LOCAL, NUMBER
 * array    | an array                                              | TREE of items
 * struct   | an object                                             | TREE of members
 * map      | an object                                             | TREE of members
 * pairs    | a map as array of `[key, value]`                      | TREE of members
 * entries  | a map as array of `{"key": .., "value": ..}`          | TREE of members
 */
export type JsonType =
  | { readonly kind: 'plain' | 'float' | 'bytes' }
  | { readonly kind: 'semantic'; readonly semantic: Semantic }
  | { readonly kind: 'array'; readonly items: JsonType }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, JsonField> }
  | { readonly kind: 'map'; readonly values: JsonType }
  | { readonly kind: 'pairs' | 'entries'; readonly keys: JsonType; readonly values: JsonType };

/** `absent`: what a field that is left out means, as its JSON text says it; null: nothing. */
export interface JsonField {
  readonly type: JsonType;
  readonly absent: Cell | null;
}

export const PLAIN: JsonType = { kind: 'plain' };
const UNKNOWN: JsonField = { type: PLAIN, absent: null };

/** The field at the end of a path; plain where the schema knows none. `ignoreCase`: ASCII, the last one wins. */
export function fieldAt(root: JsonType, path: Path, ignoreCase: boolean): JsonField {
  let field: JsonField = { type: root, absent: null };
  for (const step of path) field = fieldBelow(field.type, step, ignoreCase);
  return field;
}

function fieldBelow(type: JsonType, step: string | number, ignoreCase: boolean): JsonField {
  if (typeof step === 'number') return type.kind === 'array' ? { type: type.items, absent: null } : UNKNOWN;
  if (type.kind === 'map') return { type: type.values, absent: null };
  if (type.kind !== 'struct') return UNKNOWN;
  if (!ignoreCase) return type.fields.get(step) ?? UNKNOWN;
  const folded = lowerCase(step);
  return [...type.fields].findLast(([name]) => lowerCase(name) === folded)?.[1] ?? UNKNOWN;
}

const lowerCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Whether a value of the type is written as something else than it is, somewhere in it. A type may contain itself. */
export function isTyped(type: JsonType, seen: Set<JsonType> = new Set()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  switch (type.kind) {
    case 'plain':
      return false;
    case 'array':
      return isTyped(type.items, seen);
    case 'map':
      return isTyped(type.values, seen);
    case 'struct':
      return [...type.fields.values()].some((field) => isTyped(field.type, seen));
    default:
      return true;
  }
}
