import type { Clock } from '../clock.ts';
import { SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Log } from '../log.ts';
import { retry } from '../retry.ts';
import { seldom } from '../seldom.ts';
import type { MessageProducer } from '../source/producer/producer.ts';
import { type DeadLetter, deadLetterId } from './dead-letter.ts';
import { letterMessage } from './message.ts';

/**
 * Dead letters as messages of a topic, each acknowledged by all in-sync replicas before its batch is sealed, and
 * so before the offset moves. One that was sent twice, by this client or because its records were read again, has
 * the same `maxsink-id`. An outage is waited out; what waiting does not mend is thrown: `topic_missing`,
 * `kafka_denied`, and `dead_letter_unwritable` where the topic refuses the message.
 */
export interface DeadLetterTopic {
  append(batch: string, letters: readonly DeadLetter[]): Promise<void>;
  /** Everything appended is in the topic. */
  seal(batch: string): Promise<void>;
  acknowledge(batch: string): Promise<void>;
  /** Nothing more of the batch is sent; what the topic has stays there. */
  abandon(batch: string): Promise<void>;
  leave(batch: string): Promise<void>;
  settled(batch: string): Promise<void>;
  /** What an append waits for, with the last failure; empty: nothing. */
  waitsFor(): string;
  stop(): Promise<void>;
}

export interface DeadLetterTopicOptions {
  readonly topic: string;
  readonly pipeline: string;
  readonly producer: MessageProducer;
  readonly clock: Clock;
  readonly log: Log;
}

interface Sending {
  readonly stop: AbortController;
  done: Promise<void>;
}

export function openDeadLetterTopic(options: DeadLetterTopicOptions): DeadLetterTopic {
  const { topic, pipeline, producer, clock, log } = options;
  const batches = new Map<string, Sending>();
  const isDue = seldom(clock);
  /** One after the other: a message that the topic finds too large is judged alone. */
  let tail: Promise<void> = Promise.resolve();
  let waitsFor = '';

  const sendOne = (letter: DeadLetter, batch: string, signal: AbortSignal): Promise<void> => {
    const { key, value, headers } = letterMessage(letter, { pipeline, batch });
    return retry(() => producer.send(topic, key, value, headers), {
      ...{ clock, signal, attempts: Number.POSITIVE_INFINITY },
      ...{ baseMs: LIMITS.letterRetryBaseMs, capMs: LIMITS.letterRetryCapMs },
      decide: (error) => ({ retry: !REFUSALS.has(codeOf(error)) }),
      onRetry: (error) => {
        waitsFor = `the topic ${topic} to take dead letters: ${(error as Error).message}`;
        if (isDue('away')) log.warn({ topic, error }, AWAY);
      },
    });
  };

  async function sendAll(letters: readonly DeadLetter[], batch: string, signal: AbortSignal): Promise<void> {
    for (const group of groupsOf(letters)) {
      const tooLarge = await Promise.all(
        group.map((letter) =>
          sendOne(letter, batch, signal).then(
            () => null,
            (error) => (isTooLarge(error) ? letter : refuse(topic, letter, error)),
          ),
        ),
      );
      // The client joins messages into requests, which the topic measures as one.
      for (const letter of tooLarge)
        if (letter) await sendOne(letter, batch, signal).catch((error) => refuse(topic, letter, error));
      if (waitsFor !== '') log.info({ topic }, 'dead letters: the topic takes them again');
      waitsFor = '';
    }
  }

  const forget = async (batch: string): Promise<void> => {
    batches.get(batch)?.stop.abort(new SinkError('session_lost', 'the batch was abandoned'));
    batches.delete(batch);
    waitsFor = ''; // others say so themselves with their next attempt
  };

  return {
    append(batch, letters) {
      const own = batches.get(batch) ?? { stop: new AbortController(), done: tail };
      batches.set(batch, own);
      own.done = tail.then(() => sendAll(letters, batch, own.stop.signal));
      tail = own.done.catch(() => undefined);
      return own.done;
    },
    seal: async (batch) => batches.get(batch)?.done,
    acknowledge: async (batch) => void batches.delete(batch),
    abandon: forget,
    leave: forget,
    settled: forget,
    waitsFor: () => waitsFor,
    async stop() {
      for (const batch of [...batches.keys()]) await forget(batch);
      await producer.close(LIMITS.letterCloseMs);
    },
  };
}

const AWAY = 'dead letters: the topic cannot be written to; the batch waits';

/** Kafka's numbers, and the client's own below zero, of what waiting does not mend. */
const TOO_LARGE: readonly number[] = [10, 18];
const MISSING: readonly number[] = [3, 17, -188, -190];
const DENIED = 29;
const INVALID: readonly number[] = [44, 87];
const REFUSALS = new Set([...TOO_LARGE, ...MISSING, DENIED, ...INVALID]);

const codeOf = (error: unknown): number => Number((error as { code?: unknown } | null)?.code);
const isTooLarge = (error: unknown): boolean => TOO_LARGE.includes(codeOf(error));

function refuse(topic: string, letter: DeadLetter, error: unknown): never {
  const code = codeOf(error);
  if (error instanceof SinkError || !REFUSALS.has(code)) throw error;
  const why = error instanceof Error ? error.message : String(error);
  if (MISSING.includes(code))
    throw new SinkError('topic_missing', `deadLetters.topic ${topic}: ${why}`, error);
  if (code === DENIED) throw new SinkError('kafka_denied', `deadLetters.topic ${topic}: ${why}`, error);
  const what = `the topic ${topic} does not take the dead letter ${deadLetterId(letter)} of ${bytesOf(letter)} bytes and its reason`;
  const advice = TOO_LARGE.includes(code)
    ? `: raise its max.message.bytes (or message.max.bytes of the brokers)`
    : `: is it compacted, or does a policy of the brokers forbid it`;
  throw new SinkError('dead_letter_unwritable', `${what}${advice}: ${why}`, error);
}

const bytesOf = ({ key, value, headers }: DeadLetter): number =>
  headers.reduce(
    (sum, header) => sum + header.name.length + (header.value?.length ?? 0),
    (key?.length ?? 0) + (value?.length ?? 0),
  );

/** So many are on their way at once: what the client copies is in no budget. */
function* groupsOf(letters: readonly DeadLetter[]): Generator<readonly DeadLetter[]> {
  let group: DeadLetter[] = [];
  let bytes = 0;
  for (const letter of letters) {
    const own = bytesOf(letter);
    if (group.length === LIMITS.lettersInFlight || (bytes > 0 && bytes + own > LIMITS.letterBytesInFlight)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(letter);
    bytes += own;
  }
  if (group.length > 0) yield group;
}
