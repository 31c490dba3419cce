import { topicPartitionKey } from '../source/source.ts';
import { plural, some } from '../terminal/words.ts';
import { joined, rangeText, total } from './ranges.ts';
import type { TopicPartitionReport } from './report.ts';
import type { Verdict } from './verdict.ts';

/**
 * With `table.deduplicate` rows are left out because another one has their key, and nothing keeps which: what is
 * missing may be such copies, and is not called missing.
 */
export function maybeCopies(verdict: Verdict): Verdict {
  const { missing, unread, unlisted } = verdict;
  const ranges = joined([...missing, ...unread]);
  return {
    ...verdict,
    missing: [],
    unread: [],
    unlisted: 0,
    copies: { offsets: total(ranges) + unlisted, ranges },
  };
}

/** Offsets that are in neither, and may be copies. */
export const copiesOf = ({ verdict }: TopicPartitionReport): number => verdict.copies?.offsets ?? 0;

export function copiesNotes(list: readonly TopicPartitionReport[]): string[] {
  const found = list.filter((one) => copiesOf(one) > 0);
  const lines = found.map((one) => {
    const { offsets, ranges } = one.verdict.copies!;
    const where = ranges.length > 0 ? `: ${some(ranges.map(rangeText))}` : '';
    return `${topicPartitionKey(one)}: ${plural(offsets, 'offset')} in neither the table nor the dead letters hold copies, or are missing${where}`;
  });
  return found.length === 0 ? [] : [...lines, WHERE_THE_NUMBERS_ARE];
}

const WHERE_THE_NUMBERS_ARE =
  'table.deduplicate leaves rows out, and nothing keeps which: such offsets are not called missing. The lines "batch acknowledged" of the log, and the audit topic, say how many there were in each batch: deduplicated.';
