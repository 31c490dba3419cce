import { z } from 'zod';
import {
  choice,
  EVEN_IF_WRONG,
  facts,
  leaf,
  list,
  matching,
  nullable,
  parseInstant,
  pemFile,
  secret,
  text,
} from './leaf.ts';
import { Secret } from './secret.ts';

export const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;
const BROKER = /^([A-Za-z_]+:\/\/)?([\w.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?$/;

/** Properties of librdkafka that maxsink sets itself, with the key to use, or null when there is none. */
const OWNED: Readonly<Record<string, string | null>> = {
  'bootstrap.servers': 'kafka.brokers',
  'metadata.broker.list': 'kafka.brokers',
  'group.id': 'kafka.groupId',
  'group.instance.id': 'kafka.instanceId',
  'auto.offset.reset': 'kafka.startAt',
  'security.protocol': 'kafka.security.protocol',
  'sasl.mechanism': 'kafka.security.mechanism',
  'sasl.mechanisms': 'kafka.security.mechanism',
  'sasl.username': 'kafka.security.username',
  'sasl.password': 'kafka.security.password',
  'ssl.ca.location': 'kafka.security.caFile',
  'ssl.ca.pem': 'kafka.security.caFile',
  'ssl.certificate.location': 'kafka.security.certFile',
  'ssl.certificate.pem': 'kafka.security.certFile',
  'ssl.key.location': 'kafka.security.keyFile',
  'ssl.key.pem': 'kafka.security.keyFile',
  'allow.auto.create.topics': null,
  'auto.commit.enable': null,
  'auto.commit.interval.ms': null,
  'enable.auto.commit': null,
  'enable.auto.offset.store': null,
  'enable.partition.eof': null,
  'fetch.max.bytes': null,
  'fetch.queue.backoff.ms': null,
  'group.protocol': null,
  'group.protocol.type': null,
  'group.remote.assignor': null,
  'isolation.level': null,
  'offset.store.method': null,
  'offset.store.path': null,
  'offset.store.sync.interval.ms': null,
  'partition.assignment.strategy': null,
  'plugin.library.paths': null,
  'queued.max.messages.kbytes': 'memory',
  'receive.message.max.bytes': null,
  'retry.backoff.max.ms': null,
  'retry.backoff.ms': null,
  'statistics.interval.ms': null,
  kafkaJS: null,
};

const EAGER = 'exactly once is proven for the classic group protocol with the eager range assignor only';

/** Of those without a key, why there is none. */
const REASONS: Readonly<Record<string, string>> = {
  'group.protocol': EAGER,
  'group.protocol.type': EAGER,
  'group.remote.assignor': EAGER,
  'partition.assignment.strategy': EAGER,
};

/** Why this librdkafka property cannot be given in `kafka.options`, or undefined when it can. */
function refuseProperty(property: string): string | undefined {
  const reason = Object.hasOwn(REASONS, property) ? REASONS[property] : undefined;
  if (reason) return `maxsink sets this property itself: ${reason}`;
  const key = Object.hasOwn(OWNED, property) ? OWNED[property] : undefined;
  if (key) return `maxsink sets this property itself: use ${key}`;
  if (property.startsWith('sasl.'))
    return 'other ways to sign in come with a later version: use kafka.security';
  if (key === null || property.endsWith('_cb')) return 'maxsink sets this property itself: leave it out';
  return undefined;
}

const security = z
  .strictObject({
    protocol: choice(['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'])
      .prefault('plaintext')
      .describe('How brokers are spoken to.'),
    mechanism: nullable(
      choice(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], ['OAUTHBEARER', 'GSSAPI', 'AWS_MSK_IAM']),
    ).describe('SASL mechanism; needed with sasl_plaintext and sasl_ssl.'),
    username: nullable(text()).describe('SASL user name.'),
    password: nullable(secret()).describe('SASL password.'),
    caFile: nullable(pemFile('CERTIFICATE')).describe(
      'PEM file of the certificate authorities to trust; null: those of the system. Relative to the folder of this file.',
    ),
    certFile: nullable(pemFile('CERTIFICATE')).describe('PEM file of the client certificate, with keyFile.'),
    keyFile: nullable(pemFile('PRIVATE KEY')).describe('PEM file of the key of the client certificate.'),
  })
  .superRefine((value, context) => {
    for (const [key, message] of securityProblems(value))
      context.addIssue({ code: 'custom', path: [key], message });
  }, EVEN_IF_WRONG)
  .prefault({});

type Security = Readonly<
  Partial<Record<'mechanism' | 'username' | 'password' | 'caFile' | 'certFile' | 'keyFile', unknown>>
> & {
  readonly protocol?: string;
};

/** Keys that must stand together, each with what is wrong. */
function* securityProblems(security: Security): Generator<[string, string]> {
  const { protocol } = security;
  if (protocol === undefined) return;
  for (const key of ['mechanism', 'username', 'password'] as const) {
    if (protocol.startsWith('sasl_') && security[key] === null) yield [key, `protocol ${protocol} needs it`];
    if (!protocol.startsWith('sasl_') && security[key] != null)
      yield [key, `never used with protocol ${protocol}: choose sasl_plaintext or sasl_ssl, or remove it`];
  }
  for (const key of ['username', 'password'] as const) {
    const value = security[key];
    if (/^\s/.test(value instanceof Secret ? value.reveal() : String(value ?? '')))
      yield [key, 'begins with a blank, which the Kafka client would cut off'];
  }
  for (const key of ['caFile', 'certFile', 'keyFile'] as const) {
    if (!protocol.endsWith('ssl') && security[key] != null)
      yield [key, `never used with protocol ${protocol}: choose ssl or sasl_ssl, or remove it`];
  }
  if (security.certFile != null && security.keyFile === null) yield ['keyFile', 'certFile needs it'];
  if (security.keyFile != null && security.certFile === null) yield ['certFile', 'keyFile needs it'];
}

const startAt = leaf<'earliest' | 'latest' | { timestamp: number }>({
  type: 'earliest | latest | time',
  expected: 'earliest, latest or a time with its zone such as 2026-11-20T00:00:00+08:00',
  json: { type: 'string', minLength: 1 },
  parse: (input) => {
    if (input === 'earliest' || input === 'latest') return input;
    const timestamp = parseInstant(input);
    return timestamp === undefined ? undefined : { timestamp };
  },
});

const topicPattern = leaf({
  type: 'regular expression',
  expected: 'a regular expression that starts with ^',
  json: { type: 'string', minLength: 1 },
  parse: (input) => (typeof input === 'string' && /^\^./.test(input) && compiles(input) ? input : undefined),
});

function compiles(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

const property = leaf({
  type: 'text, number or boolean',
  expected: 'text, a number, true or false',
  json: { type: ['string', 'number', 'boolean'] },
  parse: (input) =>
    typeof input === 'string' ||
    typeof input === 'boolean' ||
    (typeof input === 'number' && Number.isFinite(input))
      ? input
      : undefined,
});

const options = z
  .record(z.string(), property)
  .superRefine((value, context) => {
    for (const name of Object.keys(value)) {
      const message = refuseProperty(name);
      if (message) context.addIssue({ code: 'custom', path: [name], message });
    }
  }, EVEN_IF_WRONG)
  .register(facts, { type: 'map', json: {}, hidden: true })
  .prefault({})
  .describe(
    'librdkafka properties, but not those that maxsink sets itself (they are refused, naming the key to use).',
  );

export const kafka = z
  .strictObject({
    brokers: list(BROKER, 'a list of host:port').describe('First brokers to ask, host:port.'),
    topics: nullable(list(TOPIC, 'a list of topic names')).describe(
      'Topics to read; either this or topicPattern.',
    ),
    topicPattern: nullable(topicPattern).describe(
      'Regular expression, starting with ^; topics created later are found too.',
    ),
    groupId: nullable(text()).describe('Consumer group; null: maxsink-<name>.'),
    instanceId: nullable(
      matching(/^[A-Za-z0-9._-]{1,249}$/, 'letters, digits, dot, hyphen and underscore'),
    ).describe(
      'Static membership: a restart within session.timeout.ms moves no topic partition. Different in every process.',
    ),
    startAt: startAt
      .prefault('earliest')
      .describe('Where a new group starts: earliest, latest or a time. Ignored once the group has offsets.'),
    security,
    options,
  })
  .superRefine((value, context) => {
    const { topics, topicPattern } = value;
    if (topics === null && topicPattern === null)
      context.addIssue({
        code: 'custom',
        path: ['topics'],
        message: 'give kafka.topics or kafka.topicPattern',
      });
    if (topics && topicPattern)
      context.addIssue({
        code: 'custom',
        path: ['topicPattern'],
        message: 'give either kafka.topics or kafka.topicPattern',
      });
  }, EVEN_IF_WRONG);
