import { literal } from '../../../store/duckdb-sql.ts';
import { castTo, convert, converts, local } from '../casts.ts';
import { semantic } from '../context.ts';
import { comparison, truth } from '../operators.ts';
import { BIGINT, commonOf, isInteger, type SqlType, STRING, type Typed, typeName } from '../types.ts';
import type { FunctionCall } from './calls.ts';
import { timePattern } from './formats.ts';
import type { Special } from './special.ts';

/** The common type of values, or an error that names those that do not fit. */
export function commonFor(values: readonly Typed[], given: FunctionCall): SqlType {
  const type = commonOf(values.map((value) => value.type));
  if (type) return type;
  const names = values.map((value) => typeName(value.type)).join(', ');
  throw semantic(
    given.context,
    given.call.at,
    `function ${given.call.name} needs values of a common type, it has ${names}`,
  );
}

const oneOf =
  (name: string): Special =>
  (given) => {
    given.count(1, Number.POSITIVE_INFINITY);
    const args = given.args();
    const type = commonFor(args, given);
    return { sql: `${name}(${args.map((value) => convert(value, type)).join(', ')})`, type };
  };

/** NULL as soon as one value is: DuckDB's own leave NULL out. */
const extreme =
  (name: string): Special =>
  (given) => {
    given.count(1, Number.POSITIVE_INFINITY);
    const args = given.args();
    const type = commonFor(args, given);
    const values = args.map((value) => convert(value, type));
    const nulls = values.map((value) => `${value} IS NULL`).join(' OR ');
    return { sql: `CASE WHEN ${nulls} THEN NULL ELSE ${name}(${values.join(', ')}) END`, type };
  };

export const CONDITIONALS: Record<string, Special> = {
  coalesce: oneOf('coalesce'),
  nvl: (given) => {
    given.count(2, 2);
    return oneOf('coalesce')(given);
  },
  greatest: extreme('greatest'),
  least: extreme('least'),
  nullif: (given) => {
    given.count(2, 2);
    const [a, b] = given.args() as [Typed, Typed];
    const equal = comparison('=', a, b, given.call.at, given.context).sql;
    return { sql: `CASE WHEN ${equal} THEN NULL ELSE ${a.sql} END`, type: a.type };
  },
  if: (given) => {
    given.count(2, 3);
    const [condition, ...values] = given.args() as [Typed, ...Typed[]];
    const type = commonFor(values, given);
    const test = truth(condition, given.call.args[0]!.at, given.context);
    const otherwise = values[1] ? ` ELSE ${convert(values[1], type)}` : '';
    return { sql: `CASE WHEN ${test} THEN ${convert(values[0]!, type)}${otherwise} END`, type };
  },
  decode,
  concat,
  to_char: (given) => toChar(given),
  ordinal: (given) => {
    given.count(2, Number.POSITIVE_INFINITY);
    const args = given.args();
    const [place, ...values] = args as [Typed, ...Typed[]];
    if (!isInteger(place.type) && place.type.name !== 'VOID') throw given.wrong(0, place.type, 'BIGINT');
    const type = commonFor(values, given);
    const list = values.map((value) => convert(value, type)).join(', ');
    return { sql: `list_sort([${list}], 'ASC', 'NULLS FIRST')[${convert(place, BIGINT)}]`, type };
  },
  typeof: (given) => {
    given.count(1, 1);
    return { sql: literal(typeName(given.args()[0]!.type).toLowerCase()), type: STRING };
  },
};

/** `decode(expr, search, result, ..., default)`; `decode(binary, charset)` is another function. */
function decode(given: FunctionCall): Typed {
  given.count(2, Number.POSITIVE_INFINITY);
  const [subject, ...rest] = given.args() as [Typed, ...Typed[]];
  if (rest.length === 1) {
    if (subject.type.name !== 'BINARY' && subject.type.name !== 'VOID')
      throw given.wrong(0, subject.type, 'BINARY');
    return { sql: `mc_decode(${subject.sql}, ${convert(rest[0]!, STRING)})`, type: STRING };
  }
  const otherwise = rest.length % 2 ? rest.at(-1) : undefined;
  const pairs = Array.from(
    { length: Math.floor(rest.length / 2) },
    (_, index) => [rest[2 * index]!, rest[2 * index + 1]!] as const,
  );
  const type = commonFor([...pairs.map(([, result]) => result), ...(otherwise ? [otherwise] : [])], given);
  const branches = pairs.map(([search, result]) => {
    const equal = comparison('<=>', subject, search, given.call.at, given.context).sql;
    return `WHEN ${equal} THEN ${convert(result, type)}`;
  });
  return {
    sql: `CASE ${branches.join(' ')}${otherwise ? ` ELSE ${convert(otherwise, type)}` : ''} END`,
    type,
  };
}

/** Texts, or ARRAYs one behind the other; NULL when one is. */
function concat(given: FunctionCall): Typed {
  given.count(1, Number.POSITIVE_INFINITY);
  const args = given.args();
  if (args.some(({ type }) => type.name === 'ARRAY')) {
    const type = commonFor(args, given);
    return {
      sql: args.map((value) => convert(value, type)).reduce((a, b) => `list_concat(${a}, ${b})`),
      type,
    };
  }
  const texts = args.map((value, index) => {
    if (!converts(value.type, STRING)) throw given.wrong(index, value.type, 'STRING');
    return convert(value, STRING);
  });
  return { sql: `(${texts.join(' || ')})`, type: STRING };
}

function toChar(given: FunctionCall): Typed {
  given.count(1, 2);
  const args = given.args();
  const [value, format] = args as [Typed, Typed | undefined];
  if (!format) {
    if (castTo(value, { name: 'STRING' }) === undefined)
      throw given.wrong(0, value.type, 'BOOLEAN/BIGINT/DOUBLE/DECIMAL');
    return { sql: castTo(value, STRING)!, type: STRING };
  }
  const time =
    value.type.name === 'DATE' || value.type.name.startsWith('TIMESTAMP')
      ? value.type
      : { name: 'DATETIME' as const };
  const wall = local(time, convert(value, time));
  if (!converts(format.type, STRING)) throw given.wrong(1, format.type, 'STRING');
  if (format.constant !== undefined) {
    return {
      sql: `strftime(${wall}, ${literal(timePattern(format.constant))})`,
      type: STRING,
    };
  }
  return {
    sql: `mc_time_format(epoch_us(${wall}), ${convert(format, STRING)})`,
    type: STRING,
  };
}
