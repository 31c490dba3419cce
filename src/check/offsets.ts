import type { LogBounds } from '../source/admin/admin.ts';
import type { RawPosition } from '../source/client/client.ts';
import { readNote } from '../source/membership/note.ts';
import { decideStart, type StartAt } from '../source/membership/start-at.ts';
import { count, plural, some } from '../terminal/words.ts';
import { type Exhibit, fail, failed, type Item, ok } from './report.ts';

/** One topic partition as a start would find it. */
export interface TopicOffsets extends LogBounds {
  readonly committed: number | null;
  /** Records between what is committed and the end of the log. */
  readonly behind: number | null;
  /** `33 (committed)`, `earliest`, or `offset_lost`. */
  readonly start: string;
  /** Why a start would stop; null: it would not. */
  readonly lost: string | null;
}

export interface CommittedOutcome {
  readonly items: readonly Item[];
  readonly topicPartitions: readonly TopicOffsets[];
}

/** Where a start would begin, decided as the service decides it. */
export function checkCommitted(
  startAt: StartAt,
  bounds: readonly LogBounds[],
  positions: readonly RawPosition[],
): CommittedOutcome {
  let topicPartitions: readonly TopicOffsets[];
  try {
    topicPartitions = bounds.map((one) => startOf(one, positions, startAt));
  } catch (error) {
    return { items: [failed('committed offsets', error)], topicPartitions: [] };
  }
  const topics = [...new Set(bounds.map(({ topic }) => topic))];
  const items = topics.map((topic) => {
    return committedItem(
      topic,
      startAt,
      topicPartitions.filter((one) => one.topic === topic),
    );
  });
  return { items, topicPartitions };
}

function startOf(bounds: LogBounds, positions: readonly RawPosition[], startAt: StartAt): TopicOffsets {
  const { topic, partition, low, high } = bounds;
  const known = positions.filter((p) => p.topic === topic && typeof p.offset === 'number' && p.offset >= 0);
  const own = known.find((p) => p.partition === partition);
  const committed = own?.offset ?? null;
  const others = known.filter((p) => p.partition !== partition).map((p) => readNote(p));
  const facts = { partition, others, low, high, topicId: null, foundLater: false };
  const decision = decideStart(
    { ...facts, committed: own ? { offset: own.offset, note: readNote(own) } : null },
    startAt,
  );
  const behind = committed === null ? null : Math.max(0, high - committed);
  const common = { ...bounds, committed, behind };
  if (decision.do === 'stop') return { ...common, start: 'offset_lost', lost: decision.why };
  const start =
    decision.do === 'continue' ? `${count(decision.offset)} (committed)` : startText(decision.from);
  return { ...common, start, lost: null };
}

const startText = (from: StartAt): string =>
  typeof from === 'string' ? from : new Date(from.timestamp).toISOString();

function committedItem(topic: string, startAt: StartAt, list: readonly TopicOffsets[]): Item {
  const what = `committed offsets of ${topic}`;
  const lost = list.filter((one) => one.lost !== null);
  if (lost.length > 0) {
    const reasons = some(
      lost.map(({ partition, lost: why }) => `${topic}-${partition}: ${why}`),
      4,
    );
    const advice =
      'The start would stop with offset_lost. Reset the offsets of the group by hand: earliest repeats what is left, latest skips.';
    return fail(what, reasons, advice, 'offset_lost');
  }
  const committed = list.filter((one) => one.committed !== null);
  if (committed.length === 0)
    return ok(what, `none yet: the group starts at ${startText(startAt)} (kafka.startAt)`);
  const behind = committed.reduce((sum, one) => sum + (one.behind ?? 0), 0);
  return ok(
    what,
    `${committed.length} of ${plural(list.length, 'topic partition')}, all within the log, ${plural(behind, 'record')} behind`,
  );
}

const ROWS = 24;

/** One row for each topic partition, the first of them; empty when there is none. */
export function offsetsTable(list: readonly TopicOffsets[]): Exhibit[] {
  if (list.length === 0) return [];
  const number = (value: number | null): string => (value === null ? '-' : count(value));
  const rows = list.slice(0, ROWS).map(({ topic, partition, low, high, committed, behind, start }) => {
    return [`${topic}-${partition}`, count(low), count(high), number(committed), number(behind), start];
  });
  const more = list.length > ROWS ? [[`... ${count(list.length - ROWS)} more`]] : [];
  const head = ['topic partition', 'log start', 'log end', 'committed', 'behind', 'a start begins at'];
  return [{ kind: 'table', head, rows: [...rows, ...more] }];
}
