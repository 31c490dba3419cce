import { plural, some } from '../check/words.ts';
import { topicPartitionKey } from '../source/source.ts';
import { rangeText, total } from './ranges.ts';
import type { AuditReport, TopicPartitionReport } from './report.ts';

/** What is worth knowing beside the findings. Pure. */
export function notesOf(
  report: Omit<AuditReport, 'notes'>,
  startsLatest: boolean,
  leavingOut: readonly string[],
): string[] {
  const { topicPartitions, unknownRows, foreignRows } = report;
  const above = topicPartitions.filter((one) => one.above > 0);
  const rows = above.reduce((sum, one) => sum + one.above, 0);
  const idle = topicPartitions.filter(({ committed }) => committed === null);
  return [
    ...leftOut(topicPartitions, leavingOut),
    ...topicPartitions.flatMap(deleted),
    ...topicPartitions.flatMap(beforeFirst),
    ...(rows > 0 ? [aboveText(rows, above)] : []),
    ...(idle.length > 0
      ? [`The group has committed nothing for ${some(idle.map(topicPartitionKey))}: nothing to account for.`]
      : []),
    ...(unknownRows > 0
      ? [
          `${plural(unknownRows, 'row')} do not say which record they were (written before the columns were added, or by somebody else).`,
        ]
      : []),
    ...(foreignRows > 0
      ? [`${plural(foreignRows, 'row')} are of topics or topic partitions that this pipeline does not read.`]
      : []),
    ...letters(report),
    ...(startsLatest
      ? ['kafka.startAt is latest: each topic partition is audited from its first row or dead letter on.']
      : []),
  ];
}

function leftOut(list: readonly TopicPartitionReport[], keys: readonly string[]): string[] {
  const found = list.filter(({ verdict }) => verdict.leftOut.offsets > 0);
  if (found.length === 0) return [];
  return [
    ...found.map((one) => {
      const { offsets, ranges } = one.verdict.leftOut;
      const where = ranges.length > 0 ? `: ${some(ranges.map(rangeText))}` : '';
      return `${topicPartitionKey(one)}: ${plural(offsets, 'offset')} in neither the table nor the dead letters were left out by the configuration, or are missing${where}`;
    }),
    `The configuration leaves records out (${keys.join(', ')}), and nothing keeps which: so they are not called missing. The lines "batch acknowledged" of the log, and the audit topic, say how many of each batch: filtered, skipped, deduplicated.`,
  ];
}

function deleted({ verdict, logStart, ...tp }: TopicPartitionReport): string[] {
  if (verdict.deleted.length === 0) return [];
  const offsets = plural(total(verdict.deleted), 'offset');
  const where = some(verdict.deleted.map(rangeText));
  return [
    `${topicPartitionKey(tp)}: ${offsets} in neither the table nor the dead letters cannot be checked, the log begins at ${logStart}: ${where}`,
  ];
}

/** Most likely the group did not begin where the configuration says now. */
function beforeFirst(one: TopicPartitionReport): string[] {
  const gap = one.verdict.missing[0];
  if (!gap || gap.first !== one.first || one.rows === 0) return [];
  return [
    `${topicPartitionKey(one)}: if the pipeline began behind ${one.first}, what is missing there is no loss: audit from then on with --from.`,
  ];
}

function aboveText(rows: number, above: readonly TopicPartitionReport[]): string {
  const intents = above.filter(({ intent }) => intent);
  const why =
    intents.length > 0
      ? `an intent stands at ${some(intents.map(topicPartitionKey))}: a batch is being committed, or waits for a member that recovers it`
      : 'the service is at work, or ended before it acknowledged them';
  return `${plural(rows, 'row')} are not acknowledged yet, at or above the committed offset (${why}); only duplicates are looked for among them.`;
}

function letters({
  deadLetters: { folder, files, open, unreadable },
}: Pick<AuditReport, 'deadLetters'>): string[] {
  return [
    ...(files === null
      ? [
          `There is no folder ${folder} here: what was rejected elsewhere looks missing. Audit where the dead letters are.`,
        ]
      : []),
    ...(open > 0
      ? [
          `${plural(open, 'file')} of dead letters of batches that are not acknowledged yet were not read (.open).`,
        ]
      : []),
    ...(unreadable > 0 ? [`${plural(unreadable, 'line')} in ${folder} are no dead letters.`] : []),
  ];
}
