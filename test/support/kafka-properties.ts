import type { KafkaOptions } from './kafka.ts';

/** Port of each listener of one broker, CONTROLLER and PLAINTEXT among them. */
export type Ports = Readonly<Record<string, number>>;

/** Where one broker of a cluster stands. */
export interface Place {
  readonly id: number;
  readonly data: string;
  /** Of every broker, by its number. */
  readonly ports: ReadonlyMap<number, Ports>;
  /** Listener -> security protocol. */
  readonly protocols: Readonly<Record<string, string>>;
  /** Listener -> port that clients are told, where it is not the listener's own. */
  readonly advertise: Readonly<Record<string, number>>;
}

/** The text of `server.properties` for one broker that is its own controller. */
export function brokerProperties(place: Place, overrides: KafkaOptions['overrides']): string {
  const all = {
    ...identity(place),
    ...listeners(place),
    ...replication(place.ports.size),
    ...QUICK,
    ...overrides,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}=${value}`);
  return lines.join('\n');
}

const identity = ({ id, data, ports }: Place) => {
  const voters = [...ports].map(([node, { CONTROLLER }]) => `${node}@127.0.0.1:${CONTROLLER}`);
  return {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': voters.join(','),
    'log.dirs': data,
  };
};

const listeners = ({ id, ports, protocols, advertise }: Place) => {
  const own = ports.get(id)!;
  const at = (name: string) => `${name}://127.0.0.1:${own[name]}`;
  const told = (name: string) => `${name}://127.0.0.1:${advertise[name] ?? own[name]}`;
  const names = Object.keys(protocols);
  const map = Object.entries(protocols).map(([name, protocol]) => `${name}:${protocol}`);
  return {
    listeners: names.map(at).join(','),
    'advertised.listeners': names
      .filter((name) => name !== 'CONTROLLER')
      .map(told)
      .join(','),
    'listener.security.protocol.map': map.join(','),
  };
};

/** A dead broker counts as alive for so long, also for the one that takes its place. */
export const QUICK_SESSION_MS = 3000;

const replication = (brokers: number) => {
  const factor = Math.min(3, brokers);
  const inSync = factor > 1 ? 2 : 1;
  return {
    'default.replication.factor': factor,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': factor,
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': factor,
    'share.coordinator.state.topic.min.isr': 1,
    // A broker that is too busy to tell its controller that it lives is fenced: alone there is none to take over.
    'broker.session.timeout.ms': factor > 1 ? QUICK_SESSION_MS : 60_000,
  };
};

/** Short waits and small buffers: tests see in seconds what production sees in minutes. */
const QUICK = {
  'auto.create.topics.enable': false,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.num.partitions': 2,
  'group.initial.rebalance.delay.ms': 0,
  // Every commit would cost 5 ms otherwise.
  'group.coordinator.append.linger.ms': 0,
  'group.min.session.timeout.ms': 1000,
  'group.consumer.min.session.timeout.ms': 1000,
  'group.consumer.session.timeout.ms': 6000,
  'group.consumer.min.heartbeat.interval.ms': 500,
  'group.consumer.heartbeat.interval.ms': 1000,
  // Test records carry times of their own, whatever the clock says.
  'log.retention.ms': -1,
  'log.message.timestamp.after.max.ms': '9223372036854775807',
  // The cleaner takes 128 MB at once by default; compaction in under a second instead of ten.
  'log.cleaner.dedupe.buffer.size': 2097152,
  'log.cleaner.io.buffer.size': 65536,
  'log.cleaner.backoff.ms': 200,
  'broker.heartbeat.interval.ms': 500,
  'controller.quorum.election.timeout.ms': 500,
  'controller.quorum.fetch.timeout.ms': 1000,
};
