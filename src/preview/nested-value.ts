import type { ColumnType, ScalarType } from '../mapping/types.ts';

/**
 * A value as a reader of the table sees it, exactly:
 *
 * BOOLEAN                    | boolean
 * TINYINT SMALLINT INT       | number
 * FLOAT DOUBLE               | number; NaN and the infinities as text
 * BIGINT DECIMAL             | text: a JSON number would lose digits
 * STRING VARCHAR CHAR JSON   | text, JSON as it is stored
 * BINARY                     | text, two hexadecimal digits per byte
 * DATE TIMESTAMP_NTZ         | text, 2026-11-20 and 2026-11-20T08:00:00.123456789
 * DATETIME TIMESTAMP         | the same as an instant, in UTC: 2026-11-20T00:00:00.123Z
 * INTERVAL_DAY_TIME          | text, PT12.5S
 * INTERVAL_YEAR_MONTH        | text, P14M
 * ARRAY                      | array, NULL is null
 * MAP STRUCT                 | object; keys of a MAP as text
 */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };

/** What was written inside a container: a leaf (its value depends on its type), `count`, or `flag` (true: NULL). */
export type Event = Leaf | number | boolean;
export type Leaf = (type: ScalarType['name']) => Value;

/** The value of a container from what was written after its `open`. */
export function nestedValue(type: ColumnType, events: readonly Event[]): Value {
  let at = 0;

  function read(of: ColumnType): Value {
    switch (of.name) {
      case 'ARRAY':
        return items(of.element);
      case 'MAP':
        return entries(items(of.key), items(of.value));
      case 'STRUCT':
        return Object.fromEntries(of.fields.map((field) => [field.name, item(field.type)]));
      default:
        return (events[at++] as Leaf)(of.name);
    }
  }

  function items(of: ColumnType): Value[] {
    const count = events[at++] as number;
    return Array.from({ length: count }, () => item(of));
  }

  function item(of: ColumnType): Value {
    return events[at++] === true ? null : read(of);
  }

  return read(type);
}

function entries(keys: readonly Value[], values: readonly Value[]): Value {
  return Object.fromEntries(keys.map((key, i) => [String(key), values[i]!]));
}
