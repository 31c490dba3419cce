import type { Clock } from '../../clock.ts';
import { asSinkError, SinkError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import { type Consumer, consume, type KafkaFault, type Message } from '../client/client.ts';
import { faultAction } from '../client/faults.ts';
import type { KafkaSettings } from '../client/settings.ts';
import type { Position } from '../source.ts';

/** Consume calls outside a group. Throws what a service would stop for; the rest is kept as `trouble`. */
export interface Polling {
  poll(): Promise<Message[]>;
  /** Ends of logs that were met since the last call. */
  ends(): Position[];
  /**
   * What the brokers answer. They are asked again until `deadline` (ms), since a coordinator may be on the move.
   * A refusal may come as the error of a consume call only, and no answer ever.
   */
  answer<T>(ask: () => Promise<T>, deadline: number): Promise<T>;
  /** The last complaint of the client; null: none. */
  readonly trouble: string | null;
}

const ASK_AGAIN_MS = 200;

export function createPolling(consumer: Consumer, kafka: KafkaSettings, clock: Clock): Polling {
  let trouble: string | null = null;
  const ends: Position[] = [];
  consumer.on('partition.eof', (end: Position) => void ends.push(end));
  consumer.on('event.error', ({ message }: KafkaFault) => {
    trouble = message;
  });

  async function poll(): Promise<Message[]> {
    try {
      return await consume(consumer, LIMITS.pollRecords);
    } catch (error) {
      const action = faultAction(error, kafka);
      if (action.do !== 'poll on') throw action.do === 'stop' ? action.error : asSinkError(error);
      trouble = action.why;
      await clock.sleep(LIMITS.pollWaitMs);
      return [];
    }
  }

  async function once<T>(asked: Promise<T>): Promise<T> {
    let waiting = true;
    const answered = asked.finally(() => {
      waiting = false;
    });
    answered.catch(() => undefined);
    while (waiting) await poll();
    return answered;
  }

  async function answer<T>(ask: () => Promise<T>, deadline: number): Promise<T> {
    for (;;) {
      try {
        return await once(ask());
      } catch (error) {
        const action = error instanceof SinkError ? null : faultAction(error, kafka);
        if (!action) throw error;
        if (action.do === 'stop') throw action.error;
        if (clock.now() >= deadline) throw unanswered(error);
        await clock.sleep(ASK_AGAIN_MS);
      }
    }
  }

  return {
    poll,
    ends: () => ends.splice(0),
    answer,
    get trouble() {
      return trouble;
    },
  };
}

const unanswered = (error: unknown): SinkError =>
  new SinkError('kafka_unreachable', `the brokers did not answer: ${(error as Error).message}`, error);
