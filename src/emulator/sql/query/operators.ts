import { convert, converts, local, movedTime, wallNanoseconds } from './casts.ts';
import { type Context, semantic, wrongType } from './context.ts';
import {
  asDecimal,
  BIGINT,
  BOOLEAN,
  commonType,
  DOUBLE,
  decimalType,
  duckName,
  INT,
  isInteger,
  isNumber,
  isText,
  isTime,
  type SqlType,
  STRING,
  type Typed,
  typeName,
} from './types.ts';

/** An operator between two values, with the implicit conversions of the service. */
export function binary(operator: string, left: Typed, right: Typed, at: number, context: Context): Typed {
  switch (operator) {
    case 'AND':
    case 'OR':
      return { sql: `(${truth(left, at, context)} ${operator} ${truth(right, at, context)})`, type: BOOLEAN };
    case '||':
      return { sql: `(${toText(left, at, context)} || ${toText(right, at, context)})`, type: STRING };
    case '&':
    case '|':
    case '^':
      return bitwise(operator, left, right, at, context);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case 'DIV':
      return arithmetic(operator, left, right, at, context);
    default:
      return comparison(operator, left, right, at, context);
  }
}

/** A condition: BOOLEAN only, as the service demands. */
export function truth(value: Typed, at: number, context: Context): string {
  if (value.type.name === 'BOOLEAN') return value.sql;
  if (value.type.name === 'VOID') return 'CAST(NULL AS BOOLEAN)';
  throw semantic(context, at, `expect a BOOLEAN expression, actually it is ${typeName(value.type)}`);
}

function toText(value: Typed, at: number, context: Context): string {
  if (!converts(value.type, STRING)) throw wrongType(context, at, value.type, 1, 'concat', 'STRING');
  return convert(value, STRING);
}

function bitwise(operator: string, left: Typed, right: Typed, at: number, context: Context): Typed {
  for (const [index, { type }] of [left, right].entries()) {
    if (!isInteger(type) && type.name !== 'VOID')
      throw wrongType(context, at, type, index + 1, operator, 'BIGINT');
  }
  const type = commonType(left.type, right.type) ?? BIGINT;
  const [a, b] = [convert(left, type), convert(right, type)];
  return { sql: operator === '^' ? `xor(${a}, ${b})` : `(${a} ${operator} ${b})`, type };
}

const COMPARED: Record<string, string> = { '==': '=', '!=': '<>', '<=>': 'IS NOT DISTINCT FROM' };

export function comparison(operator: string, left: Typed, right: Typed, at: number, context: Context): Typed {
  const type = comparedType(left.type, right.type);
  if (!type) {
    const text = `${typeName(left.type)} and ${typeName(right.type)} cannot be compared`;
    throw semantic(context, at, text);
  }
  const [a, b] = [convert(left, type), convert(right, type)];
  return { sql: `(${a} ${COMPARED[operator] ?? operator} ${b})`, type: BOOLEAN };
}

/** STRING against a number: both as DOUBLE; against a time: as that time. */
export function comparedType(a: SqlType, b: SqlType): SqlType | undefined {
  if (isText(a) === isText(b)) return isText(a) ? STRING : commonType(a, b);
  const other = isText(a) ? b : a;
  if (isNumber(other)) return other.name === 'DECIMAL' ? other : DOUBLE;
  if (isTime(other) || other.name === 'VOID') return other.name === 'VOID' ? STRING : other;
  return other.name === 'BOOLEAN' ? BOOLEAN : other.name === 'JSON' ? STRING : undefined;
}

