import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { AVRO_COLUMNS, AVRO_MAPPING, avroOrders, FIRST_SCHEMA } from '../route/avro-orders.ts';
import { failure } from '../route/pipeline.ts';
import { exitOf, query, type Service, startService, untilAcknowledged } from '../route/service.ts';
import { type AuthFront, startAuthFront } from '../support/auth-front.ts';
import { type Authority, createAuthority } from '../support/certificates.ts';
import { eventTime } from '../support/orders.ts';
import { type EmulatorChild, everythingPrinted, startEmulatorChild, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { createSecrets } from './secrets.ts';

const RECORDS = 50;
const MAPPING = `  columns:${AVRO_MAPPING}
    kafka_partition: __partition__
    kafka_offset: __offset__`;

const secrets = createSecrets();
const password = secrets.make('registry password', ['p: "', ' é密']);
const token = secrets.make('registry token');
const wrong = secrets.make('wrong secret');

const bootstrap = inject('kafka');
const topic = uniqueName('orders');
const folder = tempDir();
const services: Service[] = [];
const pages: string[] = [];
let authority: Authority;
let stranger: Authority;
let registry: Registry;
let otherHost: TlsFront;
let basic: AuthFront;
let bearer: AuthFront;
let emulator: EmulatorChild;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([
    createAuthority(folder),
    createAuthority(folder, 'stranger-ca'),
  ]);
  const issued = await Promise.all([
    authority.issue('registry'),
    authority.issue('other', 'DNS:registry.example'),
  ]);
  [registry, emulator] = await Promise.all([
    startRegistry(issued[0]),
    startEmulatorChild(),
    createTopic(bootstrap, topic, { topicPartitions: 1 }),
  ]);
  otherHost = await startTlsFront(Number(new URL(registry.url).port), issued[1]);
  const login = `Basic ${Buffer.from(`joe:${password}`).toString('base64')}`;
  [basic, bearer] = await Promise.all([
    startAuthFront(registry.url, login),
    startAuthFront(registry.url, `Bearer ${token}`),
  ]);
  const encode = avroOrders(FIRST_SCHEMA, await registry.register(`${topic}-value`, FIRST_SCHEMA));
  const records = Array.from({ length: RECORDS }, (_, i) => ({ value: encode(i), timestamp: eventTime(i) }));
  await produce(bootstrap, topic, records);
  folder.write('password.txt', `${password}\n`);
  folder.write('wrong.txt', wrong);
});

afterAll(async () => {
  for (const service of services) service.kill('SIGKILL');
  await Promise.all(services.map((service) => service.exited));
  await Promise.all([otherHost, basic, bearer, registry, emulator].map((one) => one?.stop()));
  folder.remove();
});

/** A service with a group and a table of its own; `settings` are those of `schemaRegistry`. */
async function start(settings: string) {
  const [group, table] = [uniqueName('maxsink'), uniqueName('orders').replaceAll('-', '_')];
  await query(
    emulator,
    `CREATE TABLE ${table} (${AVRO_COLUMNS}, kafka_partition BIGINT, kafka_offset BIGINT);`,
  );
  const more = `decode: {value: {format: avro}}
schemaRegistry: {${settings}}
flush: {interval: 1s}
log: {level: trace}`;
  const env = { REGISTRY_TOKEN: token, WRONG_SECRET: wrong };
  const options = { folder, bootstrap, topic, group, emulator, table, mapping: MAPPING, more, env };
  services.push(await startService(options));
  const service = services.at(-1)!;
  const arrived = async (): Promise<unknown> => {
    await service.waitFor('topic partitions assigned');
    const committed = () => committedOffsets(bootstrap, group, topic);
    await untilAcknowledged(committed, await endOffsets(bootstrap, topic));
    return query(emulator, `SELECT COUNT(*), COUNT(DISTINCT order_id) FROM ${table};`);
  };
  return { service, arrived };
}

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: the notation of the configuration
const BY_FILE = 'username: joe, password: "${file:password.txt}"';
const BY_ENV = 'token: "${env:REGISTRY_TOKEN}"';
const WRONG_FILE = 'username: joe, password: "${file:wrong.txt}"';
const WRONG_ENV = 'token: "${env:WRONG_SECRET}"';
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: the notation of the configuration

describe.concurrent('records are decoded with schemas of a registry', () => {
  it.each<[string, () => string]>([
    ['over TLS with an own CA', () => `url: "${registry.tlsUrl}", caFile: ${authority.caFile}`],
    ['that asks for a password', () => `url: "${basic.url}", ${BY_FILE}`],
    ['that asks for a token', () => `url: "${bearer.url}", ${BY_ENV}`],
  ])('%s', async (_, settings) => {
    const { service, arrived } = await start(settings());
    expect(await arrived(), service.tail()).toEqual([[RECORDS, RECORDS]]);
    for (const page of ['metrics', 'ready', 'status']) pages.push(await service.page(page));
    expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });
  });
});

describe.concurrent('a registry that refuses, or cannot be trusted, ends the service', () => {
  it.each<[string, () => string, RegExp]>([
    ['wrong password', () => `url: "${basic.url}", ${WRONG_FILE}`, /schema id \d+ from .*Unauthorized/],
    ['no password', () => `url: "${basic.url}"`, /Unauthorized/],
    ['wrong token', () => `url: "${bearer.url}", ${WRONG_ENV}`, /Unauthorized/],
    ['unknown CA', () => `url: "${registry.tlsUrl}", caFile: ${stranger.caFile}`, /certificate/],
    ['no CA', () => `url: "${registry.tlsUrl}"`, /certificate/],
    [
      'certificate for another host',
      () => `url: "https://127.0.0.1:${otherHost.port}/apis/ccompat/v7", caFile: ${authority.caFile}`,
      /altnames: IP: 127\.0\.0\.1/,
    ],
    [
      'https where http is spoken',
      () => `url: "${registry.url.replace('http:', 'https:')}"`,
      /wrong version number/,
    ],
  ])('%s', async (_, settings, message) => {
    const { service } = await start(settings());
    const { code: exit } = await exitOf(service);
    const ended = { exit, error: failure(service)?.code, message: failure(service)?.message };
    expect(ended, service.tail()).toEqual({
      exit: 1,
      error: 'registry_auth',
      message: expect.stringMatching(message),
    });
  });
});

it('no secret was printed', () => {
  expect(everythingPrinted()).toContain('batch acknowledged');
  expect(secrets.foundIn(everythingPrinted())).toEqual([]);
  expect(secrets.foundIn(pages.join('\n'))).toEqual([]);
});
