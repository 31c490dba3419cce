import { define, withNulls } from './define.ts';

/** A value of a parsed text; numbers keep the digits they were written with. */
type Json = null | boolean | string | { readonly number: string } | Json[] | Map<string, Json>;

/** What a path such as `$.a.b[0]` or `$.a[*].b` finds; texts without quotes, objects and arrays as JSON. */
export function jsonObject(text: string, path: string): string | null {
  if (!path.startsWith('$')) return null;
  const steps = stepsOf(path.slice(1));
  if (!steps) return null;
  const quick = quickly(text, steps);
  if (quick !== undefined) return quick;
  const root = parseJson(text);
  if (root === undefined) return null;
  let found: Json[] = [root];
  let many = false;
  for (const step of steps) {
    if (step === '*') many = true;
    found = found.flatMap((value) => below(value, step));
    if (!found.length) return null;
  }
  const value = many ? found : found[0]!;
  return value === null ? null : typeof value === 'string' ? value : write(value);
}

/** The value as JSON.parse finds it, where that is surely how it was written; undefined to read the text itself. */
function quickly(text: string, steps: readonly (string | number)[]): string | null | undefined {
  if (steps.includes('*')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  for (const step of steps) {
    const fits = Array.isArray(value) ? typeof step === 'number' : typeof step === 'string';
    if (typeof value !== 'object' || value === null) return null;
    if (!fits) return undefined;
    if (!Object.hasOwn(value, step)) return null;
    value = (value as Record<string | number, unknown>)[step];
  }
  if (value === null) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  return typeof value === 'number' && Number.isSafeInteger(value) && !/\d[.eE]|-0/.test(text)
    ? String(value)
    : undefined;
}

/** Keys, places and `*`; null for a path that cannot be read. */
function stepsOf(path: string): (string | number)[] | null {
  const steps: (string | number)[] = [];
  const pattern = /\.([^.[\]]+)|\[\s*(?:(\d+)|'([^']*)'|"([^"]*)"|(\*))\s*\]/y;
  let at = 0;
  while (at < path.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(path);
    if (!match) return null;
    const [, key, place, single, double] = match;
    steps.push(place !== undefined ? Number(place) : (key ?? single ?? double ?? '*'));
    at = pattern.lastIndex;
  }
  return steps;
}

/** A key of an array is looked for in each of its objects. */
function below(value: Json, step: string | number): Json[] {
  if (Array.isArray(value)) {
    if (step === '*') return value;
    if (typeof step === 'number') return step < value.length ? [value[step]!] : [];
    const items = value.flatMap((item) => (item instanceof Map ? below(item, step) : []));
    return items.length ? [items.length === 1 ? items[0]! : items] : [];
  }
  if (!(value instanceof Map) || typeof step === 'number') return [];
  if (step === '*') return [...value.values()];
  return value.has(step) ? [value.get(step)!] : [];
}

/** Undefined for what is no JSON. */
function parseJson(text: string): Json | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return readJson({ text, at: 0 });
}

interface Scanner {
  readonly text: string;
  at: number;
}

const TOKEN = /\s*(?:([{}[\]:,])|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null))/y;

function next(scanner: Scanner): RegExpExecArray {
  TOKEN.lastIndex = scanner.at;
  const match = TOKEN.exec(scanner.text)!;
  scanner.at = TOKEN.lastIndex;
  return match;
}

/** Reads what JSON.parse has found to be well formed. */
function readJson(scanner: Scanner): Json {
  const [, symbol, string, number, word] = next(scanner);
  if (string !== undefined) return JSON.parse(string) as string;
  if (number !== undefined) return { number };
  if (word !== undefined) return word === 'null' ? null : word === 'true';
  return symbol === '[' ? readArray(scanner) : readObject(scanner);
}

function peekSymbol(scanner: Scanner): string | undefined {
  const saved = scanner.at;
  const symbol = next(scanner)[1];
  scanner.at = saved;
  return symbol;
}

function readArray(scanner: Scanner): Json[] {
  const items: Json[] = [];
  while (peekSymbol(scanner) !== ']') {
    items.push(readJson(scanner));
    if (peekSymbol(scanner) === ',') next(scanner);
  }
  next(scanner);
  return items;
}

function readObject(scanner: Scanner): Map<string, Json> {
  const entries = new Map<string, Json>();
  while (peekSymbol(scanner) !== '}') {
    const key = JSON.parse(next(scanner)[2]!) as string;
    next(scanner);
    entries.set(key, readJson(scanner));
    if (peekSymbol(scanner) === ',') next(scanner);
  }
  next(scanner);
  return entries;
}

function write(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (!(value instanceof Map)) return value.number;
  return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${write(item)}`).join(',')}}`;
}

/** A key of `json_tuple`: a path when it begins with `$`. */
const jsonKey = (text: string, key: string): string | null => {
  if (key.startsWith('$')) return jsonObject(text, key);
  const root = parseJson(text);
  const found = root instanceof Map ? root.get(key) : undefined;
  if (found === undefined || found === null) return null;
  return typeof found === 'string' ? found : write(found);
};

/** A JSON scalar as text; NULL for JSON's null, an object or an array as it is written. */
function scalarText(text: string): string | null {
  const value = parseJson(text);
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : write(value);
}

function jsonType(text: string): string | null {
  const value = parseJson(text);
  if (value === undefined) return null;
  if (value === null || typeof value === 'boolean') return value === null ? 'null' : 'boolean';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? 'array' : value instanceof Map ? 'object' : 'number';
}

export const JSON_FUNCTIONS = [
  define('mc_json_object', ['VARCHAR', 'VARCHAR'], 'VARCHAR', jsonObject),
  withNulls(
    define('mc_json_key', ['VARCHAR', 'VARCHAR'], 'VARCHAR', (text: string | null, key) =>
      text === null ? null : jsonKey(text, key),
    ),
    0,
  ),
  define('mc_json_text', ['VARCHAR'], 'VARCHAR', scalarText),
  define('mc_json_type', ['VARCHAR'], 'VARCHAR', jsonType),
];
