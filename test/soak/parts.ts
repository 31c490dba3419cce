import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { query } from '../route/service.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { type Kafka, startKafka } from '../support/kafka.ts';
import { freePort } from '../support/net.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { committedOffsets, createTopic, endOffsets } from '../support/topics.ts';
import { createMembers, type Members } from './members.ts';
import { TOPIC_PARTITIONS } from './records.ts';

/** Everything that the faults can reach. */
export interface Parts {
  readonly kafka: Kafka;
  /** Between the members and the broker; the load goes past it. */
  readonly network: FaultyProxy;
  readonly members: Members;
  readonly folder: TempDir;
  readonly topic: string;
  readonly table: string;
  emulator(): EmulatorChild;
  /** SIGKILL; returns when it is gone. */
  killEmulator(): Promise<void>;
  /** With the data and on the port of the killed one. */
  restartEmulator(): Promise<void>;
  /** Topic partition -> end; throws while the broker is away. */
  ends(): Promise<Map<number, number>>;
  /** Whether the group has acknowledged everything below these ends; throws while the broker is away. */
  acknowledged(ends: ReadonlyMap<number, number>): Promise<boolean>;
  stop(): Promise<void>;
}

export interface PartsOptions {
  readonly flushSeconds: number;
  /** Folder for the logs of the processes. */
  readonly logs: string;
  readonly onFailure: (what: string) => void;
}

const TOPIC = 'soak';
const GROUP = 'maxsink-soak';
const TABLE = 'soak_orders';
const COLUMNS =
  'id BIGINT, buyer STRING, amount DECIMAL(18,4), kafka_topic STRING, kafka_partition BIGINT, kafka_offset BIGINT, ingested BIGINT';
const MAPPING = `  columns:
    id: id
    buyer: buyer.name
    amount: amount
    kafka_topic: __topic__
    kafka_partition: __partition__
    kafka_offset: __offset__
    ingested: __ingest_time__
  partitions:
    dt: {time: event_time, format: yyyyMMdd, zone: Asia/Shanghai}
    hr: {time: event_time, format: HH, zone: Asia/Shanghai}`;

/** Members stand behind a listener of their own, which advertises the proxy. */
export async function startParts({ flushSeconds, logs, onFailure }: PartsOptions): Promise<Parts> {
  const folder = tempDir('maxsink-soak-');
  const proxyPort = await freePort();
  const kafka = await startKafka({
    listeners: { PROXIED: 'PLAINTEXT' },
    advertise: { PROXIED: proxyPort },
    overrides: { 'group.coordinator.append.linger.ms': 5 },
  });
  const brokerPort = Number(kafka.listeners.PROXIED!.split(':')[1]);
  const network = await startFaultyProxy(brokerPort, proxyPort);
  const data = ['--data', path.join(folder.path, 'emulator')];
  const startEmulator = async (port?: number): Promise<EmulatorChild> => {
    const child = await startEmulatorChild(data, port);
    void child.exited.then(({ code, signal }) => {
      writeFileSync(path.join(logs, `emulator-${child.pid}.log`), `${child.lines.join('\n')}\n`);
      if (!ending.has(child)) onFailure(`the emulator ended by itself: ${code ?? signal}\n${child.tail()}`);
    });
    return child;
  };
  /** Emulators that end because we say so. */
  const ending = new Set<EmulatorChild>();
  let emulator = await startEmulator();
  const emulatorPort = Number(new URL(emulator.endpoint).port);
  await createTopic(kafka.bootstrap, TOPIC, { topicPartitions: TOPIC_PARTITIONS });
  await query(emulator, `CREATE TABLE ${TABLE} (${COLUMNS}) PARTITIONED BY (dt STRING, hr STRING);`);
  const members = createMembers({
    ...{ folder, topic: TOPIC, group: GROUP, emulator, table: TABLE, mapping: MAPPING, logs, onFailure },
    bootstrap: `127.0.0.1:${proxyPort}`,
    more: `flush: {interval: ${flushSeconds}s}\nmemory: 128MiB\nworkers: 1`,
  });

  return {
    ...{ kafka, network, members, folder, topic: TOPIC, table: TABLE },
    emulator: () => emulator,
    async killEmulator() {
      ending.add(emulator);
      emulator.kill('SIGKILL');
      await emulator.exited;
    },
    async restartEmulator() {
      emulator = await startEmulator(emulatorPort);
    },
    ends: () => endOffsets(kafka.bootstrap, TOPIC),
    async acknowledged(ends) {
      const committed = await committedOffsets(kafka.bootstrap, GROUP, TOPIC);
      return [...ends].every(([tp, end]) => (committed.get(tp)?.offset ?? 0) >= end);
    },
    async stop() {
      await members.end();
      ending.add(emulator);
      await network.stop();
      await Promise.all([emulator.stop(), kafka.stop()]);
      folder.remove();
    },
  };
}
