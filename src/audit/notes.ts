import { topicPartitionKey } from '../source/source.ts';
import { count, plural, some } from '../terminal/words.ts';
import { copiesNotes } from './copies.ts';
import { rangeText, total } from './ranges.ts';
import type { AuditReport, TopicPartitionReport } from './report.ts';

/** What is worth knowing beside the findings. Pure. */
export function notesOf(report: Omit<AuditReport, 'notes'>, startsLatest: boolean): string[] {
  const { topicPartitions, unknownRows, foreignRows, duplicatesKnown } = report;
  const above = topicPartitions.filter((one) => one.above > 0);
  const rows = above.reduce((sum, one) => sum + one.above, 0);
  const idle = topicPartitions.filter(({ committed }) => committed === null);
  return [
    ...copiesNotes(topicPartitions),
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
    ...(duplicatesKnown
      ? []
      : [
          'A record may have several rows (decode.value.envelope), and no column numbers them: whether one is there twice cannot be told. Add a column, BIGINT, mapped from __row__.',
        ]),
    ...letters(report),
    ...(startsLatest
      ? ['kafka.startAt is latest: each topic partition is audited from its first row or dead letter on.']
      : []),
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
  deadLetters: { where, files, open, unreadable },
}: Pick<AuditReport, 'deadLetters'>): string[] {
  return [
    ...(files === null
      ? [
          `There is no folder ${where} here: what was rejected elsewhere looks missing. Audit where the dead letters are.`,
        ]
      : []),
    ...(open > 0
      ? [
          `${plural(open, 'file')} of dead letters of batches that are not acknowledged yet were not read (.open).`,
        ]
      : []),
    ...(unreadable > 0
      ? [`In ${where} are no dead letters: ${count(unreadable)} of what was read there.`]
      : []),
  ];
}
