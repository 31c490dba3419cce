import { LIMITS } from '../../limits.ts';

const MiB = 1024 * 1024;

/** What the source needs of the configuration (`kafka` and `memory`). */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly topics: readonly string[] | null;
  readonly topicPattern: string | null;
  readonly groupId: string;
  readonly instanceId: string | null;
  readonly security: {
    readonly protocol: string;
    readonly mechanism: string | null;
    readonly username: string | null;
    readonly password: { reveal(): string } | null;
    readonly caFile: string | null;
    readonly certFile: string | null;
    readonly keyFile: string | null;
  };
  readonly options: Readonly<Record<string, string | number | boolean>>;
}

/** Share of `memory` that the client library may fill with records nobody has polled yet. */
export const clientQueueBytes = (memoryBytes: number): number =>
  Math.max(MiB, Math.min(16 * MiB, Math.floor(memoryBytes / 8)));

/** A service that cannot start says so within 15 s, its own start included. */
const CONNECT_MS = 10_000;
const SETUP = 'socket.connection.setup.timeout.ms';

/** How long the brokers may take to answer at the start, ms: longer where the options give a connection longer. */
export const connectMs = ({ options }: Pick<KafkaSettings, 'options'>): number =>
  Math.max(CONNECT_MS, Number(options[SETUP] ?? 0));

/** Data region of a chunk: 4 MiB, smaller when the budget is small. */
export const chunkBytesFor = (memoryBytes: number): number =>
  Math.max(LIMITS.chunkBytesMin, Math.min(LIMITS.chunkBytes, Math.floor(memoryBytes / 32)));

/**
 * librdkafka properties. Those with a reason beside them were measured; `options` can overrule the rest.
 * Unset keys are left out: a key with the value `undefined` reaches the library as that word.
 */
export function clientProperties(
  kafka: KafkaSettings,
  memoryBytes: number,
): Record<string, string | number | boolean> {
  return {
    'client.id': 'maxsink',
    'socket.keepalive.enable': true,
    ...kafka.options,
    // Statistics tell the last stable offset of each topic partition, and how often a commit was sent.
    'statistics.interval.ms': 5000,
    'bootstrap.servers': kafka.brokers.join(','),
    'group.id': kafka.groupId,
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    'auto.offset.reset': 'error',
    'partition.assignment.strategy': 'range',
    'isolation.level': 'read_committed',
    'enable.partition.eof': true,
    'allow.auto.create.topics': false,
    // An offset commit that is answered sooner was sent once (`committer.ts`).
    'retry.backoff.ms': LIMITS.resendMs,
    'retry.backoff.max.ms': LIMITS.resendMs,
    ...fetchProperties(memoryBytes),
    'receive.message.max.bytes': 1_000_000_000,
    ...(kafka.instanceId === null ? {} : { 'group.instance.id': kafka.instanceId }),
    ...securityProperties(kafka.security),
  };
}

/**
 * The same brokers, options and security; the library ignores what is for consumers only. How long a message may be is
 * the topic's to say, and how much waits is bounded by who sends. Idempotence asks for a right on the cluster that
 * nothing needs: messages carry a name that tells copies.
 */
export function producerProperties(kafka: KafkaSettings): Record<string, string | number | boolean> {
  return {
    'client.id': 'maxsink',
    'socket.keepalive.enable': true,
    ...kafka.options,
    'bootstrap.servers': kafka.brokers.join(','),
    'statistics.interval.ms': 0,
    acks: 'all',
    'message.timeout.ms': 15_000,
    'enable.idempotence': false,
    'queue.buffering.max.kbytes': 2_097_151,
    'message.max.bytes': 1_000_000_000,
    ...securityProperties(kafka.security),
  };
}

/** What decides speed and memory of the client; logged at start. */
export function fetchProperties(memoryBytes: number): Record<string, number> {
  const queueBytes = clientQueueBytes(memoryBytes);
  return {
    // The default of 1000 makes a full queue pause fetching for a second: four times slower.
    'fetch.queue.backoff.ms': 10,
    'queued.max.messages.kbytes': Math.floor(queueBytes / 1024),
    'fetch.max.bytes': queueBytes,
  };
}

function securityProperties(security: KafkaSettings['security']): Record<string, string> {
  const pairs: [string, string | null | undefined][] = [
    ['security.protocol', security.protocol],
    ['sasl.mechanisms', security.mechanism],
    ['sasl.username', security.username],
    ['sasl.password', security.password?.reveal()],
    ['ssl.ca.location', security.caFile],
    ['ssl.certificate.location', security.certFile],
    ['ssl.key.location', security.keyFile],
  ];
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] != null));
}
