import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventTime } from '../support/orders.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { until } from '../support/until.ts';
import { AVRO_COLUMNS, AVRO_MAPPING, avroOrders, FIRST_SCHEMA } from './avro-orders.ts';
import { failure } from './pipeline.ts';
import { expectSeldom } from './recovery.ts';
import { query, type Service, startService, untilAcknowledged } from './service.ts';

const TRYING_AGAIN = 'schema registry: trying again';
const MAPPING = `  columns:${AVRO_MAPPING}
    kafka_partition: __partition__
    kafka_offset: __offset__`;
const EACH = 50;

type Answer = (response: ServerResponse, pass: () => void) => void;

/** A door in front of the real registry: what stands in `answers` comes first, once each. */
async function openDoor(registry: Registry) {
  const answers: Answer[] = [];
  const server = createServer(async (request, response) => {
    const pass = async () => {
      const answer = await fetch(new URL(request.url!, registry.url));
      const headers = { 'content-type': answer.headers.get('content-type') ?? 'application/json' };
      response.writeHead(answer.status, headers).end(await answer.text());
    };
    const fault = answers.shift();
    if (fault) fault(response, pass);
    else await pass();
  });
  const listen = (port: number) =>
    new Promise<number>((resolve) => {
      server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  const port = await listen(0);
  const url = `http://127.0.0.1:${port}${new URL(registry.url).pathname}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url, answers, close, open: () => listen(port) };
}

/** A schema of its own, with an id of its own, that means the same. */
const schemaNamed = (name: string) => ({ ...FIRST_SCHEMA, name });

describe('the schema registry fails', () => {
  const bootstrap = inject('kafka');
  const [topic, group] = [uniqueName('orders'), uniqueName('maxsink')];
  const table = topic.replaceAll('-', '_');
  let registry: Registry;
  let door: Awaited<ReturnType<typeof openDoor>>;
  let emulator: EmulatorChild;
  let folder: TempDir;
  let service: Service;
  let sent = 0;

  /** Sends records that a schema describes which nobody has seen yet. */
  const send = async (name: string) => {
    const schema = schemaNamed(name);
    const encode = avroOrders(schema, await registry.register(`${topic}-${name}`, schema));
    const records = Array.from({ length: EACH }, (_, i) => ({ value: encode(i), timestamp: eventTime(i) }));
    await produce(bootstrap, topic, records);
    sent += EACH;
  };
  const flows = async () => {
    const committed = () => committedOffsets(bootstrap, group, topic);
    await untilAcknowledged(committed, await endOffsets(bootstrap, topic));
    const sql = `SELECT COUNT(*), COUNT(DISTINCT kafka_offset) FROM ${table};`;
    expect(await query(emulator, sql), service.tail()).toEqual([[sent, sent]]);
    expect(await service.probe('live')).toBe(200);
  };
  const start = () =>
    startService({
      ...{ folder, bootstrap, topic, group, emulator, table, mapping: MAPPING },
      more: `decode: {value: {format: avro}}\nschemaRegistry: {url: "${door.url}"}\nflush: {interval: 1s}`,
    });

  beforeAll(async () => {
    folder = tempDir();
    [registry, emulator] = await Promise.all([
      startRegistry(),
      startEmulatorChild(),
      createTopic(bootstrap, topic, { topicPartitions: 1 }),
    ]);
    door = await openDoor(registry);
    const columns = `${AVRO_COLUMNS}, kafka_partition BIGINT, kafka_offset BIGINT`;
    await query(emulator, `CREATE TABLE ${table} (${columns});`);
  });
  afterAll(async () => {
    service?.kill('SIGKILL');
    await service?.exited;
    await door?.close();
    await Promise.all([emulator?.stop(), registry?.stop()]);
    folder?.remove();
  });

  it('is not there at the start: the member holds its place and goes on by itself', async () => {
    await door.close();
    await send('AtStart');
    service = await start();
    await service.waitFor(TRYING_AGAIN);
    const retries = () => service.metric('maxsink_registry_retries_total');
    await until(async () => (await retries()) >= 3, { what: 'three attempts' });
    expect(await service.probe('ready')).toBe(200);
    await door.open();
    await flows();
    // Told at once, and not again within the minute.
    expectSeldom(service.logged(TRYING_AGAIN), () => TRYING_AGAIN);
  });

  it.each<[string, Answer]>([
    ['500', (response) => response.writeHead(500).end()],
    ['502 with a page', (response) => response.writeHead(502).end('<html></html>')],
    ['a page instead of a schema', (response) => response.end('<html></html>')],
    ['nothing: the connection is cut', (response) => response.destroy()],
  ])('a new schema id is answered %s, twice: asked again, every row once', async (_, fault) => {
    door.answers.push(fault, fault);
    await send(`After${door.answers.length}${sent}`);
    await flows();
    expect(door.answers).toEqual([]);
  });

  it('answers after three seconds: waits', async () => {
    door.answers.push((_, pass) => void setTimeout(pass, 3_000));
    await send('Slow');
    await flows();
  });

  it('refuses the credentials: ends with the reason, a restart loses nothing', async () => {
    door.answers.push((response) => response.writeHead(401).end());
    await send('Refused');
    expect(await service.exited, service.tail()).toEqual({ code: 1, signal: null });
    expect(failure(service)?.code).toBe('registry_auth');
    service = await start();
    await flows();
    expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });
  });
});
