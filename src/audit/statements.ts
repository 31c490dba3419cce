import type { ProvenanceColumns } from '../mapping/provenance.ts';
import type { TopicPartition } from '../source/source.ts';
import type { Range } from './ranges.ts';

/**
 * The statements of the audit, for MaxCompute's dialect. They aggregate or use window functions, so that what
 * comes back is bounded whatever the table holds: an answer has 10,000 rows at most (protocol 3.6). Names that
 * could be reserved words are avoided: `kt kp ko` are topic, topic partition and offset of a row's record,
 * `kr` its number in it.
 */
export interface AuditedTable {
  readonly name: string;
  readonly columns: ProvenanceColumns;
  /** In their order; empty: the table is unpartitioned. */
  readonly partitionKeys: readonly string[];
  /** The only topic; not used when `columns.topic` is given. */
  readonly topic: string;
}

/** Offsets of one topic partition; a null side is open. */
export interface Bounds extends TopicPartition {
  readonly first: number | null;
  readonly end: number | null;
}

/** Rows of one topic partition of an answer. */
export const MOST_GAPS = 10_000;
export const MOST_DUPLICATES = 1_000;

/** Rows may be read from all table partitions. */
export const SETTINGS = { 'odps.sql.allow.fullscan': 'true' };

/**
 * kt, kp, acknowledged (1: below the committed offset), rows, different offsets, the lowest and the highest; nulls
 * in kp where rows have no provenance. Where rows of a record are numbered: how many different rows, too, those
 * without a number being all different.
 */
export function countStatement(
  table: AuditedTable,
  committed: readonly Bounds[],
  window: readonly Bounds[],
): string {
  const { kt, kp, ko, kr } = names(table);
  const limit = sidesOf(table, committed, 'end');
  const acked = limit === null ? '0' : `CASE WHEN ${ko} < ${limit} THEN 1 ELSE 0 END`;
  return `SELECT kt, kp, acked, COUNT(*) AS row_count, COUNT(DISTINCT ko) AS offset_count, MIN(ko) AS lowest, MAX(ko) AS highest${kr === null ? '' : `, ${DIFFERENT_ROWS} AS different_rows`}
FROM (SELECT ${kt} AS kt, ${kp} AS kp, ${ko} AS ko${kr === null ? '' : `, ${kr} AS kr`}, ${acked} AS acked FROM \`${table.name}\`${where(within(table, window))}) r
GROUP BY kt, kp, acked`;
}

const DIFFERENT_ROWS =
  "COUNT(DISTINCT CONCAT(CAST(ko AS STRING), '.', CAST(kr AS STRING))) + SUM(CASE WHEN kr IS NULL THEN 1 ELSE 0 END)";

/** kt, kp, first and end of each run of offsets that is between two rows of the bounds and has none; the longest first. */
export function gapStatement(table: AuditedTable, bounds: readonly (TopicPartition & Range)[]): string {
  return `SELECT kt, kp, ko + 1 AS gap_first, next_ko AS gap_end, next_ko - ko AS gap_size
FROM (SELECT kt, kp, ko, LEAD(ko, 1) OVER (PARTITION BY kt, kp ORDER BY ko) AS next_ko FROM (${rows(table, within(table, bounds))}) r) g
WHERE next_ko > ko + 1
ORDER BY gap_size DESC, kt, kp, gap_first LIMIT ${MOST_GAPS}`;
}

/**
 * kt, kp, first and last of each run of offsets that are there more than once, how often, and the table partitions.
 * Where rows of a record are numbered: offsets of which a row is there more than once.
 */
export function duplicateStatement(table: AuditedTable, window: readonly Bounds[]): string {
  const { ko, kr } = names(table);
  const known = [`${ko} IS NOT NULL`, ...(kr ? [`${kr} IS NOT NULL`] : []), ...within(table, window)];
  const spec = specOf(table);
  const each = (
    from: string,
    keys: string,
  ) => `SELECT ${keys}, COUNT(*) AS copies, MIN(spec) AS spec_low, MAX(spec) AS spec_high
FROM (${from}) r GROUP BY ${keys} HAVING COUNT(*) > 1`;
  const offsets = kr
    ? `SELECT kt, kp, ko, MAX(copies) AS copies, MIN(spec_low) AS spec_low, MAX(spec_high) AS spec_high
FROM (${each(rows(table, known, `, ${kr} AS kr, ${spec} AS spec`), 'kt, kp, ko, kr')}) k GROUP BY kt, kp, ko`
    : each(rows(table, known, `, ${spec} AS spec`), 'kt, kp, ko');
  return `SELECT kt, kp, MIN(ko) AS run_first, MAX(ko) AS run_last, copies, MIN(spec_low) AS spec_first, MAX(spec_high) AS spec_last
FROM (SELECT kt, kp, ko, copies, spec_low, spec_high, ko - ROW_NUMBER() OVER (PARTITION BY kt, kp, copies ORDER BY ko) AS run
FROM (${offsets}) d) n
GROUP BY kt, kp, copies, run ORDER BY kt, kp, run_first LIMIT ${MOST_DUPLICATES}`;
}

/** Expressions of a row's topic, topic partition, offset and number in its record (null: no column); a text column is read as a number. */
function names({ columns, topic }: AuditedTable) {
  return {
    kr: columns.row ? `CAST(\`${columns.row.name}\` AS BIGINT)` : null,
    kt: columns.topic === null ? `'${topic}'` : `\`${columns.topic.name}\``,
    kp: `CAST(\`${columns.partition.name}\` AS BIGINT)`,
    ko: `CAST(\`${columns.offset.name}\` AS BIGINT)`,
  };
}

function rows(table: AuditedTable, tests: readonly string[], more = ''): string {
  const { kt, kp, ko } = names(table);
  return `SELECT ${kt} AS kt, ${kp} AS kp, ${ko} AS ko${more} FROM \`${table.name}\`${where(tests)}`;
}

const where = (tests: readonly string[]): string =>
  tests.length === 0 ? '' : ` WHERE ${tests.join(' AND ')}`;

/** A topic partition without bounds of its own has no row in it, as soon as any other has. */
function within(table: AuditedTable, bounds: readonly Bounds[]): string[] {
  const { ko } = names(table);
  const [first, end] = [sidesOf(table, bounds, 'first'), sidesOf(table, bounds, 'end')];
  return [...(first === null ? [] : [`${ko} >= ${first}`]), ...(end === null ? [] : [`${ko} < ${end}`])];
}

/** A number for each topic partition; null when none has one. */
function sidesOf(table: AuditedTable, bounds: readonly Bounds[], side: 'first' | 'end'): string | null {
  const { kt, kp } = names(table);
  const given = bounds.filter((one) => one[side] !== null);
  if (given.length === 0) return null;
  const several = new Set(given.map(({ topic }) => topic)).size > 1 || table.columns.topic !== null;
  const cases = given.map((one) => {
    const topic = several ? `${kt} = '${one.topic}' AND ` : '';
    return `WHEN ${topic}${kp} = ${one.partition} THEN ${one[side]}`;
  });
  return `CASE ${cases.join(' ')} END`;
}

/** `dt=20261121,hr=09` of a row; empty for an unpartitioned table. */
function specOf({ partitionKeys }: AuditedTable): string {
  if (partitionKeys.length === 0) return "''";
  const parts = partitionKeys.map((key, i) => `'${i === 0 ? '' : ','}${key}=', CAST(\`${key}\` AS STRING)`);
  return `CONCAT(${parts.join(', ')})`;
}
