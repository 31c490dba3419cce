import type { CompileInput, Findings, TablePartitionConfig } from './compile.ts';
import { parseColumnType, typeWarnings } from './parse-type.ts';
import { isTablePartitionType, partitionValue } from './partition-value.ts';
import type { Destination, LatenessRules, Plan, PlanTime, TablePartitionColumn } from './plan.ts';
import { findSource, type Slots } from './slots.ts';
import { sourceText } from './source.ts';
import { formatPattern } from './time/pattern.ts';
import { compileWrittenFormat, timeSpec, zoneProblem } from './time/spec.ts';
import { type ColumnType, typeText } from './types.ts';

type Compiled = Pick<Plan, 'partitions' | 'times' | 'rules'>;

/** The rules of the table partition columns, and of late and early records, in the order of the table. Every mismatch goes to `findings`. */
export function compileTablePartitions(input: CompileInput, slots: Slots, findings: Findings): Compiled {
  const { problems } = findings;
  const times = createTimes(slots);
  const configs = configsByName(input, problems);
  const partitions = input.schema.partitionKeys.flatMap(({ name, type: typeName }) => {
    const type = parseColumnType(typeName);
    const config = configs.get(name.toLowerCase());
    if (!type || !isTablePartitionType(type))
      problems.push(`table partition column ${name}: the type ${typeName} is not supported`);
    if (!config)
      problems.push(`table.partitions.${name}: the table partition column ${name} ${typeName} has no rule`);
    if (!type || !config) return [];
    findings.warnings.push(...typeWarnings(config.type, type, `table.partitions.${name}`));
    return compileTablePartition({ name, type, config, input, slots, times, findings }) ?? [];
  });
  const { late, future, absurd } = input.table;
  const rules: LatenessRules = {
    late: { ...late, to: compileDestination('late', input, problems) },
    future: { ...future, to: compileDestination('future', input, problems) },
    absurd,
  };
  return { partitions, times: times.all, rules };
}

function configsByName(
  { table, schema }: CompileInput,
  problems: string[],
): Map<string, TablePartitionConfig> {
  const names = schema.partitionKeys.map(({ name }) => name.toLowerCase());
  const configs = new Map<string, TablePartitionConfig>();
  for (const [name, config] of Object.entries(table.partitions ?? {})) {
    const lower = name.toLowerCase();
    if (names.length === 0) problems.push(`table.partitions.${name}: the table is not partitioned`);
    else if (!names.includes(lower)) {
      problems.push(
        `table.partitions.${name}: the table has no such table partition column; it has ${names.join(', ')}`,
      );
    } else if (configs.has(lower))
      problems.push(`table.partitions.${name}: it is given twice (names have no case)`);
    configs.set(lower, config);
  }
  return configs;
}

interface ColumnInput {
  readonly name: string;
  readonly type: ColumnType;
  readonly config: TablePartitionConfig;
  readonly input: CompileInput;
  readonly slots: Slots;
  readonly times: Times;
  readonly findings: Findings;
}

function compileTablePartition(given: ColumnInput): TablePartitionColumn | null {
  return given.config.kind === 'source' ? fromSource(given, given.config) : fromTime(given, given.config);
}

function fromSource(
  { name, type, input, slots, findings }: ColumnInput,
  { from }: Extract<TablePartitionConfig, { kind: 'source' }>,
): TablePartitionColumn | null {
  const { problems, describe } = findings;
  const source = findSource(from, input.decode);
  if ('problem' in source) {
    problems.push(`table.partitions.${name}: ${source.problem}`);
    return null;
  }
  describe.push(line(name, type, sourceText(source), 'text of the source'));
  if (source.kind !== 'constant') return { name, type, kind: 'source', slot: slots.add(source) };
  const value = partitionValue(source.text, type);
  if ('value' in value) return { name, type, kind: 'constant', value: value.value };
  problems.push(`table.partitions.${name}: ${value.problem}`);
  return null;
}

