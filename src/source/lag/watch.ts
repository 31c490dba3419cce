import type { SinkError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type Consumer, watermarks } from '../client/client.ts';
import { offsetLost } from '../membership/assignment.ts';
import type { Owned } from '../membership/owned.ts';
import { outside } from '../membership/start-at.ts';
import { topicPartitionKey } from '../source.ts';
import type { TopicIds } from '../topics/topic-ids.ts';

/**
 * Looks at the logs of what is ours every few seconds, for lag and for two things that the client does not
 * tell: a position outside its log, where the client hangs or its error is lost behind good records; and
 * a topic that was deleted and created again, whose new log the client reads from the old positions.
 */
export interface LogWatch {
  /** Looks again, unless it did a moment ago at the same list. */
  refresh(owned: readonly Owned[], now: number): void;
  /** The client reports an offset that is not in its log: look at once; `error` when nothing explains it. */
  suspect(error: SinkError): void;
}

export interface LogWatchOptions {
  readonly consumer: Consumer;
  readonly topicIds: TopicIds;
  readonly groupId: string;
  readonly log: Log;
  /** Whether positions move now as far as there are records. */
  reading(): boolean;
  /** The high watermark as it was asked. */
  onHigh(tp: Owned, high: number): Promise<void>;
  /** Topic -> the id that it has now. */
  onReplaced(topics: ReadonlyMap<string, string>): void;
  onLost(error: SinkError): void;
}

interface Outside {
  readonly tp: Owned;
  readonly position: number;
  readonly why: string;
}

const REFRESH_MS = 5_000;
const ASK_MS = 5_000;

export function createLogWatch(options: LogWatchOptions): LogWatch {
  const { consumer, topicIds, log } = options;
  /** What was outside its log at the last look, with the position. */
  let before = new Map<Owned, number>();
  let list: readonly Owned[] = [];
  let gone: ReadonlySet<string> = new Set();
  let suspicion: SinkError | null = null;
  let askedAt = 0;
  let asking = false;

  async function look(owned: readonly Owned[], reported: SinkError | null): Promise<void> {
    const topics = [...new Set(owned.map((tp) => tp.topic))];
    // Without ids the rest can still be seen.
    const ids = await topicIds.ask(topics).catch(() => new Map(topics.map((topic) => [topic, null])));
    tellGone(topics.filter((topic) => !ids.has(topic)));
    const replaced = findReplaced(owned, ids);
    if (replaced.size > 0) options.onReplaced(replaced);
    else judge(await findOutside(owned.filter(({ topic }) => ids.has(topic))), reported);
  }

  /** One question after the other: each takes a thread of the pool that consume calls need. */
  async function findOutside(owned: readonly Owned[]): Promise<Outside[]> {
    const found: Outside[] = [];
    for (const tp of owned) {
      const { position } = tp;
      const { lowOffset: low, highOffset: high } = await watermarks(consumer, tp.topic, tp.partition, ASK_MS);
      await options.onHigh(tp, high);
      const why = outside(position, { low, high });
      if (why !== null) found.push({ tp, position, why });
    }
    return found;
  }

  /** Records may be on their way to us still: only a position that stays outside until the next look is lost. */
  function judge(found: readonly Outside[], reported: SinkError | null): void {
    const lost = found.filter(
      ({ tp, position }) => tp.position === position && (reported !== null || before.get(tp) === position),
    );
    before = new Map(options.reading() ? found.map(({ tp, position }) => [tp, position]) : []);
    if (!options.reading()) return;
    const named = lost.map(
      ({ tp, position, why }) => `${topicPartitionKey(tp)}: read up to ${position}, ${why}`,
    );
    if (named.length > 0) options.onLost(offsetLost(options.groupId, named));
    else if (reported !== null) options.onLost(reported);
  }

  function tellGone(topics: readonly string[]): void {
    const news = topics.filter((topic) => !gone.has(topic));
    if (news.length > 0) log.warn({ topics: news }, 'topic deleted: waiting for it to come back');
    gone = new Set(topics);
  }

  return {
    refresh(owned, now) {
      if (asking || owned.length === 0 || (owned === list && now - askedAt < REFRESH_MS)) return;
      const reported = owned === list ? suspicion : null;
      suspicion = null;
      list = owned;
      askedAt = now;
      asking = true;
      look(owned, reported)
        .catch(() => {
          suspicion ??= reported;
        })
        .finally(() => {
          asking = false;
        });
    },
    suspect(error) {
      suspicion = error;
      askedAt = 0;
    },
  };
}

function findReplaced(
  owned: readonly Owned[],
  ids: ReadonlyMap<string, string | null>,
): ReadonlyMap<string, string> {
  const replaced = new Map<string, string>();
  for (const { topic, topicId } of owned) {
    const now = ids.get(topic) ?? null;
    if (topicId !== null && now !== null && now !== topicId) replaced.set(topic, now);
  }
  return replaced;
}
