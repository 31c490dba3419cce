// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the configuration
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ConfigKey, configKeys } from '../../src/config/keys.ts';
import { valueAt } from '../../src/config/path.ts';
import { Secret } from '../../src/config/secret.ts';
import { parse, problems, SMALLEST } from './support.ts';

/** Everything is set that other keys need, so that each variable can be tried alone. */
const FULL = SMALLEST.replace(
  '  topics: [orders]',
  '  topics: [orders]\n  security: {protocol: sasl_ssl, mechanism: PLAIN, username: u, password: p, certFile: /pem, keyFile: /pem}',
)
  .replace('  name: ods_orders', '  name: ods_orders\n  partitions: {dt: {time: e, format: yyyyMMdd}}')
  .concat('schemaRegistry: {url: http://localhost:8081, username: u, password: p}\n');
const PEM = '-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----';
const PUBLIC = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).publicKey;
const PROTO = 'syntax = "proto3"; package a; message A { int32 x = 1; } message B { int32 x = 1; }';
const FILES = { '/pem': PEM, '/other': PEM, '/schema': '"string"', '/proto': PROTO, '/public': PUBLIC };

/** Text of the variable and the value it must become, by the type of the key. */
const BY_TYPE: Record<string, [string, unknown]> = {
  text: ['abc', 'abc'],
  list: ['a,b', ['a', 'b']],
  file: ['/other', '/other'],
  URL: ['https://other:1', 'https://other:1'],
  duration: ['2s', 2000],
  size: ['32MiB', 33_554_432],
  'whole number': ['7', 7],
  character: ['|', '|'],
  'true | false': ['false', false],
};

const BY_KEY: Record<string, [string, unknown]> = {
  // Another value needs a schema file beside it.
  'kafka.startAt': ['2026-01-01T00:00:00Z', { timestamp: Date.UTC(2026, 0, 1) }],
  'kafka.topicPattern': ['^a', '^a'],
  'kafka.security.protocol': ['sasl_ssl', 'sasl_ssl'],
  'kafka.options': [
    '{"client.id": "x", "session.timeout.ms": 6000}',
    { 'client.id': 'x', 'session.timeout.ms': 6000 },
  ],
  schemaRegistry: [
    '{"url": "http://r"}',
    { url: 'http://r', username: null, password: null, token: null, caFile: null },
  ],
  'decode.value.schemaFile': ['/schema', '/schema'],
  'decode.key.schemaFile': ['/schema', '/schema'],
  'decode.value.message': ['a.B', 'a.B'],
  'decode.key.message': ['a.B', 'a.B'],
  'decode.value.encoding': ['gbk', 'gbk'],
  'decode.key.encoding': ['latin1', 'latin1'],
  'maxcompute.compression': ['none', 'none'],
  'table.columns': ['{"a": "b"}', { a: { from: 'b' } }],
  'table.partitions': ['{"hr": "x"}', { hr: { kind: 'source', from: 'x' } }],
  'table.late.to': ['{"partition": {"dt": "late"}}', { partition: { dt: 'late' } }],
  'table.absurd.before': ['1990-01-01T00:00:00Z', Date.UTC(1990, 0, 1)],
  'table.deduplicate': ['{"key": ["a", "b"]}', { key: ['a', 'b'] }],
  'table.deduplicate.key': ['a', ['a']],
  'dirty.classes': ['{"too_long": "truncate"}', { too_long: 'truncate' }],
  'dirty.limit.percent': ['0.5', 0.5],
  'deadLetters.publicKeyFile': ['/public', '/public'],
  http: ['{"port": 1}', { host: '0.0.0.0', port: 1 }],
};

