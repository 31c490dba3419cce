import type { ColumnType } from '../../../model/types.ts';
import { identifier, literal } from '../../../store/duckdb-sql.ts';
import { castTo, convert, converts } from '../casts.ts';
import { semantic } from '../context.ts';
import { jsonReady } from '../json-values.ts';
import { fieldOf } from '../names.ts';
import { element } from '../operators.ts';
import { columnType, duckName, isTime, namedType, type SqlType, STRING, type Typed } from '../types.ts';
import type { FunctionCall } from './calls.ts';
import { commonFor } from './conditionals.ts';
import type { Special } from './special.ts';

/** A MAP as DuckDB makes it from two lists; the last value of a repeated key stays. */
const mapOf = (keys: readonly string[], values: readonly string[]): string =>
  `mc_map([${keys.join(', ')}], [${values.join(', ')}])`;

const array: Special = (given) => {
  const args = given.args();
  const type = columnType(commonFor(args, given));
  if (!args.length) return { sql: `CAST([] AS ${duckName(type)}[])`, type: { name: 'ARRAY', element: type } };
  return {
    sql: `[${args.map((value) => convert(value, type)).join(', ')}]`,
    type: { name: 'ARRAY', element: type },
  };
};

const map: Special = (given) => {
  const args = given.args();
  if (args.length % 2) given.count(args.length + 1, args.length + 1);
  const [keys, values] = [args.filter((_, index) => index % 2 === 0), args.filter((_, index) => index % 2)];
  const type: SqlType = {
    name: 'MAP',
    key: columnType(commonFor(keys, given)),
    value: columnType(commonFor(values, given)),
  };
  if (!args.length) return { sql: `CAST(MAP {} AS ${duckName(type)})`, type };
  return {
    sql: mapOf(
      keys.map((key) => convert(key, type.key)),
      values.map((value) => convert(value, type.value)),
    ),
    type,
  };
};

function structOf(fields: readonly (readonly [string, Typed])[]): Typed {
  const named = fields.map(([name, value]) => ({ name, type: columnType(value.type) }));
  const packed = fields.map(
    ([name, value]) => `${identifier(name)} := ${convert(value, columnType(value.type))}`,
  );
  return { sql: `struct_pack(${packed.join(', ')})`, type: { name: 'STRUCT', fields: named } };
}

const namedStruct: Special = (given) => {
  const args = given.args();
  if (!args.length || args.length % 2) given.count(args.length + 1, args.length + 1);
  const fields = Array.from({ length: args.length / 2 }, (_, index): [string, Typed] => {
    const name = args[2 * index]!;
    if (!name.constant) throw given.wrong(2 * index, name.type, 'a constant STRING');
    return [name.constant, args[2 * index + 1]!];
  });
  return structOf(fields);
};

function needs<N extends 'ARRAY' | 'MAP' | 'STRUCT'>(
  given: FunctionCall,
  value: Typed,
  index: number,
  name: N,
): Extract<ColumnType, { name: N }> {
  if (value.type.name !== name) throw given.wrong(index, value.type, name);
  return value.type as Extract<ColumnType, { name: N }>;
}

const mapConcat: Special = (given) => {
  given.count(1, Number.POSITIVE_INFINITY);
  const args = given.args();
  for (const [index, value] of args.entries()) needs(given, value, index, 'MAP');
  const type = commonFor(args, given);
  const maps = args.map((value) => convert(value, type));
  const nulls = maps.map((sql) => `${sql} IS NULL`).join(' OR ');
  return { sql: `CASE WHEN ${nulls} THEN NULL ELSE map_concat(${maps.join(', ')}) END`, type };
};

const entryOf = (type: Extract<ColumnType, { name: 'MAP' }>): ColumnType => ({
  name: 'STRUCT',
  fields: [
    { name: 'key', type: type.key },
    { name: 'value', type: type.value },
  ],
});

const mapFromEntries: Special = (given) => {
  given.count(1, 1);
  const value = given.args()[0]!;
  const { element: entry } = needs(given, value, 0, 'ARRAY');
  if (entry.name !== 'STRUCT' || entry.fields.length !== 2)
    throw given.wrong(0, value.type, 'ARRAY<STRUCT<K, V>>');
  const [key, item] = entry.fields as [(typeof entry.fields)[0], (typeof entry.fields)[0]];
  const list = (field: string) =>
    `list_transform(${value.sql}, lambda "each value": struct_extract("each value", ${literal(field)}))`;
  const type: SqlType = { name: 'MAP', key: key.type, value: item.type };
  if (given.call.name === 'map_from_entries')
    return { sql: `mc_map(${list(key.name)}, ${list(item.name)})`, type };
  return {
    sql: `mc_multimap(${list(key.name)}, ${list(item.name)})`,
    type: { ...type, value: { name: 'ARRAY', element: item.type } },
  };
};

