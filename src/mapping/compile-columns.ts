import { REST } from '../decode/path/unmapped.ts';
import { hasFields } from '../decode/whole.ts';
import type { ColumnConfig, CompileInput, Findings, TableSchema } from './compile.ts';
import { hashChars } from './conceal/hash.ts';
import { createConverter } from './convert/convert.ts';
import type { ColumnWriter } from './convert/converter.ts';
import { csvFieldNamed } from './decode-sources.ts';
import { describeColumn, describeUnmapped } from './describe.ts';
import { findExpression } from './expr/inputs.ts';
import { parseColumnType, typeWarnings } from './parse-type.ts';
import type { Coercion, PlanColumn } from './plan.ts';
import { constantCell } from './row.ts';
import { type Formats, findSource, type Slots, wholeSource } from './slots.ts';
import type { Source } from './source.ts';
import { timeSpec } from './time/spec.ts';
import { isNested, leafNames, type ScalarName, typeText } from './types.ts';

type TableColumn = TableSchema['columns'][number];

const SUPPORTED = 'it comes with a later version';

/** The columns that have a source. Every mismatch goes to `findings`. */
export function compileColumns(input: CompileInput, slots: Slots, findings: Findings): PlanColumn[] {
  const configs = configsByName(input, findings);
  findings.problems.push(...restProblems(input));
  return input.schema.columns.flatMap((column, i) => {
    const config = sourceOf(column, configs, input);
    if (!config) return unmapped(column, findings);
    return compileColumn(column, i + 1, config, input, slots, findings) ?? [];
  });
}

/** Null: the column has no source. */
function sourceOf(
  column: TableColumn,
  configs: ReadonlyMap<string, Keyed> | null,
  { table, decode }: CompileInput,
): Keyed | null {
  if (table.rest?.toLowerCase() === column.name.toLowerCase())
    return { key: 'table.rest', config: { from: `\`${REST}\`` } };
  const own = configs?.get(column.name.toLowerCase());
  if (own) return own;
  // A column that was added for a field takes it.
  return configs && table.unknownFields !== 'add_column' ? null : sameName(column, decode);
}

function restProblems({ table: { rest }, schema, decode }: CompileInput): string[] {
  if (!rest) return [];
  const column = schema.columns.find(({ name }) => name.toLowerCase() === rest.toLowerCase());
  if (!column) return [`table.rest: the table has no column ${rest}`];
  if (!['STRING', 'JSON'].includes(column.type.toUpperCase()))
    return [`table.rest: ${rest} is ${column.type}: it must be STRING or JSON`];
  const { format, csv } = decode.value;
  if (!hasFields(format)) return [`table.rest: a value of format ${format} has no fields`];
  if (format === 'csv' && !csv?.fields)
    return ['table.rest: the fields of csv have no names: give decode.value.csv.fields'];
  return [];
}

interface Keyed {
  /** Where the operator finds it: `table.columns.amount`. */
  readonly key: string;
  readonly config: ColumnConfig;
}

/** `table.columns` by lower-case column name (MaxCompute's names have no case); null when it is not given. */
function configsByName({ table, schema }: CompileInput, { problems }: Findings): Map<string, Keyed> | null {
  if (!table.columns) return null;
  const names = new Set(schema.columns.map(({ name }) => name.toLowerCase()));
  const partitionKeys = new Set(schema.partitionKeys.map(({ name }) => name.toLowerCase()));
  const configs = new Map<string, Keyed>();
  for (const [name, config] of Object.entries(table.columns)) {
    const key = `table.columns.${name}`;
    const lower = name.toLowerCase();
    if (partitionKeys.has(lower))
      problems.push(`${key}: it is a table partition column: give its rule in table.partitions`);
    else if (!names.has(lower))
      problems.push(`${key}: the table has no such column; it has ${[...names].join(', ')}`);
    else if (configs.has(lower)) problems.push(`${key}: the column is given twice (names have no case)`);
    else if (table.rest?.toLowerCase() === lower)
      problems.push(`${key}: the column takes the other fields (table.rest)`);
    else configs.set(lower, { key, config });
  }
  return configs;
}

/** Without `columns`: the field of the column's name in any case, or the metadata of that name. */
function sameName({ name }: TableColumn, formats: Formats): Keyed | null {
  const lower = name.toLowerCase();
  const metadata = lower.startsWith('__') && !('problem' in findSource(lower, formats));
  const { format } = formats.value;
  const hasFields = format !== 'text' && format !== 'bytes';
  const field = format === 'csv' ? csvFieldNamed(name, formats.value) : hasFields ? `\`${lower}\`` : null;
  const from = metadata ? lower : field;
  return from === null ? null : { key: `column ${name}`, config: { from } };
}

function unmapped({ name, type, nullable }: TableColumn, { problems, warnings, describe }: Findings): [] {
  if (!nullable) problems.push(`column ${name}: it is NOT NULL and has no source`);
  else warnings.push(`column ${name}: no source, it stays NULL`);
  describe.push(describeUnmapped(name, type));
  return [];
}

