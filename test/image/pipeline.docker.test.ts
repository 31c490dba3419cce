import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { addFault } from '../route/pipeline.ts';
import { deadLetters, query, untilAcknowledged } from '../route/service.ts';
import { freePort } from '../support/net.ts';
import { BROKEN, eventTime, ORDERS_COLUMNS, ORDERS_MAPPING, order } from '../support/orders.ts';
import { type EmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { until } from '../support/until.ts';
import { type Container, docker, EMULATOR, LOCKED, SERVICE, startContainer } from './docker.ts';

const BROKEN_EVERY = 500;
const TOPIC_PARTITIONS = 4;
const USER = 10001;
const CLEAN = { code: 0, signal: null };

function* records(from: number, to: number) {
  for (let i = from; i < to; i++) {
    const kind = BROKEN[((i / BROKEN_EVERY) % BROKEN.length) | 0]!;
    const broken = i % BROKEN_EVERY === BROKEN_EVERY - 1;
    const value = broken ? (kind === '' ? null : kind) : order(i);
    yield { value, topicPartition: i % TOPIC_PARTITIONS, timestamp: eventTime(i) + 5_000 };
  }
}

const configuration = (bootstrap: string, topic: string, endpoint: string) => `name: orders
kafka: {brokers: "${bootstrap}", topics: [${topic}], groupId: ${topic}, options: {session.timeout.ms: 6000, heartbeat.interval.ms: 500}}
maxcompute:
  endpoint: ${endpoint}
  project: demo
  credentials: {accessKeyId: a, accessKeySecret: k}
table:
  name: ods_orders
  columns:${ORDERS_MAPPING}
    kafka_partition: __partition__
    kafka_offset: __offset__
  partitions:
    dt: {time: event_time, format: yyyyMMdd, zone: Asia/Shanghai}
    hr: {time: event_time, format: HH, zone: Asia/Shanghai}
flush: {interval: 2s}
`;

/** The emulator's default command on a network of its own, its data on a volume. */
async function startEmulator(volume: string): Promise<Container & EmulatorChild> {
  const container = startContainer([...LOCKED, '-v', `${volume}:/var/lib/maxsink`], EMULATOR);
  await container.waitFor('emulator ready', { deadlineMs: 60_000 });
  const address = await container.inspect('{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}');
  const url = `http://${address}:8090`;
  const account = { project: 'demo', accessId: 'a', accessKey: 'k', securityToken: null };
  return { ...container, endpoint: `${url}/api`, tunnelEndpoint: url, ...account };
}

describe('a pipeline in containers without rights and with read-only file systems', () => {
  const bootstrap = inject('kafka');
  const topic = uniqueName('orders');
  const volume = uniqueName('emulator');
  let port: number;
  let folder: TempDir;
  let letters: string;
  let emulator: Container & EmulatorChild;
  let service: Container;
  let sent = 0;

  const send = async (count: number) => {
    await produce(bootstrap, topic, records(sent, sent + count));
    sent += count;
  };
  const start = () => {
    const mounts = [
      '-v',
      `${path.join(folder.path, 'config')}:/etc/maxsink:ro`,
      '-v',
      `${letters}:/var/lib/maxsink`,
    ];
    const env = ['--env', 'MAXSINK_KAFKA_INSTANCE_ID=maxsink-0', '--env', `MAXSINK_HTTP_PORT=${port}`];
    const limits = ['--memory', '600m', '--cpus', '1.5', ...env];
    return startContainer([...LOCKED, '--network', 'host', ...mounts, ...limits], SERVICE);
  };
  const startAssigned = async () => {
    const container = start();
    await container.waitFor('topic partitions assigned', { deadlineMs: 60_000 });
    return container;
  };
  const acknowledged = async () =>
    untilAcknowledged(() => committedOffsets(bootstrap, topic, topic), await endOffsets(bootstrap, topic));
  const probe = (name: string) => fetch(`http://127.0.0.1:${port}/${name}`).then((answer) => answer.status);

  beforeAll(async () => {
    port = await freePort();
    folder = tempDir();
    chmodSync(folder.path, 0o755);
    letters = path.join(folder.path, 'letters');
    for (const name of ['letters', 'config']) mkdirSync(path.join(folder.path, name));
    chownSync(letters, USER, USER);
    emulator = await startEmulator(volume);
    await createTopic(bootstrap, topic, { topicPartitions: TOPIC_PARTITIONS });
    const columns = `${ORDERS_COLUMNS}, kafka_partition BIGINT, kafka_offset BIGINT`;
    await query(emulator, `CREATE TABLE ods_orders (${columns}) PARTITIONED BY (dt STRING, hr STRING);`);
    folder.write('config/maxsink.yaml', configuration(bootstrap, topic, emulator.endpoint));
    await send(10_000);
    service = start();
    await service.waitFor('batch acknowledged', { deadlineMs: 60_000 });
  });

  afterAll(async () => {
    await service?.end();
    await emulator?.end();
    await docker('volume', 'rm', volume).catch(() => {});
    folder?.remove();
  });

  it('is live and ready, and the engine sees it', async () => {
    expect(await probe('live')).toBe(200);
    expect(await probe('ready')).toBe(200);
    const health = async () => (await service.inspect('{{.State.Health.Status}}')) === 'healthy';
    await until(health, { what: 'the health check of the image', deadlineMs: 90_000, everyMs: 1_000 });
  });

  it('docker stop under load: exit 0, and another process goes on', async () => {
    const stop = new AbortController();
    const producing = (async () => {
      while (!stop.signal.aborted) await send(2_000);
    })();
    await service.waitFor('batch acknowledged', { from: service.lines.length, deadlineMs: 60_000 });
    expect(await service.end(), service.tail()).toEqual(CLEAN);
    stop.abort();
    await producing;
    service = await startAssigned();
    await acknowledged();
    expect(await service.end(), service.tail()).toEqual(CLEAN);
  });

  it('a second signal ends it at once; nothing is lost by that', async () => {
    service = await startAssigned();
    const commits = await addFault(emulator, { route: 'commit', action: 'hang' });
    await send(1_000);
    await commits.hit();
    await service.signal('TERM');
    await service.waitFor('stopping: finishing the batch');
    await service.signal('TERM');
    expect(await service.exited).toEqual({ code: 137, signal: null });
    await commits.remove();
    service = await startAssigned();
    await acknowledged();
    expect(await service.end(), service.tail()).toEqual(CLEAN);
  });

  it('moved every record exactly once into the table or to the dead letters', async () => {
    const sql = `SELECT COUNT(*), COUNT(DISTINCT CONCAT(kafka_partition, '-', kafka_offset)) FROM ods_orders;`;
    const rejected = sent / BROKEN_EVERY;
    expect(await query(emulator, sql)).toEqual([[sent - rejected, sent - rejected]]);
    console.log(`${sent} records = ${sent - rejected} rows + ${rejected} dead letters`);
    expect(deadLetters(path.join(letters, 'dead-letters')).size).toBe(rejected);
  });

  it('wrote the dead letters to the mounted volume as its own user', () => {
    const written = path.join(letters, 'dead-letters');
    const owners = readdirSync(written).map((name) => statSync(path.join(written, name)).uid);
    expect([...new Set(owners)]).toEqual([USER]);
  });

  it('without a volume says that dead letters cannot be written, and ends with 1', async () => {
    const config = ['-v', `${path.join(folder.path, 'config')}:/etc/maxsink:ro`];
    const bare = startContainer(
      [...LOCKED, '--network', 'host', '--env', 'MAXSINK_HTTP_PORT=0', ...config],
      SERVICE,
    );
    expect((await bare.exited).code, bare.tail()).toBe(1);
    expect(bare.tail()).toContain('dead letters cannot be written to /var/lib/maxsink/dead-letters');
  });

  it('the emulator keeps its rows over a restart', async () => {
    expect(await emulator.end(), emulator.tail()).toEqual(CLEAN);
    emulator = await startEmulator(volume);
    expect(await query(emulator, 'SELECT COUNT(*) FROM ods_orders;')).toEqual([[sent - sent / BROKEN_EVERY]]);
  });
});
