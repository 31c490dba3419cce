/** A MaxCompute column type, parsed from its text in the table's schema (`DECIMAL(10,2)`). */
const NAMES = [
  'TINYINT',
  'SMALLINT',
  'INT',
  'BIGINT',
  'FLOAT',
  'DOUBLE',
  'DECIMAL',
  'STRING',
  'VARCHAR',
  'CHAR',
  'BOOLEAN',
  'DATE',
  'DATETIME',
  'TIMESTAMP',
  'TIMESTAMP_NTZ',
  'BINARY',
  'JSON',
] as const;

export type TypeName = (typeof NAMES)[number];

export interface ColumnType {
  readonly name: TypeName;
  /** DECIMAL only: digits in all, 1..38. */
  readonly precision?: number;
  /** DECIMAL only: digits behind the point, 0..18 and not above the precision. */
  readonly scale?: number;
  /** VARCHAR (1..65535) and CHAR (1..255) only: characters (code points). */
  readonly length?: number;
}

const TEXT = /^([a-z_]+)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?$/i;
const LONGEST = { VARCHAR: 65_535, CHAR: 255 } as const;

/** The type, or null when it is unknown or not supported yet (ARRAY, MAP, STRUCT, INTERVAL...). Limits: protocol 5.5. */
export function parseColumnType(text: string): ColumnType | null {
  const match = TEXT.exec(text.trim());
  const name = NAMES.find((known) => known === match?.[1]?.toUpperCase());
  if (!match || !name) return null;
  const first = match[2] === undefined ? null : Number(match[2]);
  const second = match[3] === undefined ? null : Number(match[3]);
  if (name === 'DECIMAL') return decimalType(first, second);
  if (name === 'VARCHAR' || name === 'CHAR') {
    const fits = first !== null && second === null && first >= 1 && first <= LONGEST[name];
    return fits ? { name, length: first } : null;
  }
  return first === null ? { name } : null;
}

/** DECIMAL alone is DECIMAL(38,18); DECIMAL(p) is DECIMAL(p,0). */
function decimalType(first: number | null, second: number | null): ColumnType | null {
  const precision = first ?? 38;
  const scale = second ?? (first === null ? 18 : 0);
  const fits = precision >= 1 && precision <= 38 && scale <= 18 && scale <= precision;
  return fits ? { name: 'DECIMAL', precision, scale } : null;
}

/** The type as MaxCompute writes it. */
export function typeText(type: ColumnType): string {
  if (type.name === 'DECIMAL') return `DECIMAL(${type.precision},${type.scale})`;
  return type.length === undefined ? type.name : `${type.name}(${type.length})`;
}

/** The `type` of the configuration is for a table that is created; of one that is there, its own type counts. */
export function typeWarnings(written: string | null | undefined, live: ColumnType, key: string): string[] {
  const wanted = written ? parseColumnType(written) : null;
  if (!wanted || typeText(wanted) === typeText(live)) return [];
  return [`${key}.type: it says ${typeText(wanted)}, the table says ${typeText(live)}`];
}
