import type { StatementError } from '../../../errors.ts';
import { type Context, semantic, setting, type Translate, wrongType } from '../context.ts';
import { queryError } from '../errors.ts';
import { truth } from '../operators.ts';
import { sortText } from '../selects.ts';
import type { Call, Expression, SortItem, Window } from '../syntax/ast.ts';
import { isNumber, type SqlType, type Typed } from '../types.ts';
import { SPECIAL_AGGREGATES } from './aggregates.ts';
import { LACKING, SIGNATURES } from './registry.ts';
import {
  fill,
  fillTemplate,
  fitness,
  leastArguments,
  mostArguments,
  parameterAt,
  resultType,
  type Signature,
  takesCount,
} from './signatures.ts';
import { SPECIAL } from './special.ts';
import { isTableFunction } from './tables.ts';

/** What a function of its own kind works with. */
export interface FunctionCall {
  readonly call: Call;
  readonly context: Context;
  /** Translates an argument, with the parameters of a lambda when they are given. */
  translate(expression: Expression, parameters?: ReadonlyMap<string, Typed>): Typed;
  args(): Typed[];
  /** `name(args)` with DISTINCT, ORDER BY, FILTER and OVER as they were written. */
  aggregate(name: string, args: readonly string[], order?: readonly SortItem[], filter?: string): string;
  wrong(index: number, type: SqlType, expected: string): StatementError;
  count(least: number, most: number): void;
}

export function translateCall(call: Call, context: Context, translate: Translate): Typed {
  const special = SPECIAL[call.name];
  const functionCall = createCall(call, context, translate);
  if (special) return special(functionCall);
  const signatures = SIGNATURES.get(call.name);
  if (!signatures) throw notFound(call, context);
  return applySignature(signatures, functionCall);
}

function notFound(call: Call, context: Context): StatementError {
  const { name, at } = call;
  if (LACKING.has(name))
    return semantic(context, at, `function ${name} is not supported by this local MaxCompute`);
  if (isTableFunction(call)) {
    const text = `table function ${name} can only stand once in the select list, alone, or in LATERAL VIEW`;
    return semantic(context, at, text);
  }
  return semantic(context, at, `function or view '${name}' cannot be resolved`);
}

function createCall(call: Call, context: Context, translate: Translate): FunctionCall {
  const inside = (parameters: ReadonlyMap<string, Typed> | undefined): Context =>
    parameters ? { ...context, lambdas: new Map([...context.lambdas, ...parameters]) } : context;
  // `sum(sum(x)) OVER ()` is a window over the sums of groups.
  const withoutAggregates = { ...context, plain: context.plain ?? 'another aggregate function' };
  return {
    call,
    context,
    translate: (expression, parameters) => translate(expression, inside(parameters)),
    args: () =>
      call.args.map((argument) => translate(argument, isAggregate(call) ? withoutAggregates : context)),
    aggregate: (name, args, order = [], filter) =>
      aggregateText(call, context, translate, { name, args, order, filter }),
    wrong: (index, type, expected) =>
      wrongType(context, call.args[index]?.at ?? call.at, type, index + 1, call.name, expected),
    count: (least, most) => checkCount(call, context, least, most),
  };
}

const isAggregate = ({ name, over }: Call): boolean =>
  over === undefined && (name in SPECIAL_AGGREGATES || SIGNATURES.get(name)?.[0]?.kind === 'aggregate');

function checkCount({ name, args, at }: Call, context: Context, least: number, most: number): void {
  if (args.length >= least && args.length <= most) return;
  const needs =
    most === Number.POSITIVE_INFINITY
      ? `at least ${least}`
      : least === most
        ? `${least}`
        : `${least} to ${most}`;
  const text = `function ${name} needs ${needs} parameters, actually have ${args.length}`;
  throw queryError(context.text, at, '0130221', text);
}

function applySignature(signatures: readonly Signature[], given: FunctionCall): Typed {
  const { call, context } = given;
  if (call.args.some(({ kind }) => kind === 'lambda'))
    throw semantic(context, call.at, `function ${call.name} takes no lambda expression`);
  const counted = signatures.filter((signature) => takesCount(signature, call.args.length));
  if (!counted.length) {
    given.count(Math.min(...signatures.map(leastArguments)), Math.max(...signatures.map(mostArguments)));
  }
  const args = given.args();
  const best = bestOf(counted, args);
  if (!best) throw mismatch(counted, args, given);
  const filled = fill(best, args);
  const type = resultType(best, filled);
  if (best.kind === 'scalar') {
    if (call.over || call.distinct)
      throw semantic(context, call.at, `function ${call.name} is no aggregate or window function`);
    return { sql: fillTemplate(best.template, filled), type };
  }
  if (best.kind === 'window' && !call.over)
    throw semantic(context, call.at, `function ${call.name} needs an OVER clause`);
  const [, name = '', inner = ''] = /^(\w+)\((.*)\)$/.exec(best.template)!;
  const text = given.aggregate(name, inner ? [fillTemplate(inner, filled)] : []);
  return { sql: fillTemplate(best.wrap, filled).replace('@', () => text), type };
}