/** Other variables that the key needs beside it. */
const ALSO: Record<string, Record<string, string>> = {
  'decode.value.schemaFile': { MAXSINK_DECODE_VALUE_FORMAT: 'avro' },
  'decode.key.schemaFile': { MAXSINK_DECODE_KEY_FORMAT: 'avro' },
  'decode.value.message': {
    MAXSINK_DECODE_VALUE_FORMAT: 'protobuf',
    MAXSINK_DECODE_VALUE_SCHEMA_FILE: '/proto',
  },
  'decode.key.message': { MAXSINK_DECODE_KEY_FORMAT: 'protobuf', MAXSINK_DECODE_KEY_SCHEMA_FILE: '/proto' },
  'kafka.topicPattern': { MAXSINK_KAFKA_TOPICS: '' },
  'deadLetters.publicKeyFile': { MAXSINK_DEAD_LETTERS_ORIGINAL: 'encrypt' },
  'table.create': { MAXSINK_TABLE_COLUMNS: '{"a": {"from": "b", "type": "STRING"}}' },
  'schemaRegistry.token': { MAXSINK_SCHEMA_REGISTRY_USERNAME: '', MAXSINK_SCHEMA_REGISTRY_PASSWORD: '' },
};

const keys = configKeys().filter((key) => key.variable !== null);

function sample({ key, type }: ConfigKey): [string, unknown] {
  const plain = type.replace(/ \| null$/, '');
  const [choice = ''] = plain.split(' | ').slice(-1);
  return (
    BY_KEY[key] ??
    BY_TYPE[plain] ??
    (plain === 'null'
      ? ['', null]
      : [
          plain === 'true_partition | dead_letter | map' ? 'dead_letter' : choice,
          plain === 'true_partition | dead_letter | map' ? 'dead_letter' : choice,
        ])
  );
}

describe('every key', () => {
  it.each(keys.map((key) => [key.variable!, key] as const))('%s beats the file', (variable, key) => {
    const [text, expected] = sample(key);
    const config = parse(FULL, { ...ALSO[key.key], [variable]: text }, FILES);
    const value = valueAt(config, key.key.split('.'));
    expect(value instanceof Secret ? value.reveal() : value).toEqual(expected);
  });

  const nullable = keys.filter(
    (key) =>
      key.type.endsWith('| null') &&
      !key.key.startsWith('kafka.security') &&
      !/topics|groupId|y\.(user|pass)/.test(key.key),
  );
  it.each(nullable.map((key) => [key.variable!, key] as const))('%s empty is null', (variable, key) => {
    expect(valueAt(parse(FULL, { [variable]: '' }, FILES), key.key.split('.'))).toBeNull();
  });

  it.each(keys.map((key) => [key.variable!, key] as const))(
    '%s is named when it is wrong',
    (variable, key) => {
      const wrong = key.type.includes('map') ? '{"a": [' : '\u0000 \n';
      const found = problems(FULL, { ...ALSO[key.key], [variable]: wrong }, FILES);
      const free = [
        'decode.value.csv.nullText',
        'decode.key.csv.nullText',
        'kafka.groupId',
        'kafka.security.username',
        'kafka.security.password',
        'schemaRegistry.username',
        'schemaRegistry.password',
        'schemaRegistry.token',
        'maxcompute.quota',
        'maxcompute.credentials.accessKeyId',
        'maxcompute.credentials.accessKeySecret',
        'maxcompute.credentials.securityToken',
        'deadLetters.file',
        'table.deduplicate.key',
        'http.host',
      ];
      if (free.includes(key.key)) return;
      expect(found).toContainEqual(
        expect.stringMatching(new RegExp(`^${variable} ${key.key.replaceAll('.', '\\.')}: `)),
      );
    },
  );

  it('has a variable of its own', () => {
    expect(new Set(keys.map((key) => key.variable)).size).toBe(keys.length);
    expect(keys.find((key) => key.key === 'maxcompute.tunnelEndpoint')?.variable).toBe(
      'MAXSINK_MAXCOMPUTE_TUNNEL_ENDPOINT',
    );
  });
});