const arraysZip: Special = (given) => {
  given.count(1, 50);
  const args = given.args();
  const fields = args.map((value, index) => ({
    name: String(index),
    type: needs(given, value, index, 'ARRAY').element,
  }));
  const packed = args
    .map((value, index) => `${identifier(String(index))} := (${value.sql})["each place"]`)
    .join(', ');
  const longest = args.map((value) => `len(${value.sql})`).join(', ');
  const sql = `list_transform(range(1, greatest(${longest}) + 1), lambda "each place": struct_pack(${packed}))`;
  return { sql, type: { name: 'ARRAY', element: { name: 'STRUCT', fields } } };
};

/** `'a int, b array<string>'` or a type. */
function schemaType(text: string, given: FunctionCall): ColumnType {
  try {
    return namedType(text);
  } catch {
    // A list of columns is a struct.
    const fields = text.replace(/(^|,)\s*([\w`]+)\s+(?=[a-z])/gi, '$1$2:');
    try {
      return namedType(`struct<${fields}>`);
    } catch {
      throw semantic(given.context, given.call.args[1]!.at, `'${text}' is no schema`);
    }
  }
}

function jsonStructure(type: ColumnType): unknown {
  if (type.name === 'ARRAY') return [jsonStructure(type.element)];
  if (type.name === 'STRUCT')
    return Object.fromEntries(type.fields.map((field) => [field.name, jsonStructure(field.type)]));
  return duckName(type);
}

/** Times as the texts that they are in JSON. */
function withoutTimes(type: ColumnType): ColumnType {
  switch (type.name) {
    case 'ARRAY':
      return { ...type, element: withoutTimes(type.element) };
    case 'MAP':
      return { ...type, key: withoutTimes(type.key), value: withoutTimes(type.value) };
    case 'STRUCT':
      return { ...type, fields: type.fields.map((field) => ({ ...field, type: withoutTimes(field.type) })) };
    default:
      return isTime(type) ? STRING : type;
  }
}

const fromJson: Special = (given) => {
  given.count(2, 2);
  const [text, schema] = given.args() as [Typed, Typed];
  if (schema.constant === undefined) throw given.wrong(1, schema.type, 'a constant STRING');
  const type = schemaType(schema.constant, given);
  const json = convert(text, STRING);
  const read = withoutTimes(type);
  const structure = literal(JSON.stringify(jsonStructure(read)));
  const sql = `CASE WHEN json_valid(${json}) THEN from_json(CAST(${json} AS JSON), ${structure}) END`;
  return { sql: castTo({ sql, type: read }, type) ?? sql, type };
};

export const NESTED: Record<string, Special> = {
  array,
  map,
  named_struct: namedStruct,
  struct: (given) =>
    structOf(given.args().map((value, index): [string, Typed] => [`col${index + 1}`, value])),
  index: (given) => {
    given.count(2, 2);
    const [value, place] = given.args() as [Typed, Typed];
    return element(value, place, given.call.at, given.context);
  },
  field: (given) => {
    given.count(2, 2);
    const [value, name] = given.args() as [Typed, Typed];
    if (name.constant === undefined) throw given.wrong(1, name.type, 'a constant STRING');
    return fieldOf(value, name.constant, given.call.args[1]!.at, given.context);
  },
  map_keys: (given) => {
    given.count(1, 1);
    const value = given.args()[0]!;
    return {
      sql: `map_keys(${value.sql})`,
      type: { name: 'ARRAY', element: needs(given, value, 0, 'MAP').key },
    };
  },
  map_values: (given) => {
    given.count(1, 1);
    const value = given.args()[0]!;
    return {
      sql: `map_values(${value.sql})`,
      type: { name: 'ARRAY', element: needs(given, value, 0, 'MAP').value },
    };
  },
  map_entries: (given) => {
    given.count(1, 1);
    const value = given.args()[0]!;
    return {
      sql: `map_entries(${value.sql})`,
      type: { name: 'ARRAY', element: entryOf(needs(given, value, 0, 'MAP')) },
    };
  },
  map_from_arrays: (given) => {
    given.count(2, 2);
    const [keys, values] = given.args() as [Typed, Typed];
    const [key, value] = [needs(given, keys, 0, 'ARRAY').element, needs(given, values, 1, 'ARRAY').element];
    return { sql: `mc_map(${keys.sql}, ${values.sql})`, type: { name: 'MAP', key, value } };
  },
  map_concat: mapConcat,
  map_from_entries: mapFromEntries,
  multimap_from_entries: mapFromEntries,
  arrays_zip: arraysZip,
  from_json: fromJson,
  json_object: (given) => {
    const args = given.args();
    if (args.length % 2) given.count(args.length + 1, args.length + 1);
    const texts = args.map((value, index) => {
      if (index % 2) return jsonReady(value.sql, value.type);
      if (!converts(value.type, STRING)) throw given.wrong(index, value.type, 'STRING');
      return convert(value, STRING);
    });
    return { sql: `CAST(json_object(${texts.join(', ')}) AS VARCHAR)`, type: { name: 'JSON' } };
  },
};
