import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { letterTableStatement } from '../../src/letter-table.ts';
import { query } from '../route/service.ts';
import { type Load, startLoad, TOPIC_PARTITIONS } from '../soak/records.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { type Kafka, startOwnKafka } from '../support/kafka.ts';
import { freePort } from '../support/net.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { ROOT } from '../support/project.ts';
import { readAll } from '../support/records.ts';
import { createTopic, uniqueName } from '../support/topics.ts';
import { type Crew, createCrew } from './crew.ts';

export interface WorldOptions {
  /** Of a broker that others use too; ignored with `own`. */
  readonly bootstrap: string;
  /** A cluster of its own with so many brokers; 0: none. */
  readonly brokers?: 0 | 1 | 3;
  readonly guarantee?: 'exactly_once' | 'at_least_once';
  /** Records per second; 300. */
  readonly rate?: number;
  /** `ledger.onUnknown`. */
  readonly onUnknown?: 'stop' | 'assume_committed' | 'replay';
  /** Where dead letters go; a folder unless told. */
  readonly deadLetters?: 'topic' | 'table';
  /** Members keep their places in the group over a restart. */
  readonly staticMembers?: boolean;
}

/** What one scenario has for itself: a topic, a group, a table in a MaxCompute of its own, members, load. */
export interface World {
  readonly guarantee: 'exactly_once' | 'at_least_once';
  readonly kafka: Kafka | null;
  readonly bootstrap: string;
  readonly topic: string;
  readonly group: string;
  readonly table: string;
  readonly folder: TempDir;
  readonly letters: string;
  /** Of dead letters that are elsewhere; null: they are in the folder. */
  readonly readLetters: (() => Promise<readonly { partition: number; offset: number }[]>) | null;
  readonly crew: Crew;
  readonly load: Load;
  /** Between the members and the broker, when it is a cluster of its own with one broker. */
  readonly toKafka: FaultyProxy | null;
  readonly toMaxCompute: FaultyProxy;
  emulator(): EmulatorChild;
  /** SIGKILL. */
  killEmulator(): Promise<void>;
  /** The same data, the same port. */
  restartEmulator(): Promise<void>;
  readonly failures: string[];
  /** Runs before the folder is removed. */
  atEnd(release: () => void): void;
  end(): Promise<void>;
}

const COLUMNS = 'id BIGINT, kafka_partition BIGINT, kafka_offset BIGINT, ingested BIGINT';
const MAPPING = `  columns: {id: id, kafka_partition: __partition__, kafka_offset: __offset__, ingested: __ingest_time__}
  partitions:
    dt: {time: event_time, format: yyyyMMdd, zone: UTC}
    hr: {time: event_time, format: HH, zone: UTC}`;
/** The group goes on without a member that is silent for so long. */
export const SESSION_MS = 2_000;
/** Longer than a restart. */
const STATIC_SESSION_MS = 15_000;

export async function createWorld(name: string, options: WorldOptions): Promise<World> {
  const folder = tempDir('maxsink-chaos-');
  const logs = path.join(ROOT, '.cache', 'chaos-logs');
  mkdirSync(logs, { recursive: true });
  const { kafka, bootstrap, forMembers, toKafka } = await startBrokers(options);
  const [topic, group] = [uniqueName('chaos'), uniqueName('maxsink-chaos')];
  const table = topic.replaceAll('-', '_');
  const failures: string[] = [];
  const releasers: (() => void)[] = [];
  const data = ['--data', path.join(folder.path, 'emulator')];
  let emulator = await startEmulatorChild(data);
  const port = Number(new URL(emulator.endpoint).port);
  const toMaxCompute = await startFaultyProxy(port);
  await createTopic(bootstrap, topic, { topicPartitions: TOPIC_PARTITIONS, replicas: options.brokers || 1 });
  await query(emulator, `CREATE TABLE ${table} (${COLUMNS}) PARTITIONED BY (dt STRING, hr STRING);`);
  const letters = path.join(folder.path, 'dead-letters');
  const endpoint = `http://127.0.0.1:${toMaxCompute.port}`;
  const elsewhere = await placeLetters(options.deadLetters, bootstrap, table, () => emulator);
  const deadLetters = elsewhere?.yaml ?? `{file: ${letters}}`;
  const place = { topic, group, table, deadLetters, endpoint, brokers: forMembers };
  const { staticMembers = false } = options;
  const config = yaml(place, emulator, options);
  const crew = createCrew({ folder, logs, name: slug(name), yaml: config, staticMembers });
  const load = await startLoad(bootstrap, topic, options.rate ?? 300, (error) =>
    failures.push(`load: ${error.message}`),
  );
  return {
    guarantee: options.guarantee ?? 'exactly_once',
    ...{ kafka, bootstrap, topic, group, table, folder, letters, crew, load },
    ...{ toKafka, toMaxCompute, failures, readLetters: elsewhere?.read ?? null },
    emulator: () => emulator,
    async killEmulator() {
      emulator.kill('SIGKILL');
      await emulator.exited;
    },
    async restartEmulator() {
      emulator = await startEmulatorChild(data, port);
    },
    atEnd: (release) => void releasers.push(release),
    async end() {
      await crew.end();
      for (const release of releasers) release();
      await Promise.all([toMaxCompute.stop(), toKafka?.stop(), emulator.stop(), kafka?.stop()]);
      folder.remove();
    },
  };
}

