/** MaxCompute column types as the emulator understands them; its own parser, shared with nobody. */
const SIMPLE = [
  'TINYINT',
  'SMALLINT',
  'INT',
  'BIGINT',
  'FLOAT',
  'DOUBLE',
  'BOOLEAN',
  'STRING',
  'BINARY',
  'JSON',
  'DATE',
  'DATETIME',
  'TIMESTAMP',
  'TIMESTAMP_NTZ',
  'INTERVAL_DAY_TIME',
  'INTERVAL_YEAR_MONTH',
] as const;

export type SimpleName = (typeof SIMPLE)[number];

export interface StructField {
  readonly name: string;
  readonly type: ColumnType;
}

export type ColumnType =
  | { readonly name: SimpleName }
  | { readonly name: 'VARCHAR' | 'CHAR'; readonly length: number }
  | { readonly name: 'DECIMAL'; readonly precision: number; readonly scale: number }
  | { readonly name: 'ARRAY'; readonly element: ColumnType }
  | { readonly name: 'MAP'; readonly key: ColumnType; readonly value: ColumnType }
  | { readonly name: 'STRUCT'; readonly fields: readonly StructField[] };

const INTEGER_NAMES: readonly string[] = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT'];

export const isIntegerType = (type: ColumnType): boolean => INTEGER_NAMES.includes(type.name);

/** Levels of ARRAY, MAP and STRUCT inside each other. */
const DEPTH = 20;

const SIMPLE_NAMES: ReadonlySet<string> = new Set(SIMPLE);
const ALIASES: Record<string, string> = { INTEGER: 'INT', TEXT: 'STRING', BOOL: 'BOOLEAN' };

interface Scanner {
  readonly text: string;
  at: number;
  depth: number;
}

/** Parses a type text such as `struct<a:bigint,b:array<varchar(20)>>`, in either case; throws on anything else. */
export function parseType(text: string): ColumnType {
  const scanner: Scanner = { text, at: 0, depth: 0 };
  const type = scanType(scanner);
  skipBlanks(scanner);
  if (scanner.at !== text.length) throw new Error(`type "${text}" has unexpected text after it`);
  return type;
}

/** The type in the lower-case notation of schema answers. */
export function typeText(type: ColumnType): string {
  switch (type.name) {
    case 'VARCHAR':
    case 'CHAR':
      return `${type.name.toLowerCase()}(${type.length})`;
    case 'DECIMAL':
      return `decimal(${type.precision},${type.scale})`;
    case 'ARRAY':
      return `array<${typeText(type.element)}>`;
    case 'MAP':
      return `map<${typeText(type.key)},${typeText(type.value)}>`;
    case 'STRUCT':
      return `struct<${type.fields.map((field) => `${fieldName(field.name)}:${typeText(field.type)}`).join(',')}>`;
    default:
      return type.name.toLowerCase();
  }
}

/** The type with its struct fields in lower case: clients look them up so, whatever a statement said. */
export function lowerFields(type: ColumnType): ColumnType {
  switch (type.name) {
    case 'ARRAY':
      return { name: 'ARRAY', element: lowerFields(type.element) };
    case 'MAP':
      return { name: 'MAP', key: lowerFields(type.key), value: lowerFields(type.value) };
    case 'STRUCT': {
      const fields = type.fields.map((field) => ({
        name: field.name.toLowerCase(),
        type: lowerFields(field.type),
      }));
      return { name: 'STRUCT', fields };
    }
    default:
      return type;
  }
}

const fieldName = (name: string): string => (/^\w+$/.test(name) ? name : `\`${name}\``);

