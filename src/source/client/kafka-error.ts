import { SinkError } from '../../errors.ts';

// Kafka's numbers of errors.
export const UNKNOWN_TOPIC = 3;
export const TOPIC_DENIED = 29;

/** Something thrown by the client library, as an error of the catalogue. */
export function kafkaError(what: string, thrown: unknown): SinkError {
  if (thrown instanceof SinkError) return thrown;
  const { code, message } = thrown as { code?: unknown; message: string };
  return new SinkError(
    code === TOPIC_DENIED ? 'kafka_denied' : 'kafka_unreachable',
    `${what}: ${message}`,
    thrown,
  );
}