/** The topic or table of dead letters, and how they are read there. In a topic a letter counts once, however often it is there. */
async function placeLetters(
  kind: WorldOptions['deadLetters'],
  bootstrap: string,
  table: string,
  emulator: () => EmulatorChild,
) {
  if (kind === 'topic') {
    const topic = await createTopic(bootstrap, uniqueName('chaos-dead'), { topicPartitions: 2 });
    const read = async () => {
      const ids = (await readAll(bootstrap, topic)).map(({ headers = [] }) =>
        (headers as Record<string, Buffer>[]).map((one) => String(one['maxsink-id'] ?? '')).join(''),
      );
      return [...new Set(ids)].map((id) => {
        const [partition, offset] = id.split('-').slice(-2).map(Number);
        return { partition: partition!, offset: offset! };
      });
    };
    return { yaml: `{topic: ${topic}}`, read };
  }
  if (kind !== 'table') return null;
  const letters = `${table}_errors`;
  const config = { maxcompute: { project: emulator().project, schema: null } };
  await query(emulator(), letterTableStatement(config, letters));
  const read = async () => {
    const rows = await query(emulator(), `SELECT kafka_partition, kafka_offset FROM ${letters} LIMIT 10000;`);
    return rows.map(([partition, offset]) => ({ partition: Number(partition), offset: Number(offset) }));
  };
  return { yaml: `{table: ${letters}}`, read };
}

const slug = (name: string): string => name.replaceAll(/[^a-z0-9]+/gi, '-');

/** Members stand behind a listener of their own, which advertises the proxy; one broker only. */
async function startBrokers({ brokers = 0, bootstrap }: WorldOptions) {
  if (brokers === 0) return { kafka: null, bootstrap, forMembers: bootstrap, toKafka: null };
  if (brokers === 3) {
    const kafka = await startOwnKafka({ brokers });
    return { kafka, bootstrap: kafka.bootstrap, forMembers: kafka.bootstrap, toKafka: null };
  }
  const port = await freePort();
  const kafka = await startOwnKafka({ listeners: { PROXIED: 'PLAINTEXT' }, advertise: { PROXIED: port } });
  const toKafka = await startFaultyProxy(Number(kafka.listeners.PROXIED!.split(':')[1]), port);
  return { kafka, bootstrap: kafka.bootstrap, forMembers: `127.0.0.1:${port}`, toKafka };
}

interface Place {
  readonly topic: string;
  readonly group: string;
  readonly table: string;
  readonly deadLetters: string;
  readonly endpoint: string;
  readonly brokers: string;
}

function yaml(place: Place, emulator: EmulatorChild, options: WorldOptions): string {
  const { topic, group, table, deadLetters, endpoint, brokers } = place;
  const { guarantee = 'exactly_once', onUnknown = 'stop' } = options;
  // One broker appends at once; three may take as long as `offsets.commit.timeout.ms`, which is 5 s.
  const settle = options.brokers === 3 ? '5s' : '300ms';
  const sessionMs = options.staticMembers ? STATIC_SESSION_MS : SESSION_MS;
  const kafkaOptions = {
    ...{ 'session.timeout.ms': sessionMs, 'heartbeat.interval.ms': 300 },
    // A broker that was killed takes longer than the ten seconds of a start to come back, where much else runs.
    'socket.connection.setup.timeout.ms': 60_000,
  };
  return `name: ${table}
guarantee: ${guarantee}
kafka: {brokers: "${brokers}", topics: [${topic}], groupId: ${group}, options: ${JSON.stringify(kafkaOptions)}}
maxcompute:
  endpoint: ${endpoint}/api
  tunnelEndpoint: ${endpoint}
  project: ${emulator.project}
  credentials: {accessKeyId: ${emulator.accessId}, accessKeySecret: ${emulator.accessKey}}
table:
  name: ${table}
${MAPPING}
deadLetters: ${deadLetters}
ledger: {settle: ${settle}, onUnknown: ${onUnknown}}
flush: {interval: 1s}
workers: 1
memory: 64MiB
http: null
`;
}
