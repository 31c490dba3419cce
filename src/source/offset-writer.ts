import { systemClock } from '../clock.ts';
import { connect, consume, createConsumer, type RawPosition } from './client.ts';
import { createCommitter } from './committer.ts';
import { clientProperties, type KafkaSettings } from './settings.ts';
import { within } from './within.ts';

/** Commits offsets of a group without being a member, which Kafka takes only while nobody is in the group. */
export interface OffsetWriter {
  /** Throws `kafka_commit_refused`: error 25 (unknown member) while the group has members. After that it takes no more. */
  commit(positions: readonly RawPosition[]): Promise<void>;
  close(): Promise<void>;
}

const CONNECT_MS = 10_000;
const CLOSE_MS = 2_000;
const POLL_MS = 100;

/** Throws `kafka_auth`, `kafka_unreachable` or `config_invalid`. */
export async function openOffsetWriter(kafka: KafkaSettings, memoryBytes: number): Promise<OffsetWriter> {
  const properties = { ...clientProperties({ ...kafka, instanceId: null }, memoryBytes) };
  const consumer = createConsumer(
    { ...properties, 'statistics.interval.ms': 0 },
    {
      onRebalance: () => undefined,
      onOffsetCommit: (fault, positions) => committer.answered(fault, positions),
    },
  );
  const committer = createCommitter((positions) => consumer.commit(positions), systemClock);
  const close = () => within(CLOSE_MS, new Promise((resolve) => void consumer.disconnect(() => resolve())));
  try {
    await connect(consumer, CONNECT_MS);
  } catch (error) {
    await close();
    throw error;
  }
  consumer.setDefaultConsumeTimeout(POLL_MS);
  // Answers come with consume calls.
  const poll = () => consume(consumer, 1).catch(() => systemClock.sleep(POLL_MS));
  return {
    async commit(positions) {
      let waiting = true;
      const answer = committer.commit(positions).finally(() => {
        waiting = false;
      });
      answer.catch(() => undefined); // thrown below
      while (waiting) await poll();
      await answer;
    },
    close,
  };
}
