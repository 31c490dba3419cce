import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPipeline, failure, type Pipeline } from '../route/pipeline.ts';
import { exitOf, type Service } from '../route/service.ts';
import { kafkaTool } from '../support/java.ts';
import {
  type EmulatorChild,
  everythingPrinted,
  startEmulatorChild,
  startMaxsink,
  tempDir,
} from '../support/process.ts';
import { grant, type Right, withdraw } from './acls.ts';
import { createSecrets } from './secrets.ts';
import { type SecureKafka, startSecureKafka } from './secure-kafka.ts';

const secrets = createSecrets();
const odd = secrets.make('PLAIN password', ['a "b" \\', " ='{}$#,é密:"]);
const users = {
  plain: Object.fromEntries(
    ['odd', 'describer', 'reader', 'grouper', 'loses-topic', 'loses-group'].map((name) => [name, odd]),
  ),
  scram256: { s256: secrets.make('SCRAM-SHA-256 password', ['a = b', " 'é密 "]) },
  scram512: {
    s512: secrets.make('SCRAM-SHA-512 password', ['={x} ', ' #%']),
    removed: secrets.make('password of a removed user'),
  },
};
const wrong = secrets.make('wrong password');

const read = (user: string): Right[] => [{ user, on: 'topic', prefix: 'numbers-', may: 'read' }];
const join = (user: string): Right[] => [{ user, on: 'group', prefix: 'maxsink-', may: 'read' }];
const describeOnly = (user: string): Right[] => [{ user, on: 'topic', prefix: 'numbers-', may: 'describe' }];
const everything = (user: string): Right[] => [...read(user), ...join(user)];
const RIGHTS = [
  ...['odd', 's256', 's512', 'CN=client', 'loses-topic', 'loses-group', 'removed'].flatMap(everything),
  ...describeOnly('describer'),
  ...join('describer'),
  ...read('reader'),
  ...join('grouper'),
];

/** `kafka.security` as environment variables. */
type Security = Readonly<Record<string, string>>;
const variables = (security: Security): Record<string, string> =>
  Object.fromEntries(
    Object.entries(security).map(([key, value]) => [`MAXSINK_KAFKA_SECURITY_${snake(key)}`, value]),
  );
const snake = (key: string): string => key.replace(/[A-Z]/g, '_$&').toUpperCase();

let kafka: SecureKafka;
let emulator: EmulatorChild;
const folder = tempDir();
const pipelines: Pipeline[] = [];
const pages: string[] = [];

const pipeline = async (): Promise<Pipeline> => {
  pipelines.push(await createPipeline(kafka.bootstrap, emulator));
  return pipelines.at(-1)!;
};

beforeAll(async () => {
  [kafka, emulator] = await Promise.all([startSecureKafka(folder, users), startEmulatorChild()]);
  await grant(kafka.bootstrap, RIGHTS);
  for (const { keyFile } of [kafka.client, kafka.strangeClient])
    secrets.watch('key of a client certificate', readFileSync(keyFile, 'utf8'));
});

afterAll(async () => {
  await Promise.all(pipelines.map((one) => one.end()));
  await Promise.all([kafka?.stop(), emulator?.stop()]);
  folder.remove();
});

const plain = (username = 'odd', password = odd): Security => ({ mechanism: 'PLAIN', username, password });
const scram = (bits: '256' | '512', password?: string): Security => ({
  mechanism: `SCRAM-SHA-${bits}`,
  username: `s${bits}`,
  password: password ?? (bits === '256' ? users.scram256.s256 : users.scram512.s512),
});
const overTls = (more: Security = {}): Security => ({ caFile: kafka.authority.caFile, ...more });
const own = (): Security => ({ certFile: kafka.client.certFile, keyFile: kafka.client.keyFile });

/** What `check` and `preview` print of the same configuration is looked through too. */
async function lookAt({ file }: Service, env: Record<string, string>): Promise<void> {
  for (const command of [['check'], ['check', '--json'], ['preview', '--from', 'earliest']]) {
    const child = startMaxsink([...command, '-c', file], { env });
    expect(await child.exited, child.tail()).toEqual({ code: 0, signal: null });
  }
}

