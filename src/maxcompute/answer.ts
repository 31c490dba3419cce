/** Reading what the service sends as JSON, where numbers and flags may also come as text (protocol 3.1, 4.1). */
export type Json = Readonly<Record<string, unknown>>;

export interface Column {
  readonly name: string;
  /** Type text as the service writes it, in either case: `decimal(10,2)`. */
  readonly type: string;
  readonly nullable: boolean;
}

/** Throws an Error when the text is not a JSON object. */
export function parseObject(text: string): Json {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error('not a JSON object');
  return value;
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' ? String(value) : null;
}

/** A non-negative integer, or null. */
export function countOf(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
}

export function isTrue(value: unknown): boolean {
  return value === true || String(value).toLowerCase() === 'true';
}

export function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Columns of a table or a session: `isNullable` there, `nullable` here; absent means nullable. */
export function columnsOf(value: unknown): Column[] {
  return listOf(value).map((column) => {
    const nullable = column.nullable ?? column.isNullable ?? true;
    return { name: textOf(column.name) ?? '', type: textOf(column.type) ?? '', nullable: isTrue(nullable) };
  });
}