/** The signature that needs the fewest conversions; of equals the first. */
function bestOf(signatures: readonly Signature[], args: readonly Typed[]): Signature | undefined {
  let best: Signature | undefined;
  let most = -1;
  for (const signature of signatures) {
    const fits = args.map((value, index) => fitness(parameterAt(signature, index), value, args[0]));
    const score = fits.reduce<number>((sum, fit) => sum + fit, 0);
    if (fits.every((fit) => fit > 0) && score > most) {
      best = signature;
      most = score;
    }
  }
  return best;
}

/** What a parameter is called in messages, where that is no type. */
const WANTED: Record<string, string> = {
  constant: 'a constant STRING',
  local: 'DATETIME',
  item: 'the type of its elements',
  alike: 'the type of the first',
  arrays: 'ARRAY<ARRAY>',
  number: 'BIGINT/DOUBLE/DECIMAL',
  time: 'DATETIME',
};

function mismatch(
  signatures: readonly Signature[],
  args: readonly Typed[],
  given: FunctionCall,
): StatementError {
  const index = args.findIndex((value, place) =>
    signatures.every((each) => fitness(parameterAt(each, place), value, args[0]) === 0),
  );
  const place = Math.max(0, index);
  const wanted = [...new Set(signatures.map((each) => parameterAt(each, place).type))];
  const text = wanted.map((type) => WANTED[type] ?? type.toUpperCase());
  return given.wrong(place, args[place]!.type, text.join('/'));
}

interface AggregateParts {
  readonly name: string;
  readonly args: readonly string[];
  readonly order: readonly SortItem[];
  readonly filter: string | undefined;
}

function aggregateText(call: Call, context: Context, translate: Translate, parts: AggregateParts): string {
  const { name, args, order } = parts;
  if (context.plain)
    throw semantic(context, call.at, `function ${call.name} cannot stand in ${context.plain}`);
  const distinct = call.distinct ? 'DISTINCT ' : '';
  const sorted = order.length ? ` ORDER BY ${sortText(order, context)}` : '';
  const nulls = call.ignoreNulls ? ' IGNORE NULLS' : '';
  const given = call.filter ? truth(translate(call.filter, context), call.filter.at, context) : undefined;
  const conditions = [parts.filter, given].filter((each) => each !== undefined);
  const filter = conditions.length ? ` FILTER (WHERE ${conditions.join(' AND ')})` : '';
  const over = call.over === undefined ? '' : ` OVER (${windowText(call, context, translate)})`;
  return `${name}(${distinct}${args.join(', ')}${sorted}${nulls})${filter}${over}`;
}

/** Aggregates that count rows one by one when ORDER BY comes without a frame, unless Hive's way is asked for. */
const ROW_FRAMES = ['avg', 'count', 'max', 'min', 'stddev', 'stddev_pop', 'stddev_samp', 'sum'];

function windowText(call: Call, context: Context, translate: Translate): string {
  const window = resolveWindow(call.over!, call.at, context, 0);
  const keys = window.groupedBy.map((each) => translate(each, context).sql);
  const parts = keys.length ? [`PARTITION BY ${keys.join(', ')}`] : [];
  if (window.orderBy.length) parts.push(`ORDER BY ${sortText(window.orderBy, context)}`);
  const rows =
    window.orderBy.length > 0 &&
    ROW_FRAMES.includes(call.name) &&
    !setting(context, 'odps.sql.hive.compatible');
  if (/^RANGE .*\d/.test(window.frame)) checkRange(window, call, context, translate);
  const frame = window.frame || (rows ? 'ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW' : '');
  return [...parts, ...(frame ? [frame] : [])].join(' ');
}

/** `RANGE 1 PRECEDING` adds to and takes from the key of the order. */
function checkRange({ orderBy }: Window, call: Call, context: Context, translate: Translate): void {
  const [key] = orderBy;
  if (orderBy.length === 1 && isNumber(translate(key!.expression, context).type)) return;
  const at = key?.expression.at ?? call.at;
  throw semantic(context, at, 'RANGE with an offset needs ORDER BY one number');
}

/** A window that may refine one with a name. */
function resolveWindow(over: Window | string, at: number, context: Context, depth: number): Window {
  const name = typeof over === 'string' ? over : over.base;
  if (name === undefined) return over as Window;
  const base = context.windows.get(name);
  if (!base || depth > 20) throw semantic(context, at, `window ${name} cannot be resolved`);
  const below = resolveWindow(base, at, context, depth + 1);
  if (typeof over === 'string') return below;
  return {
    base: undefined,
    groupedBy: over.groupedBy.length ? over.groupedBy : below.groupedBy,
    orderBy: over.orderBy.length ? over.orderBy : below.orderBy,
    frame: over.frame || below.frame,
  };
}
