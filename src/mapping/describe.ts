import type { PlanColumn } from './plan.ts';
import type { Source } from './source.ts';
import { sourceText } from './source.ts';
import { type ColumnType, isNested, type NestedType, type ScalarType, typeText } from './types.ts';

/** One line of the mapping as an operator reads it. */
export interface MappingLine {
  readonly column: string;
  /** `DECIMAL(10,2) NOT NULL`, `STRING (table partition)`. */
  readonly type: string;
  /** The source as written in the configuration; null: stays NULL. */
  readonly source: string | null;
  readonly conversion: string;
  /** What the column cannot hold, and what becomes of it; null: nothing. */
  readonly loses: string | null;
}

export function describeColumn(column: PlanColumn, source: Source): MappingLine {
  const fallback = column.default === null ? '' : `; ${JSON.stringify(column.default)} when missing or null`;
  const strict = column.coercion === 'strict' ? '; strict' : '';
  return {
    column: column.name,
    type: typeText(column.type) + (column.nullable ? '' : ' NOT NULL'),
    source: sourceText(source),
    conversion:
      (column.trim ? 'trimmed, ' : '') +
      concealing(column) +
      conversion(column.type, column) +
      strict +
      fallback,
    loses: losses(column),
  };
}

function concealing({ mask, hash }: PlanColumn): string {
  if (hash) return `hashed by ${hash.secret === null ? '' : 'salted or keyed '}${hash.algorithm}, `;
  if (!mask) return '';
  return `masked${mask.kind === 'named' ? ` as ${mask.name}` : ''}, `;
}

export function describeUnmapped(name: string, type: string): MappingLine {
  return { column: name, type, source: null, conversion: 'stays NULL', loses: null };
}

function conversion(type: ColumnType, { time }: PlanColumn): string {
  switch (type.name) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
      return 'whole number, or its text';
    case 'FLOAT':
    case 'DOUBLE':
      return 'nearest value';
    case 'DECIMAL':
      return 'exact decimal, or its text';
    case 'BOOLEAN':
      return 'true or false, 0 or 1';
    case 'STRING':
    case 'VARCHAR':
    case 'CHAR':
      return 'text, or the source text of anything else';
    case 'BINARY':
      return 'bytes, or the UTF-8 bytes of a text';
    case 'JSON':
      return 'source text; a text becomes a JSON string';
    case 'INTERVAL_DAY_TIME':
    case 'INTERVAL_YEAR_MONTH':
      return 'ISO 8601 duration';
    case 'ARRAY':
      return 'array';
    case 'MAP':
      return 'object, or array of {key, value} or [key, value]';
    case 'STRUCT':
      return 'object, by field name';
    default:
      return `${time.format ?? 'iso text, epoch_ms numbers'}; ${time.zone} when the text has no zone`;
  }
}

/** The losses that a type can mean: for the mapping and, where nobody asked for them, as warnings at start. */
function losses({ type, round }: PlanColumn): string | null {
  return isNested(type) ? nestedLosses(type, round) : scalarLosses(type, round);
}

/** Those of the leaves, each once. */
function nestedLosses(type: NestedType, round: boolean): string | null {
  const parts =
    type.name === 'STRUCT'
      ? type.fields.map((field) => field.type)
      : type.name === 'MAP'
        ? [type.key, type.value]
        : [type.element];
  const found = parts.map((part) => (isNested(part) ? nestedLosses(part, round) : scalarLosses(part, round)));
  const texts = [...new Set(found.flatMap((text) => (text === null ? [] : text.split('; '))))];
  return texts.length === 0 ? null : texts.join('; ');
}

function scalarLosses(type: ScalarType, round: boolean): string | null {
  const fate = round ? 'are rounded' : 'are dirty unless round';
  switch (type.name) {
    case 'DECIMAL':
      return `digits beyond ${scaleText(type)} ${fate}`;
    case 'DATETIME':
      return `digits below a millisecond ${fate}`;
    case 'DATE':
      return 'the time of day is dropped';
    case 'FLOAT':
      return 'about 7 digits are kept';
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
      return round ? 'fractions are rounded' : null;
    default:
      return null;
  }
}

function scaleText(type: ScalarType): string {
  return type.scale === 0 ? 'the point' : `${type.scale} behind the point`;
}
