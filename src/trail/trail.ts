import type { Clock } from '../clock.ts';
import { LIMITS } from '../limits.ts';
import type { Log } from '../log.ts';
import { seldom } from '../seldom.ts';
import { type TrailEntry, type TrailSender, trailMessage } from './entry.ts';

/**
 * The audit trail in a topic. It must never hold the route of the records up: entries wait in a bounded queue for
 * as long as the topic cannot be written to; beyond that the oldest are dropped, counted and told. The log has
 * every one of them. A message may be there twice; its batch id tells.
 */
export interface Trail {
  tell(entry: TrailEntry): void;
  /** Sends what waits, for at most `ms`, and closes the connection. */
  stop(ms: number): Promise<void>;
}

/** One message after the other; a rejection may mean anything but "taken". */
export interface MessageProducer {
  send(topic: string, key: string, value: string): Promise<void>;
  close(ms: number): Promise<void>;
}

export interface TrailOptions {
  readonly producer: MessageProducer;
  readonly topic: string;
  readonly sender: TrailSender;
  readonly clock: Clock;
  readonly log: Log;
  /** Told for each entry: it is in the topic, or never will be. */
  onEntry(result: 'produced' | 'lost'): void;
}

interface Waiting {
  readonly batch: string;
  readonly text: string;
}

export function openTrail({ producer, topic, sender, clock, log, onEntry }: TrailOptions): Trail {
  const queue: Waiting[] = [];
  const isDue = seldom(clock);
  const stopping = new AbortController();
  let chars = 0;
  /** While anything waits. */
  let running: Promise<void> | null = null;
  let isAway = false;

  function drop(waiting: Waiting, error: unknown): void {
    onEntry('lost');
    log.warn(
      { topic, batch: waiting.batch, error },
      'audit topic: the entry of a batch is not in it, only here',
    );
  }

  function take(at: number): Waiting {
    const [taken] = queue.splice(at, 1);
    chars -= taken!.text.length;
    return taken!;
  }

  /** True: the first entry is settled one way or the other. */
  async function sendFirst(): Promise<boolean> {
    const first = queue[0]!;
    try {
      await producer.send(topic, sender.pipeline, first.text);
      onEntry('produced');
      if (isAway) log.info({ topic }, 'audit topic: it takes entries again');
      isAway = false;
    } catch (error) {
      isAway = true;
      if (!isTooLarge(error)) {
        if (isDue('away')) log.warn({ topic, waiting: queue.length, error }, AWAY);
        return false;
      }
      drop(first, error);
    }
    take(0);
    return true;
  }

  async function run(): Promise<void> {
    let waitMs: number = LIMITS.trailRetryBaseMs;
    while (queue.length > 0 && !stopping.signal.aborted) {
      if (await sendFirst()) {
        waitMs = LIMITS.trailRetryBaseMs;
        continue;
      }
      await clock.sleep(waitMs, stopping.signal).catch(() => undefined);
      waitMs = Math.min(LIMITS.trailRetryCapMs, waitMs * 2);
    }
    running = null;
  }

  return {
    tell(entry) {
      const text = trailMessage(entry, sender, clock.now());
      queue.push({ batch: entry.batch, text });
      chars += text.length;
      // The first one is on its way.
      while (queue.length > 1 && (queue.length > LIMITS.trailEntries || chars > LIMITS.trailChars))
        drop(take(1), 'too many wait for the topic');
      running ??= run();
    },
    async stop(ms) {
      const deadline = clock.now() + ms;
      const timer = new AbortController();
      await Promise.race([running, clock.sleep(ms, timer.signal).catch(() => undefined)]);
      timer.abort();
      stopping.abort();
      await producer.close(Math.max(0, deadline - clock.now()));
      while (queue.length > 0) drop(take(0), 'the service ended before the topic took it');
    },
  };
}

const AWAY = 'audit topic: it cannot be written to; entries wait, the records go on';

/** Kafka's number; waiting would not make it smaller. */
const TOO_LARGE = 10;
const isTooLarge = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === TOO_LARGE;