describe('variables', () => {
  it('are taken as they are: nothing is replaced in them', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        const config = parse(SMALLEST, { MAXSINK_MAXCOMPUTE_CREDENTIALS_ACCESS_KEY_SECRET: text });
        expect(config.maxcompute.credentials.accessKeySecret.reveal()).toBe(text);
      }),
    );
    const secret = { MAXSINK_MAXCOMPUTE_CREDENTIALS_ACCESS_KEY_SECRET: '${env:X}' };
    expect(parse(SMALLEST, secret).maxcompute.credentials.accessKeySecret.reveal()).toBe('${env:X}');
  });

  it('make up for keys and sections that the file lacks, or has as null', () => {
    const config = parse(`${SMALLEST}http: null\n`, {
      MAXSINK_HTTP_PORT: '1',
      MAXSINK_SCHEMA_REGISTRY_URL: 'http://r',
    });
    expect([config.http?.port, config.schemaRegistry?.url]).toEqual([1, 'http://r']);
  });

  it('can be the whole configuration', () => {
    const env = {
      MAXSINK_NAME: 'a',
      MAXSINK_KAFKA_BROKERS: 'b:1,c:2',
      MAXSINK_KAFKA_TOPICS: 't',
      MAXSINK_MAXCOMPUTE: '{"endpoint": "http://h/api", "project": "p"}',
      MAXSINK_MAXCOMPUTE_PROJECT: 'q',
      MAXSINK_MAXCOMPUTE_CREDENTIALS_ACCESS_KEY_ID: 'i',
      MAXSINK_MAXCOMPUTE_CREDENTIALS_ACCESS_KEY_SECRET: 's',
      MAXSINK_TABLE_NAME: 'n',
    };
    expect(parse('', env).maxcompute).toMatchObject({ endpoint: 'http://h/api', project: 'q' });
  });

  it('keep whole numbers in JSON exact', () => {
    const env = { MAXSINK_TABLE_COLUMNS: '{"a": {"from": "x", "default": 12345678901234567890}}' };
    expect(parse(SMALLEST, env).table.columns?.a?.default).toBe('12345678901234567890');
  });

  it('that are wrong are named, and never show a secret', () => {
    const found = problems(SMALLEST, {
      MAXSINK_KAFKA_OPTIONS: '{"ssl.key.password": ["hunter2"], "group.id": "g"}',
      MAXSINK_TABLE_COLUMNS: 'hunter2',
      MAXSINK_TABLE_PARTITIONS: '[hunter2',
      MAXSINK_KAFKA_GROUPID: 'hunter2',
    });
    expect(found).toEqual([
      'MAXSINK_KAFKA_GROUPID: unknown variable (did you mean MAXSINK_KAFKA_GROUP_ID?)',
      'MAXSINK_KAFKA_OPTIONS kafka.options."group.id": maxsink sets this property itself: use kafka.groupId',
      'MAXSINK_KAFKA_OPTIONS kafka.options."ssl.key.password": expected text, a number, true or false, received a list',
      'MAXSINK_TABLE_COLUMNS table.columns: expected a map as JSON',
      'MAXSINK_TABLE_PARTITIONS table.partitions: expected a map as JSON',
    ]);
  });

  it('that Kubernetes sets for services named maxsink are left alone', () => {
    const env = {
      MAXSINK_SERVICE_HOST: '10.0.0.1',
      MAXSINK_SERVICE_PORT: '9464',
      MAXSINK_SERVICE_PORT_HTTP: '9464',
      MAXSINK_PORT: 'tcp://10.0.0.1:9464',
      MAXSINK_PORT_9464_TCP: 'tcp://10.0.0.1:9464',
      MAXSINK_PORT_9464_TCP_ADDR: '10.0.0.1',
      MAXSINK_ORDERS_SERVICE_HOST: '10.0.0.2',
      MAXSINK_HTTP_PORT: 'tcp://10.0.0.3:80',
    };
    expect(parse(SMALLEST, env).http?.port).toBe(9464);
  });
});
