import type { ColumnType } from '../../../model/types.ts';
import { literal } from '../../../store/duckdb-sql.ts';
import { castTo, convert, converts, local } from '../casts.ts';
import { jsonReady } from '../json-values.ts';
import {
  commonType,
  DATETIME,
  DOUBLE,
  isNumber,
  isText,
  isTime,
  namedType,
  type SqlType,
  STRING,
  sameType,
  type Typed,
} from '../types.ts';

/** One way to call a function: what it takes, what it answers, and DuckDB's text for it. */
export interface Signature {
  readonly name: string;
  readonly kind: 'scalar' | 'aggregate' | 'window';
  readonly parameters: readonly Parameter[];
  readonly result: string;
  /** `$1` is the first argument, `$*` all of them. */
  readonly template: string;
  /** Around the call of an aggregate, where `@` stands for it. */
  readonly wrap: string;
}

interface Parameter {
  readonly type: string;
  readonly fallback: string | undefined;
  readonly variadic: boolean;
}

/**
 * Reads lines such as `agg sum(double): double => sum($1) | coalesce(@, 0)`. Parameters: a type; `any`, `number`, `time`;
 * `local` (any time or text, as a wall-clock TIMESTAMP); `item` (of the ARRAY that comes first); `alike` (of the first's type); `arrays` (of ARRAYs); `text` (anything that has one); `json_ready` (anything, as it becomes JSON); `constant` (a
 * literal text). `= x` is what stands in for a missing one, `...t` any number of them. Results: a type, `$n` (the
 * type of that argument), `element` (of the first, an ARRAY) or `array of $n`.
 */
export function readSignatures(lines: string): Map<string, Signature[]> {
  const table = new Map<string, Signature[]>();
  for (const line of lines.split('\n')) {
    if (!line.trim()) continue;
    const signature = readSignature(line.trim());
    const known = table.get(signature.name);
    if (known) known.push(signature);
    else table.set(signature.name, [signature]);
  }
  return table;
}

function readSignature(line: string): Signature {
  const match = /^(?:(agg|win) )?(\w+)\(((?:[^()]|\([^()]*\))*)\): ([^=]+?)(?: => (.*?)(?: \| (.*))?)?$/.exec(
    line,
  );
  if (!match) throw new Error(`unreadable signature: ${line}`);
  const [, kind, name = '', parameters = '', result = '', template, wrap = '@'] = match;
  return {
    name,
    kind: kind === 'agg' ? 'aggregate' : kind === 'win' ? 'window' : 'scalar',
    parameters: parameters ? parameters.split(/, (?![^(<]*[)>])/).map(readParameter) : [],
    result,
    template: template ?? `${name}($*)`,
    wrap,
  };
}

function readParameter(text: string): Parameter {
  const [type = '', fallback] = text.split(' = ');
  return { type: type.replace('...', ''), fallback, variadic: type.startsWith('...') };
}

export const leastArguments = ({ parameters }: Signature): number =>
  parameters.filter(({ fallback, variadic }) => fallback === undefined && !variadic).length;

export const mostArguments = ({ parameters }: Signature): number =>
  parameters.some(({ variadic }) => variadic) ? Number.POSITIVE_INFINITY : parameters.length;

export const takesCount = (signature: Signature, count: number): boolean =>
  count >= leastArguments(signature) && count <= mostArguments(signature);

export function parameterAt({ parameters }: Signature, index: number): Parameter {
  return parameters[Math.min(index, parameters.length - 1)]!;
}

