import { type ColumnType, parseType, typeText } from '../model/types.ts';
import { illegalType, semantic } from './statement-errors.ts';

/** A field to be added to a STRUCT somewhere inside a column. */
export interface NestedField {
  /** The column, then the way in it: names of fields, `element` of an ARRAY, `value` of a MAP. */
  readonly within: readonly string[];
  readonly name: string;
  readonly type: ColumnType;
}

/** The column's type with the field behind the others; undefined: it is there. Throws for a way that leads nowhere. */
export function withField(column: ColumnType, field: NestedField, at: string): ColumnType | undefined {
  const added = addTo(column, field, 1, at);
  if (!added) return undefined;
  try {
    return parseType(typeText(added));
  } catch (error) {
    throw illegalType(at, error instanceof Error ? error.message : String(error));
  }
}

function addTo(type: ColumnType, field: NestedField, depth: number, at: string): ColumnType | undefined {
  const step = field.within[depth];
  const inside = (next: ColumnType) => addTo(next, field, depth + 1, at);
  if (type.name === 'STRUCT') {
    const { fields } = type;
    const known = fields.findIndex(({ name }) => name.toLowerCase() === (step ?? field.name));
    if (step === undefined)
      return known < 0
        ? { name: 'STRUCT', fields: [...fields, { name: field.name, type: field.type }] }
        : undefined;
    const changed = known < 0 ? undefined : inside(fields[known]!.type);
    if (known >= 0)
      return (
        changed && {
          name: 'STRUCT',
          fields: fields.map((each, index) => (index === known ? { ...each, type: changed } : each)),
        }
      );
  } else if (type.name === 'ARRAY' && step === 'element') {
    const element = inside(type.element);
    return element && { name: 'ARRAY', element };
  } else if (type.name === 'MAP' && step === 'value') {
    const value = inside(type.value);
    return value && { name: 'MAP', key: type.key, value };
  }
  const way = [...field.within.slice(0, depth), step ?? field.name].join('.');
  throw semantic(at, `column ${way} cannot be resolved: ${typeText(type).toUpperCase()} has no such field`);
}