function arithmetic(operator: string, left: Typed, right: Typed, at: number, context: Context): Typed {
  if (operator === '+' || operator === '-') {
    const time = timeArithmetic(operator, left, right);
    if (time) return time;
  }
  const [a, b] = [operand(left, 1, operator, at, context), operand(right, 2, operator, at, context)];
  if (a.type.name === 'DECIMAL' || b.type.name === 'DECIMAL') {
    if (
      a.type.name !== 'DOUBLE' &&
      a.type.name !== 'FLOAT' &&
      b.type.name !== 'DOUBLE' &&
      b.type.name !== 'FLOAT'
    ) {
      return decimalArithmetic(operator, a, b);
    }
  }
  const common = commonType(a.type, b.type) ?? DOUBLE;
  if (operator === '/') {
    return { sql: `(${convert(a, DOUBLE)} / nullif(${convert(b, DOUBLE)}, 0))`, type: DOUBLE };
  }
  if (operator === 'DIV') {
    const sql = isInteger(common)
      ? `mc_div(${convert(a, common)}, ${convert(b, common)})`
      : `TRY_CAST(trunc(${convert(a, DOUBLE)} / nullif(${convert(b, DOUBLE)}, 0)) AS BIGINT)`;
    return { sql, type: isInteger(common) ? common : BIGINT };
  }
  const [x, y] = [convert(a, common), convert(b, common)];
  return { sql: operator === '%' ? `(${x} % nullif(${y}, 0))` : `(${x} ${operator} ${y})`, type: common };
}

/** Numbers stay, texts become DOUBLE, NULL counts as INT. */
function operand(value: Typed, index: number, operator: string, at: number, context: Context): Typed {
  if (isNumber(value.type)) return value;
  if (value.type.name === 'VOID') return { sql: convert(value, INT), type: INT };
  if (isText(value.type)) return { sql: convert(value, DOUBLE), type: DOUBLE };
  throw wrongType(context, at, value.type, index, operator, 'BIGINT/DOUBLE/DECIMAL');
}

/** Scales as in Hive, 18 digits behind the point at most; products and quotients are exact before the rounding. */
function decimalArithmetic(operator: string, left: Typed, right: Typed): Typed {
  const [a, b] = [asDecimal(left.type), asDecimal(right.type)];
  const whole = Math.max(a.precision - a.scale, b.precision - b.scale);
  const scale = Math.max(a.scale, b.scale);
  if (operator === '+' || operator === '-' || operator === '%' || operator === 'DIV') {
    const type = decimalType(whole + scale + (operator === '%' ? 0 : 1), scale);
    const [x, y] = [convert(left, type), convert(right, type)];
    if (operator === 'DIV')
      return { sql: `TRY_CAST(trunc(${quotient(left, right, 0)}) AS BIGINT)`, type: BIGINT };
    return {
      sql: operator === '%' ? `(${x} % nullif(${y}, 0))` : `CAST(${x} ${operator} ${y} AS ${duckName(type)})`,
      type,
    };
  }
  if (operator === '*') {
    const type = decimalType(a.precision + b.precision + 1, a.scale + b.scale);
    if (a.precision + b.precision <= 38 && a.scale + b.scale <= 18) {
      // DuckDB multiplies in 64 bits where neither side is wider, and fails where the product is.
      const wide = a.precision + b.precision > 18 ? 19 : 1;
      const precise = { ...a, precision: Math.max(wide, a.precision) };
      const x = `CAST(${left.sql} AS ${duckName({ name: 'DECIMAL', ...precise })})`;
      const y = `CAST(${right.sql} AS ${duckName({ name: 'DECIMAL', ...b })})`;
      return { sql: `CAST(${x} * ${y} AS ${duckName(type)})`, type };
    }
    return { sql: exact('mc_multiply', left, right, type), type };
  }
  const digits = Math.max(6, a.scale + b.precision + 1);
  const type = decimalType(a.precision - a.scale + b.scale + digits, digits);
  return { sql: exact('mc_divide', left, right, type), type };
}

function exact(name: string, left: Typed, right: Typed, type: SqlType): string {
  const scale = type.name === 'DECIMAL' ? type.scale : 0;
  const [x, y] = [left, right].map(({ sql }) => `CAST(${sql} AS VARCHAR)`);
  return `TRY_CAST(${name}(${x}, ${y}, CAST(${scale} AS BIGINT)) AS ${duckName(type)})`;
}

const quotient = (left: Typed, right: Typed, scale: number): string =>
  `CAST(mc_divide(CAST(${left.sql} AS VARCHAR), CAST(${right.sql} AS VARCHAR), CAST(${scale + 18} AS BIGINT)) AS DECIMAL(38,18))`;

