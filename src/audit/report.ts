import type { TopicPartition } from '../source/source.ts';
import type { Range } from './ranges.ts';
import { isFinding, type Verdict } from './verdict.ts';

/** What is known of one topic partition, and what became of its offsets [first, end). */
export interface TopicPartitionReport extends TopicPartition, Range {
  /** Null: the group has committed nothing. */
  readonly committed: number | null;
  readonly logStart: number;
  readonly logEnd: number;
  /** Rows of these offsets, and how many different ones there are. */
  readonly rows: number;
  readonly offsets: number;
  /** Rows at or above the committed offset. */
  readonly above: number;
  /** A batch is about to be committed, or was when its member died. */
  readonly intent: boolean;
  readonly verdict: Verdict;
}

export interface AuditReport {
  /** Of maxsink. */
  readonly version: string;
  /** The configuration. */
  readonly file: string;
  /** ms. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly group: string;
  readonly table: string;
  readonly deadLetters: {
    /** The folder, or the topic. */
    readonly where: string;
    /** Files that count, or messages; null: there is no such folder. */
    readonly files: number | null;
    readonly open: number;
    readonly unreadable: number;
  };
  /** Rows that were looked at, and those of them that do not say which record they were. */
  readonly rows: number;
  readonly unknownRows: number;
  /** Rows of topic partitions that are not of this pipeline. */
  readonly foreignRows: number;
  readonly topicPartitions: readonly TopicPartitionReport[];
  /** False: there are more duplicates than the list has. */
  readonly duplicatesComplete: boolean;
  /** False: records may have several rows, and nothing tells these apart. */
  readonly duplicatesKnown: boolean;
  /** Things to know that are no findings. */
  readonly notes: readonly string[];
}

export const foundIn = ({ topicPartitions }: Pick<AuditReport, 'topicPartitions'>): TopicPartitionReport[] =>
  topicPartitions.filter(({ verdict }) => isFinding(verdict));

/** 0 every record is accounted for; 3 something was found. */
export const exitOf = (report: Pick<AuditReport, 'topicPartitions'>): 0 | 3 =>
  foundIn(report).length > 0 ? 3 : 0;

/** The one document of `--json`: ranges are [first, end). */
export function reportJson(report: AuditReport): object {
  const { startedAt, version, file, durationMs, group, table, ...rest } = report;
  const exitCode = exitOf(report);
  return {
    ...{ version, file, at: new Date(startedAt).toISOString(), durationMs, group, table },
    ...{ result: exitCode === 0 ? 'ok' : 'found', exitCode },
    ...rest,
  };
}