describe.concurrent('records arrive', () => {
  it.each<[string, string, () => Security]>([
    ['ssl, own CA', 'TLS', () => ({ protocol: 'ssl', ...overTls() })],
    ['ssl, client certificate', 'MTLS', () => ({ protocol: 'ssl', ...overTls(own()) })],
    ['sasl_plaintext, PLAIN', 'SASLPLAIN', () => ({ protocol: 'sasl_plaintext', ...plain() })],
    ['sasl_plaintext, SCRAM-SHA-256', 'SASLPLAIN', () => ({ protocol: 'sasl_plaintext', ...scram('256') })],
    ['sasl_plaintext, SCRAM-SHA-512', 'SASLPLAIN', () => ({ protocol: 'sasl_plaintext', ...scram('512') })],
    ['sasl_ssl, PLAIN', 'SASLTLS', () => ({ protocol: 'sasl_ssl', ...overTls(plain()) })],
    ['sasl_ssl, SCRAM-SHA-256', 'SASLTLS', () => ({ protocol: 'sasl_ssl', ...overTls(scram('256')) })],
    ['sasl_ssl, SCRAM-SHA-512', 'SASLTLS', () => ({ protocol: 'sasl_ssl', ...overTls(scram('512')) })],
  ])('over %s', async (_, listener, security) => {
    const { startAssigned, send, settled, counts } = await pipeline();
    await send(100);
    const service = await startAssigned({
      bootstrap: kafka.listeners[listener]!,
      env: variables(security()),
      more: 'log: {level: trace}',
      kafkaOptions: { debug: 'security,conf,broker' },
    });
    await settled();
    expect(await counts()).toEqual({ rows: 100, distinct: 100, acknowledged: 100 });
    pages.push(await service.page('metrics'), await service.page('ready'), await service.page('status'));
    await lookAt(service, variables(security()));
    expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });
  });
});

/** How a service that cannot go on ended. */
async function ended(service: Service) {
  const { code } = await exitOf(service);
  return { exit: code, error: failure(service)?.code, message: failure(service)?.message };
}

describe.concurrent('a connection that fails is told at the start', () => {
  let shared: Promise<Pipeline> | undefined;

  it.each<[string, string, () => Security, string, RegExp]>([
    [
      'wrong password, PLAIN',
      'SASLPLAIN',
      () => ({ protocol: 'sasl_plaintext', ...plain('odd', wrong) }),
      'kafka_auth',
      /user odd.*user name or password refused.*Invalid username or password/,
    ],
    [
      'wrong password, SCRAM',
      'SASLPLAIN',
      () => ({ protocol: 'sasl_plaintext', ...scram('256', wrong) }),
      'kafka_auth',
      /user s256.*user name or password refused.*invalid credentials/,
    ],
    [
      'wrong password, PLAIN over TLS',
      'SASLTLS',
      () => ({ protocol: 'sasl_ssl', ...overTls(plain('odd', wrong)) }),
      'kafka_auth',
      /user name or password refused/,
    ],
    [
      'wrong password, SCRAM over TLS',
      'SASLTLS',
      () => ({ protocol: 'sasl_ssl', ...overTls(scram('512', wrong)) }),
      'kafka_auth',
      /user name or password refused/,
    ],
    [
      'unknown user',
      'SASLPLAIN',
      () => ({ protocol: 'sasl_plaintext', ...plain('nobody', wrong) }),
      'kafka_auth',
      /user nobody.*user name or password refused/,
    ],
    [
      'mechanism that the listener lacks',
      'ONLYPLAIN',
      () => ({ protocol: 'sasl_plaintext', ...scram('512') }),
      'kafka_auth',
      /does not take the mechanism SCRAM-SHA-512 but: PLAIN/,
    ],
    [
      'unknown CA',
      'TLS',
      () => ({ protocol: 'ssl', caFile: kafka.stranger.caFile }),
      'kafka_auth',
      /signed by "test-ca", which .*stranger-ca\.pem does not hold/,
    ],
    [
      'no CA',
      'TLS',
      () => ({ protocol: 'ssl' }),
      'kafka_auth',
      /signed by "test-ca", which the system does not trust: set caFile/,
    ],
    [
      'certificate for another host',
      'WRONGHOST',
      () => ({ protocol: 'ssl', ...overTls() }),
      'kafka_auth',
      /is for DNS:broker\.example, not for 127\.0\.0\.1/,
    ],
    [
      'client certificate missing',
      'MTLS',
      () => ({ protocol: 'ssl', ...overTls() }),
      'kafka_auth',
      /client certificate.*certFile/,
    ],
    [
      'client certificate of a stranger',
      'MTLS',
      () => ({
        protocol: 'ssl',
        ...overTls({ certFile: kafka.strangeClient.certFile, keyFile: kafka.strangeClient.keyFile }),
      }),
      'kafka_auth',
      /client certificate/,
    ],
    [
      'key of another certificate',
      'MTLS',
      () => ({
        protocol: 'ssl',
        ...overTls({ certFile: kafka.client.certFile, keyFile: kafka.strangeClient.keyFile }),
      }),
      'config_invalid',
      /kafka\.security.*key/,
    ],
    [
      'plaintext to a TLS listener',
      'TLS',
      () => ({}),
      'kafka_auth',
      /protocol plaintext.*this listener speaks TLS/,
    ],
    [
      'TLS to a plaintext listener',
      'PLAINTEXT',
      () => ({ protocol: 'ssl', ...overTls() }),
      'kafka_auth',
      /protocol ssl.*this listener does not speak TLS/,
    ],
    ['no SASL to a SASL listener', 'SASLPLAIN', () => ({}), 'kafka_auth', /another protocol than plaintext/],
    [
      'SASL to a listener without',
      'TLS',
      () => ({ protocol: 'sasl_ssl', ...overTls(plain()) }),
      'kafka_auth',
      /this listener takes no SASL/,
    ],
    ['nobody listens', 'NOBODY', () => ({}), 'kafka_unreachable', /127\.0\.0\.1:1: Connection refused/],
    ['no such host', 'NOHOST', () => ({}), 'kafka_unreachable', /no-such-host\.invalid:9092: .*not known/],
    [
      'no Describe on the topic',
      'SASLPLAIN',
      () => ({ protocol: 'sasl_plaintext', ...plain('grouper') }),
      'kafka_denied',
      /user grouper has no Describe on the topic: numbers-/,
    ],
    [
      'no Read on the topic',
      'SASLPLAIN',
      () => ({ protocol: 'sasl_plaintext', ...plain('describer') }),
      'kafka_denied',
      /user describer has no Read on numbers-/,
    ],
    [
      'no Read on the group',
      'SASLPLAIN',
      () => ({ protocol: 'sasl_plaintext', ...plain('reader') }),
      'kafka_denied',
      /user reader has no Read on the group maxsink-/,
    ],
  ])('%s', async (_, listener, security, code, message) => {
    shared ??= pipeline();
    const elsewhere: Record<string, string> = {
      PLAINTEXT: kafka.bootstrap,
      NOBODY: '127.0.0.1:1',
      NOHOST: 'no-such-host.invalid:9092',
    };
    const bootstrap = elsewhere[listener] ?? kafka.listeners[listener]!;
    const service = await (await shared).start({
      bootstrap,
      env: variables(security()),
      more: 'log: {level: trace}',
      // That of a start that nobody gives longer.
      kafkaOptions: { debug: 'security,conf,broker', 'socket.connection.setup.timeout.ms': 10_000 },
    });
    expect(await ended(service)).toEqual({
      exit: code === 'config_invalid' ? 2 : 1,
      error: code,
      message: expect.stringMatching(message),
    });
  });
});

