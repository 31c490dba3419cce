import { isUtf8 } from 'node:buffer';
import { malformed, Refusal } from '../errors.ts';
import { type ColumnType, typeText } from '../model/types.ts';
import type { Cell } from './cells.ts';

/** `MaxFieldSize` of sessions (protocol 4.5): bytes of one value. */
export const MAX_FIELD_BYTES = 8 * 1024 * 1024;

export const tooLarge = (bytes: number): string =>
  `a value of ${bytes} bytes is larger than MaxFieldSize ${MAX_FIELD_BYTES}`;

/** A column that takes no NULL, and where it is among the columns of a block. */
export interface RequiredColumn {
  readonly index: number;
  readonly name: string;
}

/** Columns that were declared NOT NULL, and those of the primary key. */
export function requiredColumns(
  columns: readonly { readonly name: string; readonly nullable: boolean }[],
  primaryKey: readonly string[],
): RequiredColumn[] {
  return columns.flatMap(({ name, nullable }, index) =>
    nullable && !primaryKey.includes(name) ? [] : [{ index, name }],
  );
}

export const isNull = (name: string): string => `column ${name} is NULL, which it must not be`;

/** A refusal of damaged data that says where it was found; other errors as they are. */
const located = (place: string, error: unknown): unknown =>
  error instanceof Refusal && error.code === 'MalformedDataStream'
    ? malformed(`${place}: ${error.message}`)
    : error;

export const inRow = (row: number, error: unknown): unknown => located(`row ${row}`, error);
export const inColumn = (name: string, error: unknown): unknown => located(`column ${name}`, error);

/** A day more at both ends: the Java client lets it pass for DATETIME (protocol 5.5). */
const FIRST_SECOND = -62135683200;
const LAST_SECOND = 253402387200;
const FIRST_NANOSECOND = BigInt(FIRST_SECOND) * 1_000_000_000n;
const LAST_NANOSECOND = BigInt(LAST_SECOND) * 1_000_000_000n;

/** Smallest and largest number of the integer types; BIGINT -2^63 is accepted, PyODPS lets it pass. */
export const RANGES: Partial<Record<ColumnType['name'], readonly [number, number]>> = {
  TINYINT: [-128, 127],
  SMALLINT: [-32768, 32767],
  INT: [-2147483648, 2147483647],
  INTERVAL_YEAR_MONTH: [-2147483648, 2147483647],
  DATE: [-719162, 2932896],
  DATETIME: [FIRST_SECOND * 1000, LAST_SECOND * 1000],
};

/** Refuses a value that its type does not take; what the numbers' width already says is not asked again. */
export type ValueCheck = (cell: Exclude<Cell, null>) => void;

/** The check of a type (protocol 5.5); undefined where every value is right. */
export function valueCheck(type: ColumnType): ValueCheck | undefined {
  switch (type.name) {
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return (cell) => checkTimestamp(cell as bigint, type);
    case 'VARCHAR':
    case 'CHAR':
      return (cell) => checkLength(cell as string, type.length, type);
    case 'JSON':
      return (cell) => checkJson(cell as string);
    case 'DECIMAL':
      return (cell) => checkDecimal(cell as string, type.precision, type.scale);
    case 'MAP':
      return (cell) => checkKeys(cell as readonly (readonly Cell[])[]);
    default:
      return undefined;
  }
}

/** The check of numbers that arrive without their type's limits, as days or milliseconds. */
export function checkRange(value: number, type: ColumnType): void {
  const range = RANGES[type.name];
  if (range && (value < range[0] || value > range[1]))
    throw malformed(`${value} is outside ${typeText(type)}`);
}

function checkTimestamp(nanoseconds: bigint, type: ColumnType): void {
  if (nanoseconds >= FIRST_NANOSECOND && nanoseconds < LAST_NANOSECOND) return;
  throw malformed(`${nanoseconds / 1_000_000_000n} seconds since 1970 are outside ${typeText(type)}`);
}

/** VARCHAR and CHAR count characters, not bytes. */
function checkLength(text: string, limit: number, type: ColumnType): void {
  if (text.length <= limit) return;
  const length = [...text].length;
  if (length > limit) throw malformed(`a text of ${length} characters does not fit into ${typeText(type)}`);
}

function checkJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw malformed(`a JSON value is none: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const DECIMAL = /^[-+]?(\d*)(?:\.(\d*))?$/;

/** Fraction digits beyond the scale are rounded half up by whoever stores them; no other digits may be too many. */
function checkDecimal(text: string, precision: number, scale: number): void {
  const match = DECIMAL.exec(text);
  if (!match || !(match[1] || match[2])) throw malformed(`"${text.slice(0, 60)}" is no decimal`);
  const whole = (match[1] ?? '').replace(/^0+/, '');
  const fits =
    whole.length < precision - scale ||
    (whole.length === precision - scale && !roundsUp(whole, match[2], scale));
  if (!fits) throw malformed(`${text.slice(0, 60)} does not fit into decimal(${precision},${scale})`);
}

/** Whether all digits are nines that rounding carries beyond the precision. */
function roundsUp(whole: string, fraction = '', scale: number): boolean {
  return fraction.length > scale && fraction[scale]! >= '5' && /^9*$/.test(whole + fraction.slice(0, scale));
}

/** No NULL and no key twice (protocol 5.5): no query could read such a MAP. */
export function checkKeys(entries: readonly (readonly Cell[])[]): void {
  const seen = new Set<string>();
  for (const [key] of entries) {
    if (key === null || key === undefined) throw malformed('a MAP has a NULL key');
    const text = key instanceof Uint8Array ? Buffer.from(key).toString('latin1') : keyText(key);
    if (seen.size === seen.add(text).size) throw malformed(`a MAP has the key ${text.slice(0, 60)} twice`);
  }
}

const keyText = (key: Cell): string =>
  Array.isArray(key)
    ? JSON.stringify(key, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))
    : String(key);

/** MaxCompute keeps any bytes in a STRING; here queries need texts. */
const NOT_UTF8 = 'a text is not valid UTF-8, other bytes are kept by this local MaxCompute in BINARY only';

/** Throws MalformedDataStream for what is not UTF-8. */
export function checkUtf8(bytes: Uint8Array): void {
  if (!isUtf8(bytes)) throw malformed(NOT_UTF8);
}

/** The bytes as a text; throws MalformedDataStream for what is not UTF-8. */
export function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  if (text.includes('\ufffd')) checkUtf8(bytes);
  return text;
}
