import type { Clock } from './clock.ts';
import { SinkError } from './errors.ts';
import type { TableName } from './ledger/intent.ts';
import type { BatchRecords, Provenance } from './ledger/ports.ts';
import { LIMITS } from './limits.ts';
import type { Log } from './log.ts';
import type { Plan } from './mapping/plan.ts';
import type { ProvenanceColumn, ProvenanceColumns } from './mapping/provenance.ts';
import { isPassing } from './maxcompute/error.ts';
import type { MaxCompute } from './maxcompute/maxcompute.ts';
import { parseTablePartition } from './maxcompute/table-partitions.ts';
import { quoteName, sqlTableName } from './maxcompute/wire.ts';
import { retry } from './retry.ts';

export type CountedRange = BatchRecords['ranges'][number];

export interface ProvenanceOptions {
  readonly maxcompute: Pick<MaxCompute, 'runSql'>;
  /** Says which table partition columns are numbers. */
  readonly plan: Pick<Plan, 'partitions'>;
  readonly columns: ProvenanceColumns;
  readonly clock: Clock;
  readonly log: Log;
}

/** Ranges of one statement: what it costs to compile grows faster than their number. */
const RANGES = 200;

/**
 * Counts the rows of a table partition by the records that they were. Outages are waited out until the signal
 * aborts; `maxcompute_denied`, `table_missing` and other refusals are thrown: then nothing can be counted.
 */
export function tableProvenance({ maxcompute, plan, columns, clock, log }: ProvenanceOptions): Provenance {
  const countOne = (to: TableName, statement: string, signal: AbortSignal) =>
    retry(async () => readCount(await maxcompute.runSql(statement, { signal, schema: to.schema })), {
      ...{ clock, signal, attempts: Number.POSITIVE_INFINITY },
      ...{ baseMs: LIMITS.retryBaseMs, capMs: LIMITS.startRetryCapMs },
      decide: (error) => ({ retry: isPassing(error) }),
      onRetry: (error) => log.warn({ error }, 'rows cannot be counted for the moment: trying again'),
    });
  return {
    async count(to, { tablePartition, table }, { batch, ranges }, signal) {
      if (table !== undefined) return countOne(to, countLettersStatement(to, batch), signal);
      let rows = 0;
      for (let at = 0; at < ranges.length; at += RANGES) {
        const part = ranges.slice(at, at + RANGES);
        rows += await countOne(to, countStatement(to, tablePartition, part, { columns, plan }), signal);
      }
      return rows;
    },
  };
}

/** Dead letters say of which batch they are; pipelines may share their table. */
const countLettersStatement = (to: TableName, batch: string): string =>
  `SELECT COUNT(*) AS row_count FROM ${sqlTableName(to, to.table)} WHERE ${quoteName('batch')} = ${textLiteral(batch)};`;

/** One statement for ranges that are not empty; the table partition is named, so that no full scan is asked for. */
export function countStatement(
  to: TableName,
  tablePartition: string,
  ranges: readonly CountedRange[],
  { columns, plan }: Pick<ProvenanceOptions, 'columns' | 'plan'>,
): string {
  const numeric = new Set(
    plan.partitions.filter(({ type }) => /INT$/.test(type.name)).map(({ name }) => name.toLowerCase()),
  );
  const place = parseTablePartition(tablePartition).map(({ column, value }) => {
    // Of another type than the column, the literal would hide which table partition is meant.
    const isNumber = numeric.has(column.toLowerCase()) && /^-?\d+$/.test(value);
    return `${quoteName(column)} = ${isNumber ? BigInt(value) : textLiteral(value)}`;
  });
  const where = [...place, anyOf(ranges.map((range) => rangeTest(columns, range)))].join(' AND ');
  return `SELECT COUNT(*) AS row_count FROM ${sqlTableName(to, to.table)} WHERE ${where};`;
}

function rangeTest(columns: ProvenanceColumns, { topic, partition, first, end }: CountedRange): string {
  const offset = number(columns.offset);
  const tests = [
    ...(columns.topic ? [`${quoteName(columns.topic.name)} = ${textLiteral(topic)}`] : []),
    `${number(columns.partition)} = ${partition}`,
    `${offset} >= ${first}`,
    `${offset} < ${end}`,
  ];
  return `(${tests.join(' AND ')})`;
}

const number = ({ name, isText }: ProvenanceColumn): string =>
  isText ? `CAST(${quoteName(name)} AS BIGINT)` : quoteName(name);

/** In halves: parsers nest a long chain of OR as deep as it is long. */
function anyOf(tests: readonly string[]): string {
  if (tests.length === 1) return tests[0]!;
  const half = tests.length >> 1;
  return `(${anyOf(tests.slice(0, half))} OR ${anyOf(tests.slice(half))})`;
}

const textLiteral = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** The number below the header line. */
function readCount(csv: string): number {
  const text = csv.trim().split('\n').at(-1)?.replaceAll('"', '') ?? '';
  if (/^\d+$/.test(text)) return Number(text);
  throw new SinkError('maxcompute_refused', `the result of a count is no number: ${JSON.stringify(csv)}`);
}
