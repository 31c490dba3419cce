/** MaxCompute column types, parsed from their text in the table's schema (`DECIMAL(10,2)`, `map<string,array<int>>`). */
export const SCALARS = [
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
  'INTERVAL_DAY_TIME',
  'INTERVAL_YEAR_MONTH',
] as const;

export type ScalarName = (typeof SCALARS)[number];

export interface ScalarType {
  readonly name: ScalarName;
  /** DECIMAL only: digits in all, 1..38. */
  readonly precision?: number;
  /** DECIMAL only: digits behind the point, 0..18 and not above the precision. */
  readonly scale?: number;
  /** VARCHAR (1..65535) and CHAR (1..255) only: characters (code points). */
  readonly length?: number;
}

export type NestedType =
  | { readonly name: 'ARRAY'; readonly element: ColumnType }
  | { readonly name: 'MAP'; readonly key: ScalarType; readonly value: ColumnType }
  | { readonly name: 'STRUCT'; readonly fields: readonly StructField[] };

export interface StructField {
  readonly name: string;
  readonly type: ColumnType;
}

export type ColumnType = ScalarType | NestedType;

export function isNested(type: ColumnType): type is NestedType {
  return type.name === 'ARRAY' || type.name === 'MAP' || type.name === 'STRUCT';
}

/** The names of the scalar types in it, each at most once. */
export function leafNames(type: ColumnType): ReadonlySet<ScalarName> {
  const names = new Set<ScalarName>();
  const visit = (one: ColumnType): void => {
    if (one.name === 'ARRAY') visit(one.element);
    else if (one.name === 'STRUCT') for (const field of one.fields) visit(field.type);
    else if (one.name === 'MAP') {
      names.add(one.key.name);
      visit(one.value);
    } else names.add(one.name);
  };
  visit(type);
  return names;
}

const PLAIN_NAME = /^[A-Za-z_]\w*$/;

/** The type as MaxCompute writes it. */
export function typeText(type: ColumnType): string {
  switch (type.name) {
    case 'ARRAY':
      return `ARRAY<${typeText(type.element)}>`;
    case 'MAP':
      return `MAP<${typeText(type.key)},${typeText(type.value)}>`;
    case 'STRUCT':
      return `STRUCT<${type.fields.map(fieldText).join(',')}>`;
    case 'DECIMAL':
      return `DECIMAL(${type.precision},${type.scale})`;
    default:
      return type.length === undefined ? type.name : `${type.name}(${type.length})`;
  }
}

function fieldText({ name, type }: StructField): string {
  const written = PLAIN_NAME.test(name) ? name : `\`${name.replaceAll('`', '``')}\``;
  return `${written}:${typeText(type)}`;
}