function scanType(scanner: Scanner): ColumnType {
  const word = scanWord(scanner).toUpperCase();
  const name = ALIASES[word] ?? word;
  if (SIMPLE_NAMES.has(name)) return { name: name as SimpleName };
  switch (name) {
    case 'VARCHAR':
    case 'CHAR':
      return scanText(scanner, name);
    case 'DECIMAL':
      return scanDecimal(scanner);
    case 'ARRAY':
      return inBrackets(scanner, () => ({ name: 'ARRAY', element: scanType(scanner) }));
    case 'MAP':
      return inBrackets(scanner, () => scanMap(scanner));
    case 'STRUCT':
      return inBrackets(scanner, () => ({ name: 'STRUCT', fields: scanFields(scanner) }));
    default:
      throw new Error(`unknown type "${word}"`);
  }
}

function scanText(scanner: Scanner, name: 'VARCHAR' | 'CHAR'): ColumnType {
  const [length = 0] = scanNumbers(scanner);
  const limit = name === 'CHAR' ? 255 : 65535;
  if (length < 1 || length > limit) throw new Error(`${name} needs a length from 1 to ${limit}`);
  return { name, length };
}

function scanDecimal(scanner: Scanner): ColumnType {
  const numbers = scanNumbers(scanner);
  const precision = numbers[0] ?? 38;
  const scale = numbers[1] ?? (numbers.length ? 0 : 18);
  // The DECIMAL of the first type system, as Java's TypeInfoFactory writes it.
  if (precision === 54 && scale === 18) return { name: 'DECIMAL', precision: 38, scale };
  if (precision < 1 || precision > 38 || scale > 18 || scale > precision) {
    throw new Error(`DECIMAL(${precision},${scale}) is outside DECIMAL(38,18)`);
  }
  return { name: 'DECIMAL', precision, scale };
}

function scanMap(scanner: Scanner): ColumnType {
  const key = scanType(scanner);
  expectSymbol(scanner, ',');
  return { name: 'MAP', key, value: scanType(scanner) };
}

function scanFields(scanner: Scanner): StructField[] {
  const fields: StructField[] = [];
  do {
    const name = scanWord(scanner);
    const isKnown = fields.some((field) => field.name.toLowerCase() === name.toLowerCase());
    if (isKnown) throw new Error(`a struct has the field "${name}" twice`);
    expectSymbol(scanner, ':');
    fields.push({ name, type: scanType(scanner) });
  } while (takeSymbol(scanner, ','));
  return fields;
}

function inBrackets<T>(scanner: Scanner, inside: () => T): T {
  scanner.depth += 1;
  if (scanner.depth > DEPTH) throw new Error(`a type has at most ${DEPTH} levels`);
  expectSymbol(scanner, '<');
  const result = inside();
  scanner.depth -= 1;
  expectSymbol(scanner, '>');
  return result;
}

function scanNumbers(scanner: Scanner): number[] {
  if (!takeSymbol(scanner, '(')) return [];
  const numbers = [Number(scanWord(scanner))];
  while (takeSymbol(scanner, ',')) numbers.push(Number(scanWord(scanner)));
  expectSymbol(scanner, ')');
  if (!numbers.every(Number.isInteger))
    throw new Error(`type "${scanner.text}" has a length that is no number`);
  return numbers;
}

function scanWord(scanner: Scanner): string {
  skipBlanks(scanner);
  const match = /`([^`]+)`|[\w\u0080-\uffff]+/y;
  match.lastIndex = scanner.at;
  const found = match.exec(scanner.text);
  if (!found) throw new Error(`type "${scanner.text}" is incomplete at character ${scanner.at + 1}`);
  scanner.at = match.lastIndex;
  return found[1] ?? found[0];
}

function takeSymbol(scanner: Scanner, symbol: string): boolean {
  skipBlanks(scanner);
  if (scanner.text[scanner.at] !== symbol) return false;
  scanner.at += 1;
  return true;
}

function expectSymbol(scanner: Scanner, symbol: string): void {
  if (!takeSymbol(scanner, symbol)) {
    throw new Error(`type "${scanner.text}" needs "${symbol}" at character ${scanner.at + 1}`);
  }
}

function skipBlanks(scanner: Scanner): void {
  while (/\s/.test(scanner.text[scanner.at] ?? '')) scanner.at += 1;
}
