import { systemClock } from '../../clock.ts';
import { SinkError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import { connect, consume, createConsumer, type KafkaFault, type RawPosition } from '../client/client.ts';
import { clientProperties, type KafkaSettings } from '../client/settings.ts';
import { within } from '../client/within.ts';

/** Commits offsets of a group without being a member, which Kafka takes only while nobody is in the group. */
export interface OffsetWriter {
  /**
   * Throws `kafka_commit_refused`: error 25 (unknown member) while the group has members; or no answer came.
   * A success may belong to a second copy of the request. The first is harmless: once the group has members again
   * it is refused, and before that it writes the same.
   */
  commit(positions: readonly RawPosition[]): Promise<void>;
  close(): Promise<void>;
}

const CONNECT_MS = 10_000;
const CLOSE_MS = 2_000;
const POLL_MS = 100;

/** Throws `kafka_auth`, `kafka_unreachable` or `config_invalid`. */
export async function openOffsetWriter(kafka: KafkaSettings, memoryBytes: number): Promise<OffsetWriter> {
  let answered: (fault: KafkaFault | null) => void = () => undefined;
  const consumer = createConsumer(
    { ...clientProperties({ ...kafka, instanceId: null }, memoryBytes), 'statistics.interval.ms': 0 },
    { onRebalance: () => undefined, onOffsetCommit: (fault) => answered(fault) },
  );
  const close = () => within(CLOSE_MS, new Promise((resolve) => void consumer.disconnect(() => resolve())));
  try {
    await connect(consumer, CONNECT_MS);
  } catch (error) {
    await close();
    throw error;
  }
  consumer.setDefaultConsumeTimeout(POLL_MS);
  return {
    async commit(positions) {
      const { offsetCommitMs } = LIMITS;
      let why: string | null = `no answer from the group coordinator within ${offsetCommitMs / 1000} s`;
      let waiting = true;
      answered = (fault) => {
        why = fault ? `${fault.message} (${fault.code})` : null;
        waiting = false;
      };
      consumer.commit([...positions]);
      // The answer comes with a consume call.
      for (const end = systemClock.now() + offsetCommitMs; waiting && systemClock.now() < end; )
        await consume(consumer, 1).catch(() => systemClock.sleep(POLL_MS));
      if (why !== null) throw new SinkError('kafka_commit_refused', why);
    },
    close,
  };
}
