import { LIMITS } from '../limits.ts';
import { type ColumnType, isNested, SCALARS, type ScalarType, type StructField, typeText } from './types.ts';

/** Words, back-quoted names and single signs; blanks between them do not count. */
const TOKEN = /\s*(?:([\w\u0080-\uffff]+)|`((?:[^`]|``)+)`|([<>(),:]))/y;
const LONGEST = { VARCHAR: 65_535, CHAR: 255 } as const;

interface Token {
  /** A word or a sign as it is written; a name in back-quotes without them. */
  readonly text: string;
  readonly kind: 'word' | 'quoted' | 'sign';
}

interface Scan {
  readonly tokens: readonly Token[];
  at: number;
}

/**
 * The type of a text in any case, with blanks and back-quoted names of struct fields; null when it is unknown, or
 * nested deeper than {@link LIMITS.typeDepth}. Limits: protocol 5.5.
 */
export function parseColumnType(text: string): ColumnType | null {
  const tokens = tokensOf(text);
  const scan: Scan = { tokens: tokens ?? [], at: 0 };
  const type = tokens && readType(scan, 0);
  return scan.at === scan.tokens.length ? type : null;
}

/** The `type` of the configuration is for a table that is created; of one that is there, its own type counts. */
export function typeWarnings(written: string | null | undefined, live: ColumnType, key: string): string[] {
  const wanted = written ? parseColumnType(written) : null;
  if (!wanted || typeText(wanted).toLowerCase() === typeText(live).toLowerCase()) return [];
  return [`${key}.type: it says ${typeText(wanted)}, the table says ${typeText(live)}`];
}

function tokensOf(text: string): Token[] | null {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  for (let at = 0; at < end; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) return null;
    const [, word, name, sign] = match;
    if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (name !== undefined) tokens.push({ kind: 'quoted', text: name.replaceAll('``', '`') });
    else tokens.push({ kind: 'sign', text: sign! });
  }
  return tokens;
}

function readType(scan: Scan, depth: number): ColumnType | null {
  const token = scan.tokens[scan.at++];
  if (token?.kind !== 'word' || depth > LIMITS.typeDepth) return null;
  const name = token.text.toUpperCase();
  switch (name) {
    case 'ARRAY':
      return bracketed(scan, () => readArray(scan, depth + 1));
    case 'MAP':
      return bracketed(scan, () => readMap(scan, depth + 1));
    case 'STRUCT':
      return bracketed(scan, () => readStruct(scan, depth + 1));
    default:
      return readScalar(scan, name);
  }
}

function bracketed(scan: Scan, inside: () => ColumnType | null): ColumnType | null {
  const type = takes(scan, '<') ? inside() : null;
  return type && takes(scan, '>') ? type : null;
}

function readArray(scan: Scan, depth: number): ColumnType | null {
  const element = readType(scan, depth);
  return element && { name: 'ARRAY', element };
}

/** Keys are no containers, and no JSON, whose equality is not that of its text. */
function readMap(scan: Scan, depth: number): ColumnType | null {
  const key = readType(scan, depth);
  if (!key || isNested(key) || key.name === 'JSON' || !takes(scan, ',')) return null;
  const value = readType(scan, depth);
  return value && { name: 'MAP', key, value };
}

function readStruct(scan: Scan, depth: number): ColumnType | null {
  const fields: StructField[] = [];
  do {
    const name = scan.tokens[scan.at++];
    const type = name && name.kind !== 'sign' && takes(scan, ':') ? readType(scan, depth) : null;
    if (!type || fields.some((field) => sameName(field.name, name!.text))) return null;
    fields.push({ name: name!.text, type });
  } while (takes(scan, ','));
  return { name: 'STRUCT', fields };
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

function takes(scan: Scan, sign: string): boolean {
  const token = scan.tokens[scan.at];
  if (token?.kind !== 'sign' || token.text !== sign) return false;
  scan.at++;
  return true;
}

function readScalar(scan: Scan, text: string): ScalarType | null {
  const name = SCALARS.find((known) => known === text);
  const numbers = readNumbers(scan);
  if (!name || !numbers) return null;
  const [first, second] = numbers;
  if (name === 'DECIMAL') return decimalType(first, second);
  if (name !== 'VARCHAR' && name !== 'CHAR') return first === undefined ? { name } : null;
  const fits = first !== undefined && second === undefined && first >= 1 && first <= LONGEST[name];
  return fits ? { name, length: first } : null;
}

/** None to two numbers in parentheses; null: something else stands there. */
function readNumbers(scan: Scan): number[] | null {
  if (!takes(scan, '(')) return [];
  const numbers: number[] = [];
  do {
    const token = scan.tokens[scan.at++];
    if (token?.kind !== 'word' || !/^\d+$/.test(token.text) || numbers.length === 2) return null;
    numbers.push(Number(token.text));
  } while (takes(scan, ','));
  return takes(scan, ')') ? numbers : null;
}

/** DECIMAL alone is DECIMAL(38,18); DECIMAL(p) is DECIMAL(p,0). */
function decimalType(first: number | undefined, second: number | undefined): ScalarType | null {
  const precision = first ?? 38;
  const scale = second ?? (first === undefined ? 18 : 0);
  const fits = precision >= 1 && precision <= 38 && scale <= 18 && scale <= precision;
  return fits ? { name: 'DECIMAL', precision, scale } : null;
}