/** Times and intervals; two times have a difference where the service has one. */
function timeArithmetic(operator: string, left: Typed, right: Typed): Typed | undefined {
  const isInterval = ({ type }: Typed) => type.name.startsWith('INTERVAL');
  if (isTime(left.type) && isInterval(right)) return shifted(left, right, operator);
  if (operator === '+' && isInterval(left) && isTime(right.type)) return shifted(right, left, operator);
  if (isInterval(left) && left.type.name === right.type.name) {
    return { sql: `(${left.sql} ${operator} ${right.sql})`, type: left.type };
  }
  if (operator === '-' && isTime(left.type) && isTime(right.type)) {
    const [a, b] = [left, right].map(wallNanoseconds);
    return { sql: `(${a} - ${b})`, type: { name: 'INTERVAL_DAY_TIME' } };
  }
  return undefined;
}

function shifted(time: Typed, interval: Typed, operator: string): Typed {
  const amount =
    interval.type.name === 'INTERVAL_YEAR_MONTH'
      ? `to_months(${interval.sql})`
      : `to_microseconds(CAST(${interval.sql} // 1000 AS BIGINT))`;
  const moved = `(${local(time.type, time.sql)} ${operator} ${amount})`;
  return { sql: movedTime(moved, time, time.type), type: time.type };
}

/** `-a`, `+a`, `~a`, `NOT a`. */
export function unary(operator: string, value: Typed, at: number, context: Context): Typed {
  if (operator === 'NOT') return { sql: `(NOT ${truth(value, at, context)})`, type: BOOLEAN };
  if (value.type.name.startsWith('INTERVAL') && operator !== '~')
    return { ...value, sql: `(${operator}${value.sql})` };
  const number = operand(value, 1, operator, at, context);
  if (operator === '~' && !isInteger(number.type))
    throw wrongType(context, at, value.type, 1, operator, 'BIGINT');
  if (
    operator === '-' &&
    value.constant !== undefined &&
    /^[\d.]/.test(value.constant) &&
    isNumber(value.type)
  )
    return negative(number, value.constant);
  return { sql: `(${operator} ${number.sql})`, type: number.type };
}

/** -9223372036854775808 is a number, although 9223372036854775808 is none. */
function negative(value: Typed, digits: string): Typed {
  const fits = isInteger(value.type) || value.type.name === 'DECIMAL';
  const integer = /^\d+$/.test(digits) && fits ? -BigInt(digits) : undefined;
  const type =
    integer !== undefined && value.type.name === 'DECIMAL' && integer >= -(1n << 63n) ? BIGINT : value.type;
  return { sql: `CAST(-${digits} AS ${duckName(type)})`, type, constant: `-${digits}` };
}

/** `a[0]` of an ARRAY counts from zero; `m['k']` of a MAP. */
export function element(value: Typed, index: Typed, at: number, context: Context): Typed {
  const { type } = value;
  if (type.name === 'ARRAY') {
    if (!isInteger(index.type)) throw wrongType(context, at, index.type, 2, 'index', 'BIGINT');
    if (index.constant === undefined)
      return { sql: `mc_item(${value.sql}, ${convert(index, BIGINT)})`, type: type.element };
    const place = Number(index.constant);
    const isPlace = place >= 0 && place < 2 ** 31 - 1;
    const sql = isPlace ? `(${value.sql})[${place + 1}]` : `CAST(NULL AS ${duckName(type.element)})`;
    return { sql, type: type.element };
  }
  if (type.name === 'MAP') {
    if (!converts(index.type, type.key))
      throw wrongType(context, at, index.type, 2, 'index', typeName(type.key));
    return { sql: `map_extract_value(${value.sql}, ${convert(index, type.key)})`, type: type.value };
  }
  if (type.name === 'JSON') {
    const path = isInteger(index.type)
      ? `'$[' || ${convert(index, STRING)} || ']'`
      : `'$."' || ${index.sql} || '"'`;
    return {
      sql: `CAST(json_extract(CAST(${value.sql} AS JSON), ${path}) AS VARCHAR)`,
      type: { name: 'JSON' },
    };
  }
  throw wrongType(context, at, type, 1, 'index', 'ARRAY/MAP');
}
