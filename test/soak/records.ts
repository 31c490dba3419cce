import { openProducer } from '../../src/demo/cluster.ts';
import { sleep, until } from '../support/until.ts';

/**
 * Numbered records: record `i` is offset `floor(i / TOPIC_PARTITIONS)` of topic partition
 * `i % TOPIC_PARTITIONS`, since one idempotent producer keeps the order. So a row or a dead letter
 * tells by its origin which record it must be.
 */
export const TOPIC_PARTITIONS = 4;
/** Every so many records one is broken: 3 %. */
export const BROKEN_EVERY = 33;

const TICK_MS = 50;
/** A broker that has just come back, and what waited for it. */
const CONFIRM_MS = 120_000;
const HOUR_MS = 3_600_000;
const PADDING = 'x'.repeat(400);
const BROKEN: readonly (string | null)[] = [
  null,
  '{"id": 1',
  '[1,2]',
  'null',
  '{"id":"x","event_time":"soon"}',
];

export const numberOf = (topicPartition: number, offset: number): number =>
  offset * TOPIC_PARTITIONS + topicPartition;
export const isBroken = (i: number): boolean => i % BROKEN_EVERY === 0;
/** Broken ones among the first `records`. */
export const brokenAmong = (records: number): number => Math.ceil(records / BROKEN_EVERY);

/** Three hours of event time: three table partitions, or four, at any moment. */
function contentOf(i: number, now: number): Buffer | null {
  const broken = BROKEN[(i / BROKEN_EVERY) % BROKEN.length];
  if (isBroken(i)) return broken ? Buffer.from(broken) : null;
  const time = now - (i % 3) * HOUR_MS;
  const [name, amount] = [`buyer ${i % 9973} 杭州`, (i % 1_000_000) / 100];
  return Buffer.from(
    `{"id":${i},"event_time":${time},"buyer":{"name":"${name}"},"amount":${amount},"note":"${PADDING}"}`,
  );
}

export interface Load {
  /** Records handed to the client so far. */
  sent(): number;
  /** Ends when every record is confirmed by the broker; the number of records. */
  stop(): Promise<number>;
}

/** Produces `rate` records per second until `stop`; broker outages are waited for in the client's queue. */
export async function startLoad(
  bootstrap: string,
  topic: string,
  rate: number,
  onFailure: (error: Error) => void,
): Promise<Load> {
  const producer = await openProducer(bootstrap, topic, TOPIC_PARTITIONS, onFailure);
  let sent = 0;
  let stopping = false;
  const send = () => {
    const now = Date.now();
    producer.send(sent % TOPIC_PARTITIONS, `${sent}`, contentOf(sent, now), now);
    sent++;
  };
  const run = async () => {
    for (let last = Date.now(), due = 0; !stopping; await sleep(TICK_MS)) {
      const now = Date.now();
      due += ((now - last) * rate) / 1000;
      last = now;
      while (sent < due) send();
    }
  };
  const running = run().catch(onFailure);
  return {
    sent: () => sent,
    async stop() {
      stopping = true;
      await running;
      await until(
        () =>
          producer.flush().then(
            () => producer.delivered === sent,
            () => false,
          ),
        {
          what: 'every record is confirmed',
          deadlineMs: CONFIRM_MS,
        },
      );
      await producer.close();
      return sent;
    },
  };
}
