import path from 'node:path';
import { type EmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { sleep, until } from '../support/until.ts';
import {
  deadLetters,
  query,
  type Service,
  type ServiceOptions,
  startService,
  untilAcknowledged,
} from './service.ts';

/** Small numbered records from a topic of its own to a table of its own, for tests that look at one event. */
export interface Pipeline {
  readonly topic: string;
  readonly group: string;
  readonly table: string;
  readonly folder: TempDir;
  readonly services: readonly Service[];
  start(options?: StartOptions): Promise<Service>;
  /** Starts it and waits until it has topic partitions. */
  startAssigned(options?: StartOptions): Promise<Service>;
  /** Sends `count` more records; record `n` is `{"id": n}` with an event time, or broken when it is asked for. */
  send(count: number, options?: SendOptions): Promise<void>;
  /** Sends until `stop`, which resolves when everything is in the topic. */
  load(): { stop(): Promise<void> };
  /** Everything in the topic is acknowledged. */
  settled(): Promise<void>;
  /** Rows, different rows, and offsets acknowledged; without broken records and losses all three are the same. */
  counts(): Promise<{ readonly rows: number; readonly distinct: number; readonly acknowledged: number }>;
  /** Records sent so far. */
  sent(): number;
  letters(): ReturnType<typeof deadLetters>;
  /** Kills what still runs. */
  end(): Promise<void>;
}

export interface SendOptions {
  readonly brokenEvery?: number;
  /** Topic partitions that get records; 4. */
  readonly topicPartitions?: number;
  /** Characters that make every record longer. */
  readonly pad?: number;
}

export interface StartOptions extends Partial<ServiceOptions> {
  /** `flush.interval` in ms; 1000. */
  readonly intervalMs?: number;
}

const MAPPING = `  columns: {id: id, kafka_partition: __partition__, kafka_offset: __offset__}
  partitions: {hr: {time: event_time, format: HH, zone: UTC}}`;
const MIDNIGHT = Date.UTC(2026, 10, 20);
const TOPIC_PARTITIONS = 4;
const LOAD_AHEAD = 100_000;

export async function createPipeline(
  bootstrap: string,
  emulator: EmulatorChild,
  tablePartitions = 2,
  replicas = 1,
): Promise<Pipeline> {
  const folder = tempDir();
  const [topic, group] = [uniqueName('numbers'), uniqueName('maxsink')];
  const table = topic.replaceAll('-', '_');
  await createTopic(bootstrap, topic, { topicPartitions: TOPIC_PARTITIONS, replicas });
  const columns = 'id BIGINT, kafka_partition BIGINT, kafka_offset BIGINT';
  await query(emulator, `CREATE TABLE ${table} (${columns}) PARTITIONED BY (hr STRING);`);

  const services: Service[] = [];
  let sent = 0;

  function* records(
    count: number,
    { brokenEvery = 0, topicPartitions = TOPIC_PARTITIONS, pad = 0 }: SendOptions,
  ) {
    const more = pad > 0 ? `, "pad": "${'.'.repeat(pad)}"` : '';
    for (const end = sent + count; sent < end; sent++) {
      const timestamp = MIDNIGHT + (sent % tablePartitions) * 3_600_000;
      const broken = brokenEvery > 0 && sent % brokenEvery === 0;
      const value = broken ? `{"id": ${sent}` : `{"id": ${sent}, "event_time": ${timestamp}${more}}`;
      // Not `sent % 4`: every topic partition has records for every table partition.
      yield { value, topicPartition: Math.floor(sent / 7) % topicPartitions, timestamp };
    }
  }
  const committed = () => committedOffsets(bootstrap, group, topic);
  const send: Pipeline['send'] = async (count, options = {}) => {
    await produce(bootstrap, topic, records(count, options), { 'enable.idempotence': true });
  };

  const start: Pipeline['start'] = async ({ intervalMs = 1000, more = '', ...over } = {}) => {
    const options = { folder, bootstrap, topic, group, emulator, table, mapping: MAPPING };
    services.push(
      await startService({ ...options, ...over, more: `flush: {interval: ${intervalMs}ms}\n${more}` }),
    );
    return services.at(-1)!;
  };

  return {
    ...{ topic, group, table, folder, services, send, start },
    async startAssigned(options) {
      const service = await start(options);
      await service.waitFor('topic partitions assigned');
      return service;
    },
    load() {
      const stop = new AbortController();
      const acknowledged = async () =>
        [...(await committed()).values()].reduce((sum, { offset }) => sum + offset, 0);
      // What lies ahead of the service is bounded: a slow one has to get through it in the end.
      const tooFar = async () => sent - (await acknowledged().catch(() => sent)) > LOAD_AHEAD;
      const ended = (async () => {
        while (!stop.signal.aborted) {
          await send(5_000);
          while (!stop.signal.aborted && (await tooFar())) await sleep(100);
        }
      })();
      return {
        stop() {
          stop.abort();
          return ended;
        },
      };
    },
    async settled() {
      // A broker that has just come back answers some questions with an error.
      const ends = await until(() => endOffsets(bootstrap, topic).catch(() => null), { what: 'the ends' });
      await untilAcknowledged(() => committed().catch(() => new Map()), ends).catch((error) => {
        throw new Error(`${error.message}\n${services.map((service) => service.tail()).join('\n--\n')}`);
      });
    },
    async counts() {
      const sql = `SELECT COUNT(*), COUNT(DISTINCT CONCAT(kafka_partition, '-', kafka_offset)) FROM ${table};`;
      const [[rows, distinct]] = (await query(emulator, sql)) as [[number, number]];
      const offsets = [...(await committed()).values()].map(({ offset }) => offset);
      return { rows, distinct, acknowledged: offsets.reduce((sum, offset) => sum + offset, 0) };
    },
    sent: () => sent,
    letters: () => deadLetters(path.join(folder.path, 'dead-letters')),
    async end() {
      for (const service of services) service.kill('SIGKILL');
      await Promise.all(services.map((service) => service.exited));
      folder.remove();
    },
  };
}

/** The error that ended the service, from its last log line; null when there is none. */
export function failure(service: Service): { code: string; message: string; hint: string } | null {
  const line = service.lines.findLast((one) => one.startsWith('{"level":"error"'));
  return line === undefined ? null : JSON.parse(line).error;
}

/** Faults of the emulator over HTTP. */
export async function addFault(emulator: EmulatorChild, rule: object): Promise<Fault> {
  const url = `${emulator.tunnelEndpoint}/_control`;
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(rule) });
  if (!answer.ok) throw new Error(`fault refused: ${await answer.text()}`);
  const { id } = (await answer.json()) as { id: number };
  const applied = async () => {
    const rules = (await (await fetch(url)).json()) as { id: number; applied: number }[];
    return rules.find((one) => one.id === id)?.applied ?? 0;
  };
  return {
    applied,
    hit: (times = 1) =>
      until(async () => (await applied()) >= times, {
        what: `the fault ${JSON.stringify(rule)} is met`,
        everyMs: 50,
      }),
    remove: async () => void (await fetch(`${url}?id=${id}`, { method: 'DELETE' })),
  };
}

/** Removes every fault, and lets go what hangs on them. */
export const clearFaults = async (emulator: EmulatorChild): Promise<void> =>
  void (await fetch(`${emulator.tunnelEndpoint}/_control`, { method: 'DELETE' }));

export interface Fault {
  /** Calls that it was applied to. */
  applied(): Promise<number>;
  /** Waits until it was applied so often. */
  hit(times?: number): Promise<unknown>;
  /** Lets go what hangs on it. */
  remove(): Promise<void>;
}