function fromTime(
  { name, type, input, times, findings }: ColumnInput,
  config: Extract<TablePartitionConfig, { kind: 'time' }>,
): TablePartitionColumn | null {
  const { problems, describe } = findings;
  const key = `table.partitions.${name}`;
  const source = findSource(config.time, input.decode);
  if ('problem' in source) problems.push(`${key}.time: ${source.problem}`);
  const wrongZone = zoneProblem(config.zone);
  if (wrongZone) problems.push(`${key}.zone: ${wrongZone}`);
  const time = timeSpec(
    config.timeFormat,
    config.timeZone ?? (wrongZone ? 'UTC' : config.zone),
    key,
    problems,
  );
  const wrongFormat = formatProblem(config.format, type);
  if (wrongFormat) problems.push(`${key}.format: ${JSON.stringify(config.format)}: ${wrongFormat}`);
  const wrongFloor = floorProblem(config.floor);
  if (wrongFloor) problems.push(`${key}.floor: ${wrongFloor}`);
  if ('problem' in source || wrongZone || !time || wrongFormat || wrongFloor) return null;
  const { format, zone, floor } = config;
  const floored = floor === null ? '' : ` cut to ${floor} ms`;
  describe.push(
    line(
      name,
      type,
      sourceText(source),
      `${time.format ?? 'iso or epoch_ms'} to ${format} in ${zone}${floored}`,
    ),
  );
  const compared = !(source.kind === 'metadata' && source.name === 'ingest_time');
  return { name, type, kind: 'time', time: times.add(name, source, time, compared), format, zone, floor };
}

function line(column: string, type: ColumnType, source: string, conversion: string) {
  return { column, type: `${typeText(type)} (table partition)`, source, conversion, loses: null };
}

/** Any time will do: every value of a pattern has the same letters and length. */
const SAMPLE_SECONDS = 1_795_252_147;

function formatProblem(format: string, type: ColumnType): string | null {
  const pattern = compileWrittenFormat(format);
  if ('problem' in pattern) return pattern.problem;
  const value = partitionValue(formatPattern(pattern, SAMPLE_SECONDS, 0, 0), type);
  return 'problem' in value ? `it gives ${value.problem}` : null;
}

const DAY_MS = 86_400_000;

function floorProblem(floor: number | null): string | null {
  const fits = floor === null || (Number.isInteger(floor) && floor >= 1 && DAY_MS % floor === 0);
  return fits ? null : `${floor} ms does not divide a day`;
}

/** Each event time once: equal source and notation share one reading. */
interface Times {
  readonly all: PlanTime[];
  add(name: string, source: Parameters<Slots['add']>[0], time: PlanTime['time'], compared: boolean): number;
}

function createTimes(slots: Slots): Times {
  const all: PlanTime[] = [];
  return {
    all,
    add(name, source, time, compared) {
      const slot = slots.add(source);
      const known = all.findIndex(
        (t) => t.slot === slot && t.time.format === time.format && t.time.zone === time.zone,
      );
      return known >= 0 ? known : all.push({ name, slot, time, compared }) - 1;
    },
  };
}

/** A fixed table partition with the table's names and canonical values; they must be columns of its table partitions, and safe. */
function compileDestination(
  rule: 'late' | 'future',
  { table, schema }: CompileInput,
  problems: string[],
): Destination {
  const { to } = table[rule];
  if (typeof to === 'string') return to;
  const fixed: Record<string, string> = {};
  for (const [name, text] of Object.entries(to.partition)) {
    const key = schema.partitionKeys.find((known) => known.name.toLowerCase() === name.toLowerCase());
    const type = key && parseColumnType(key.type);
    const value = type
      ? partitionValue(text, type)
      : { problem: 'the table has no such table partition column' };
    if ('problem' in value) problems.push(`table.${rule}.to.partition.${name}: ${value.problem}`);
    else fixed[key?.name ?? name] = value.value;
  }
  return { partition: fixed };
}
