import { systemClock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { maxComputeOptions } from '../connections.ts';
import type { LetterOffsets } from '../deadletter/offsets.ts';
import type { Plan } from '../mapping/plan.ts';
import { type MaxCompute, openMaxCompute } from '../maxcompute/maxcompute.ts';
import { tableName } from '../maxcompute/wire.ts';
import { matchTable } from '../plan.ts';
import { readJournal } from '../replay/journal.ts';
import type { LetterIds } from '../replay/letter-ids.ts';
import { letterStore } from '../replay/stored-letters.ts';
import { openProbe, type Probe } from '../source/admin/probe.ts';
import { topicPartitionKey } from '../source/source.ts';
import { VERSION } from '../version.ts';
import { maybeCopies } from './copies.ts';
import { askLogs, type KafkaFacts, kafkaFacts, type TimeWindow, topicsOf } from './kafka-facts.ts';
import { createLeavesOut } from './left-out.ts';
import { lettersOf, lettersPlace } from './letters.ts';
import { notesOf } from './notes.ts';
import { auditedColumns } from './provenance.ts';
import { type Range, rangesOf } from './ranges.ts';
import type { AuditReport, TopicPartitionReport } from './report.ts';
import { type AuditedTable, type Bounds, SETTINGS } from './statements.ts';
import { askCounts, askDuplicates, askGaps, type Duplicate, type TableCounts } from './table-facts.ts';
import { allGaps, beginning, type Facts, judge, questions } from './verdict.ts';

export interface AuditOptions extends TimeWindow {
  /** The configuration, for the report. */
  readonly file: string;
  readonly timeoutMs: number;
  /** Folder of the journal of replays; null: where a replay has it unless told. */
  readonly journal: string | null;
}

/** Missing records after which the log is not read any further: the case is clear. */
const MOST_RECORDS = 100_000;
/** What the client may fetch ahead; most of it is thrown away. */
const MEMORY_BYTES = 64 * 1024 * 1024;

/**
 * Compares what the group has committed with what is in the table and in the dead letters, record by record, and
 * changes nothing. In this order: the committed offsets, the table, the dead letters, then the log, from which
 * exactly those offsets are read that are in neither. Throws `config_invalid` when the rows cannot be told apart,
 * and what Kafka or MaxCompute refuse.
 */
export async function audit(config: Config, options: AuditOptions): Promise<AuditReport> {
  const startedAt = systemClock.now();
  const limits = { sqlMs: options.timeoutMs };
  const client = openMaxCompute({ ...maxComputeOptions(config), limits });
  try {
    const described = await describeTable(config, client);
    const probe = await openProbe(config.kafka, MEMORY_BYTES);
    try {
      return await compare({ config, options, startedAt, client, probe, ...described });
    } finally {
      await probe.close();
    }
  } finally {
    await client.close();
  }
}

interface Context {
  readonly config: Config;
  readonly options: AuditOptions;
  readonly startedAt: number;
  readonly client: MaxCompute;
  readonly probe: Probe;
  readonly table: Omit<AuditedTable, 'topic'>;
  readonly plan: Plan;
}

async function describeTable(config: Config, client: MaxCompute): Promise<Pick<Context, 'table' | 'plan'>> {
  const info = await client.table(config.table.name);
  const { plan } = matchTable(config, info);
  const { topics } = config.kafka;
  const columns = auditedColumns(plan, topics === null || new Set(topics).size > 1, info.name);
  const partitionKeys = info.partitionKeys.map(({ name }) => name);
  return { table: { name: info.name, columns, partitionKeys }, plan };
}

async function compare(context: Context): Promise<AuditReport> {
  const { config, options, client, probe } = context;
  const topics = await topicsOf(probe, config.kafka);
  const logs = await kafkaFacts(probe, topics, config.kafka.startAt, options);
  const table = { ...context.table, topic: topics[0] ?? '' };
  const ask = (statement: string) => client.runSql(statement, { settings: SETTINGS });
  const window = logs.map(({ topic, partition, from, to }): Bounds => {
    return { topic, partition, first: from, end: to };
  });
  const committed = logs.map(({ topic, partition, committed: end }) => ({
    ...{ topic, partition, first: null, end },
  }));
  const counted = await askCounts(ask, table, committed, window);
  const letters = await lettersOf(config, client, options.timeoutMs);
  const { replayed } = await readJournal(options.journal ?? letterStore(config, systemClock).journal);
  const subjects = logs.map((log) => subjectOf(log, counted, letters, replayed));
  const incomplete = subjects.filter(({ first, end, offsets }) => end - first > offsets);
  const gaps = incomplete.some(({ offsets }) => offsets > 0)
    ? await askGaps(ask, table, incomplete)
    : { byTopicPartition: new Map<string, readonly Range[]>() };
  const hasSurplus = [...counted.counts.values()].some(({ surplus }) => surplus > 0);
  const duplicates = hasSurplus ? await askDuplicates(ask, table, window) : { list: [], complete: true };
  const topicPartitions = await judgeAll(context, subjects, gaps.byTopicPartition, duplicates.list);
  return reportOf(context, counted, letters, topicPartitions, duplicates.complete);
}

/** A topic partition with what is known before the log is read. */
interface Subject extends Omit<Facts, 'gaps' | 'logStart' | 'duplicates'> {
  readonly log: KafkaFacts;
  readonly rows: number;
  readonly above: number;
  readonly lowest: number | null;
  readonly highest: number | null;
}

function subjectOf(
  log: KafkaFacts,
  { counts }: TableCounts,
  letters: LetterOffsets,
  replayed: LetterIds,
): Subject {
  const { topic, partition, committed, from, to, startAt } = log;
  const known = counts.get(topicPartitionKey(log));
  const rejected = rangesOf(letters.offsets.get(topic)?.get(partition) ?? []);
  const until = Math.min(committed ?? 0, to ?? Number.POSITIVE_INFINITY);
  const { rows = 0, offsets = 0, lowest = null, highest = null, above = 0, surplus = 0 } = known ?? {};
  const firstLetter = rejected[0]?.first ?? null;
  const first = beginning({ from, startAt, end: until, firstRow: lowest, firstLetter });
  return {
    ...{ topic, partition, first, end: until, log, letters: rejected },
    replayed: rangesOf(replayed.offsets(log)),
    ...{ rows, offsets, lowest, highest, above, surplus },
  };
}

async function judgeAll(
  { config, plan, probe, options, startedAt }: Context,
  subjects: readonly Subject[],
  inside: ReadonlyMap<string, readonly Range[]>,
  duplicates: readonly Duplicate[],
): Promise<TopicPartitionReport[]> {
  const found = subjects.map((subject) => {
    const key = topicPartitionKey(subject);
    const gaps = allGaps(subject, inside.get(key) ?? [], subject.lowest, subject.highest);
    return { ...subject, key, gaps };
  });
  const asked = (starts: ReadonlyMap<string, number>) =>
    found.flatMap(({ topic, partition, key, gaps, letters }) =>
      questions({ gaps, letters, logStart: starts.get(key) ?? 0 }).map((range) => ({
        ...{ topic, partition, ...range },
      })),
    );
  const deadline = startedAt + options.timeoutMs;
  const limits = { most: MOST_RECORDS, deadline, leavesOut: createLeavesOut(config, plan, deadline) };
  const { starts, read } = await askLogs(probe, subjects, asked, limits);
  return found.map((one) => {
    const own = <T extends { topic: string; partition: number }>(list: readonly T[]) =>
      list.filter(({ topic, partition }) => topic === one.topic && partition === one.partition);
    const logStart = starts.get(one.key) ?? one.log.low;
    const facts = { ...one, logStart, duplicates: own(duplicates) };
    const { records, leftOut, unread } = read;
    const answer = { records: own(records), leftOut: own(leftOut), unread: own(unread) };
    const verdict = judge(facts, answer);
    const compared = config.table.deduplicate !== null;
    return topicPartitionReport(one, logStart, compared ? maybeCopies(verdict) : verdict);
  });
}

function topicPartitionReport(
  { topic, partition, first, end, log, rows, offsets, above }: Subject,
  logStart: number,
  verdict: TopicPartitionReport['verdict'],
): TopicPartitionReport {
  const { committed, intent, high: logEnd } = log;
  return {
    ...{ topic, partition, committed, first, end, logStart, logEnd },
    ...{ rows, offsets, above, intent, verdict },
  };
}

function reportOf(
  { config, options, startedAt, table }: Context,
  counted: TableCounts,
  { files, open, unreadable }: LetterOffsets,
  topicPartitions: readonly TopicPartitionReport[],
  duplicatesComplete: boolean,
): AuditReport {
  const own = new Set(topicPartitions.map(topicPartitionKey));
  const foreign = [...counted.counts].filter(([key]) => !own.has(key)).map(([, one]) => one);
  const report = {
    ...{ version: VERSION, file: options.file, startedAt, durationMs: systemClock.now() - startedAt },
    group: config.kafka.groupId,
    table: tableName(config.maxcompute, config.table.name),
    deadLetters: { where: lettersPlace(config), files, open, unreadable },
    ...{ rows: counted.rows, unknownRows: counted.unknown },
    foreignRows: foreign.reduce((sum, { rows, above }) => sum + rows + above, 0),
    ...{ topicPartitions, duplicatesComplete, duplicatesKnown: table.columns.row !== null },
  };
  return { ...report, notes: notesOf(report, config.kafka.startAt === 'latest') };
}