function compileColumn(
  { name, type: typeName, nullable }: TableColumn,
  number: number,
  { key, config }: Keyed,
  { table, decode, maxFieldBytes }: CompileInput,
  slots: Slots,
  { problems, warnings, describe }: Findings,
): PlanColumn | null {
  const type = parseColumnType(typeName);
  if (!type) problems.push(`column ${name}: the type ${typeName} is not supported: ${SUPPORTED}`);
  const found =
    config.expr === undefined ? findSource(config.from, decode) : findExpression(config.expr, decode);
  if ('problem' in found)
    problems.push(`${key}.${config.expr === undefined ? 'from' : 'expr'}: ${found.problem}`);
  const time = timeSpec(config.timeFormat ?? null, config.timeZone ?? 'UTC', key, problems);
  if (!type || 'problem' in found || !time) return null;
  const source = wholeSource(found, type, decode);
  const column: PlanColumn = {
    number,
    name,
    type,
    nullable,
    slot: slots.add(source),
    default: config.default ?? null,
    time,
    trim: config.trim ?? false,
    round: config.round ?? false,
    ...coercionOf(config.coercion ?? table.coercion, source),
    ...concealment(config),
  };
  problems.push(...concealProblems(column, key));
  problems.push(...fixedProblems(column, source, key, maxFieldBytes));
  const line = describeColumn(column, found);
  describe.push(line);
  // Rounding that was asked for is no news; it stands in the description.
  if (line.loses && !column.round)
    warnings.push(`column ${name} ${line.type} from ${line.source}: ${line.loses}`);
  warnings.push(...optionWarnings(column, config, key, typeText(type)));
  return column;
}

/** What Kafka gives beside the value has one notation only, and a constant is written by whoever wrote `strict`. */
function coercionOf(coercion: Coercion | undefined, { kind }: Source): Pick<PlanColumn, 'coercion'> {
  const isDecoded = kind !== 'metadata' && kind !== 'header' && kind !== 'constant';
  return coercion === 'strict' && isDecoded ? { coercion } : {};
}

function concealment({ mask, hash }: ColumnConfig): Pick<PlanColumn, 'mask' | 'hash'> {
  if (mask) return { mask };
  return hash ? { hash: { algorithm: hash.algorithm, secret: hash.secret?.reveal() ?? null } } : {};
}

const TEXTS: readonly ScalarName[] = ['STRING', 'VARCHAR', 'CHAR'];

function concealProblems({ mask, hash, type }: PlanColumn, key: string): string[] {
  if (!mask && !hash) return [];
  const at = `${key}.${mask ? 'mask' : 'hash'}`;
  if (isNested(type) || !TEXTS.includes(type.name))
    return [`${at}: it gives text, which needs STRING, VARCHAR or CHAR, and the column is ${typeText(type)}`];
  const chars = hash ? hashChars(hash.algorithm) : 0;
  return chars > (type.length ?? chars)
    ? [`${at}: it gives ${chars} characters, too many for ${typeText(type)}`]
    : [];
}

/** Constants and defaults are converted once here, so that a wrong one is found at start. */
function fixedProblems(column: PlanColumn, source: Source, key: string, maxFieldBytes: number): string[] {
  const convert = createConverter({ ...column, coercion: 'lenient' }, maxFieldBytes);
  const fixed = [
    ...(source.kind === 'constant' ? [{ key: `${key}.from`, value: source.text }] : []),
    ...(column.default === null ? [] : [{ key: `${key}.default`, value: column.default }]),
  ];
  return fixed.flatMap(({ key: at, value }) => {
    const problem = convert(constantCell(value), NOWHERE, column.number);
    return problem ? `${at}: ${problem.message}` : [];
  });
}

const ignore = (): void => undefined;
const NOWHERE: ColumnWriter = {
  boolean: ignore,
  integer: ignore,
  bigInteger: ignore,
  float: ignore,
  double: ignore,
  bytes: ignore,
  timestamp: ignore,
  open: ignore,
  count: ignore,
  flag: ignore,
  undo: ignore,
};

const TIMES: readonly ScalarName[] = ['DATE', 'DATETIME', 'TIMESTAMP', 'TIMESTAMP_NTZ'];
/** Numbers take the unit of a time from timeFormat. */
const EPOCHS: readonly ScalarName[] = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'INTERVAL_DAY_TIME'];

function optionWarnings({ type }: PlanColumn, config: ColumnConfig, key: string, live: string): string[] {
  const warnings = typeWarnings(config.type, type, key);
  const leaves = leafNames(type);
  const hasTime = TIMES.some((name) => leaves.has(name));
  const takesFormat = hasTime || EPOCHS.some((name) => leaves.has(name));
  if (config.timeFormat && !takesFormat) warnings.push(`${key}.timeFormat: it has no effect on ${live}`);
  if (config.timeZone && !hasTime) warnings.push(`${key}.timeZone: it has no effect on ${live}`);
  return warnings;
}