describe.concurrent('a refusal while records flow ends the service', () => {
  it.each([
    ['loses-topic', read, /user loses-topic has no Read on numbers-/],
    ['loses-group', join, /user loses-group has no Read on the group maxsink-/],
  ] as const)('%s', async (user, right, message) => {
    const { startAssigned, send, settled } = await pipeline();
    const security = { protocol: 'sasl_plaintext', ...plain(user) };
    const service = await startAssigned({ bootstrap: kafka.listeners.SASLPLAIN!, env: variables(security) });
    await send(10);
    await settled();
    await withdraw(kafka.bootstrap, right(user));
    expect(await exitOf(service), service.tail()).toEqual({
      code: 1,
      signal: null,
    });
    expect(failure(service)).toMatchObject({ code: 'kafka_denied', message: expect.stringMatching(message) });
  });

  it('a user that is removed: brokers that refuse him go on refusing', async () => {
    const { startAssigned, send, settled } = await pipeline();
    const { removed } = users.scram512;
    const security = {
      protocol: 'sasl_plaintext',
      mechanism: 'SCRAM-SHA-512',
      username: 'removed',
      password: removed,
    };
    const service = await startAssigned({ bootstrap: kafka.listeners.REAUTH!, env: variables(security) });
    await send(10);
    await settled();
    const what = [
      '--alter',
      '--delete-config',
      'SCRAM-SHA-512',
      '--entity-type',
      'users',
      '--entity-name',
      'removed',
    ];
    await kafkaTool('kafka.admin.ConfigCommand', ['--bootstrap-server', kafka.bootstrap, ...what]);
    await service.waitFor(/ unreachable for .*user name or password refused/);
    expect(await exitOf(service), service.tail()).toEqual({
      code: 1,
      signal: null,
    });
    expect(failure(service)).toMatchObject({
      code: 'kafka_auth',
      message: expect.stringMatching(/user removed.*user name or password refused/),
    });
  });
});

it('no secret was printed', () => {
  expect(everythingPrinted()).toContain('topic partitions assigned');
  expect(secrets.foundIn(everythingPrinted())).toEqual([]);
  expect(secrets.foundIn(pages.join('\n'))).toEqual([]);
});
