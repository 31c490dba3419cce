import type { Clock } from '../../clock.ts';
import type { Consumer, Message } from '../client/client.ts';
import { type TopicPartition, topicPartitionKey } from '../source.ts';
import type { Polling } from './polling.ts';

/** Offsets [first, end) of one topic partition. */
export interface OffsetSpan extends TopicPartition {
  readonly first: number;
  readonly end: number;
}

export interface SpansRead {
  /** Offsets asked for at which a reader of committed records finds one, joined. */
  readonly records: readonly OffsetSpan[];
  /** The same for those that `leavesOut` named. */
  readonly leftOut: readonly OffsetSpan[];
  /** What was not looked at any more. */
  readonly unread: readonly OffsetSpan[];
}

export interface ReadSpansOptions {
  readonly consumer: Consumer;
  readonly polling: Polling;
  readonly clock: Clock;
  readonly limits: ReadLimits;
}

export interface ReadLimits {
  /** Reading ends when so many records were found. */
  readonly most: number;
  /** And at this time, ms. */
  readonly deadline: number;
  /** Those of the records asked for that are told apart from the others. */
  leavesOut(messages: readonly Message[]): Promise<ReadonlySet<Message>>;
}

/** Spans nearer than this are read in one go: a seek costs about as much as so many records. */
const NEARBY = 500;

/** Spans of one topic partition that are read together. */
interface Stretch extends TopicPartition {
  readonly spans: readonly OffsetSpan[];
  readonly end: number;
  position: number;
  /** The span that the position is in, or before. */
  at: number;
}

/**
 * Reads exactly these offsets, outside any group. Each round reads one stretch of every topic partition; a stretch
 * is done when the client delivers what lies behind it, or the end of the log. `asked` is ascending.
 */
export async function readSpans(
  asked: readonly OffsetSpan[],
  { consumer, polling, clock, limits: { most, deadline, leavesOut } }: ReadSpansOptions,
): Promise<SpansRead> {
  const waiting = stretchesOf(asked);
  const records: OpenSpan[] = [];
  const leftOut: OpenSpan[] = [];
  let found = 0;
  const isOver = () => found >= most || clock.now() >= deadline;

  /** Goes on behind a record; false: nobody asked for it. */
  function take(open: Map<string, Stretch>, { topic, partition, offset }: Message): boolean {
    const stretch = open.get(topicPartitionKey({ topic, partition }));
    if (!stretch || offset < stretch.position) return false;
    const wanted = isAsked(stretch, offset);
    stretch.position = offset + 1;
    if (stretch.position >= stretch.end) open.delete(topicPartitionKey(stretch));
    return wanted;
  }

  async function sort(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const without = await leavesOut(messages);
    for (const message of messages) add(without.has(message) ? leftOut : records, message);
    found += messages.length - without.size;
  }

  async function round(stretches: readonly Stretch[]): Promise<void> {
    const open = new Map(stretches.map((one) => [topicPartitionKey(one), one]));
    polling.ends(); // Those met before do not count for what is read now.
    consumer.assign(
      stretches.map(({ topic, partition, position: offset }) => ({ topic, partition, offset })),
    );
    while (open.size > 0 && !isOver()) {
      await sort((await polling.poll()).filter((message) => take(open, message)));
      for (const end of polling.ends()) finish(open, end);
    }
  }

  try {
    while ([...waiting.values()].some((list) => list.length > 0) && !isOver()) {
      const stretches = [...waiting.values()].flatMap((list) => list.slice(0, 1));
      await round(stretches);
      for (const list of waiting.values()) if (list[0] && list[0].position >= list[0].end) list.shift();
    }
  } finally {
    consumer.unassign();
  }
  return { records, leftOut, unread: [...waiting.values()].flat().flatMap(leftOf) };
}

type OpenSpan = { -readonly [key in keyof OffsetSpan]: OffsetSpan[key] };

function add(spans: OpenSpan[], { topic, partition, offset }: Message): void {
  const last = spans.findLast((one) => one.topic === topic && one.partition === partition);
  if (last?.end === offset) last.end = offset + 1;
  else spans.push({ topic, partition, first: offset, end: offset + 1 });
}

/** Offsets are delivered in ascending order. */
function isAsked(stretch: Stretch, offset: number): boolean {
  while (stretch.at < stretch.spans.length && stretch.spans[stretch.at]!.end <= offset) stretch.at += 1;
  return (stretch.spans[stretch.at]?.first ?? Number.POSITIVE_INFINITY) <= offset;
}

/** Behind the last record there may be the ends of transactions only. */
function finish(open: Map<string, Stretch>, end: TopicPartition): void {
  const stretch = open.get(topicPartitionKey(end));
  if (!stretch) return;
  stretch.position = stretch.end;
  open.delete(topicPartitionKey(end));
}

const leftOf = ({ spans, position }: Stretch): OffsetSpan[] =>
  spans
    .filter(({ end }) => end > position)
    .map((span) => ({ ...span, first: Math.max(span.first, position) }));

function stretchesOf(asked: readonly OffsetSpan[]): Map<string, Stretch[]> {
  const found = new Map<string, Stretch[]>();
  for (const span of asked) {
    const list = found.get(topicPartitionKey(span)) ?? [];
    const last = list.at(-1);
    if (last && span.first - last.end < NEARBY)
      list[list.length - 1] = { ...last, spans: [...last.spans, span], end: span.end };
    else list.push(stretchOf(span));
    found.set(topicPartitionKey(span), list);
  }
  return found;
}

const stretchOf = (span: OffsetSpan): Stretch => ({
  ...{ topic: span.topic, partition: span.partition, spans: [span], end: span.end },
  ...{ position: span.first, at: 0 },
});