/** 2: fits as it is; 1: after a conversion; 0: not at all. */
export function fitness(parameter: Parameter, value: Typed, first?: Typed): 0 | 1 | 2 {
  const { type } = value;
  if (type.name === 'VOID') return 1;
  switch (parameter.type) {
    case 'any':
    case 'json_ready':
      return 2;
    case 'item':
      return commonType(first?.type.name === 'ARRAY' ? first.type.element : STRING, type) ? 2 : 0;
    case 'text':
      return castTo(value, STRING) === undefined ? 0 : 1;
    case 'number':
      return isNumber(type) ? 2 : isText(type) ? 1 : 0;
    case 'time':
      return isTime(type) ? 2 : isText(type) ? 1 : 0;
    case 'local':
      return isTime(type) ? 2 : isText(type) ? 1 : 0;
    case 'constant':
      return value.constant === undefined || !isText(type) ? 0 : 2;
    case 'array':
    case 'map':
      return type.name === parameter.type.toUpperCase() ? 2 : 0;
    case 'arrays':
      return type.name === 'ARRAY' && type.element.name === 'ARRAY' ? 2 : 0;
    case 'alike':
      return first && sameType(type, first.type) ? 2 : first && converts(type, first.type) ? 1 : 0;
    default: {
      const wanted = namedType(parameter.type);
      return sameType(type, wanted) || (isText(type) && isText(wanted)) ? 2 : converts(type, wanted) ? 1 : 0;
    }
  }
}

/** The texts and types of all arguments after their conversion, what is missing filled in. */
export function fill(signature: Signature, args: readonly Typed[]): Typed[] {
  const filled = args.map((value, index) => fillOne(parameterAt(signature, index), value, args));
  for (const { fallback } of signature.parameters.slice(args.length)) {
    if (fallback !== undefined) filled.push({ sql: fallback, type: STRING });
  }
  return filled;
}

const TEXTS: ColumnType = { name: 'ARRAY', element: STRING };
/** What a bare NULL is taken for. */
const NOTHING: Record<string, ColumnType> = {
  array: TEXTS,
  arrays: { name: 'ARRAY', element: TEXTS },
  map: { name: 'MAP', key: STRING, value: STRING },
};

function fillOne({ type }: Parameter, value: Typed, [first]: readonly Typed[]): Typed {
  const as = (wanted: SqlType): Typed => ({ ...value, sql: convert(value, wanted), type: wanted });
  switch (type) {
    case 'any':
    case 'array':
    case 'arrays':
    case 'map':
      return value.type.name === 'VOID' ? as(NOTHING[type] ?? STRING) : value;
    case 'alike':
      return first && first.type.name !== 'VOID' ? as(first.type) : as(NOTHING.array!);
    case 'item': {
      const item = first?.type.name === 'ARRAY' ? first.type.element : STRING;
      // A wider number is compared as it is.
      return isNumber(item) && isNumber(value.type) ? value : converts(value.type, item) ? as(item) : value;
    }
    case 'number':
      return isNumber(value.type) ? value : as(DOUBLE);
    case 'time':
      return isTime(value.type) ? value : as(DATETIME);
    case 'local':
      return {
        ...value,
        sql: value.type.name === 'VOID' ? 'CAST(NULL AS TIMESTAMP)' : local(value.type, value.sql),
      };
    case 'text':
      return { ...value, sql: castTo(value, STRING) ?? 'NULL' };
    case 'json_ready':
      return { ...value, sql: jsonReady(value.sql, value.type) };
    case 'constant':
      return { ...value, sql: literal(value.constant ?? '') };
    default:
      return as(namedType(type));
  }
}

export function resultType({ result }: Signature, args: readonly Typed[]): SqlType {
  if (result.startsWith('array of ')) {
    const element = args[Number(result.slice(10)) - 1]!.type;
    return { name: 'ARRAY', element: element as ColumnType };
  }
  if (result.startsWith('$')) return args[Number(result.slice(1)) - 1]!.type;
  if (result === 'element') {
    const [first] = args;
    return first?.type.name === 'ARRAY' ? first.type.element : STRING;
  }
  return namedType(result);
}

/** `$1`, `$2` and `$*` replaced by the arguments. */
export function fillTemplate(template: string, args: readonly Typed[]): string {
  return template.replace(/\$(\d|\*)/g, (_, which: string) =>
    which === '*' ? args.map(({ sql }) => sql).join(', ') : (args[Number(which) - 1]?.sql ?? 'NULL'),
  );
}
