// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the configuration
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readDocument } from '../../src/config/document.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { configKeys } from '../../src/config/keys.ts';
import { isMap } from '../../src/config/leaf.ts';
import { valueAt } from '../../src/config/path.ts';
import { effectiveSettings } from '../../src/config/settings.ts';
import { partitionValue } from '../../src/mapping/partition-value.ts';
import { parseZone } from '../../src/mapping/time/zone.ts';
import { parse, problems, SMALLEST } from './support.ts';

const read = (name: string) => readFileSync(new URL(`../../config/${name}`, import.meta.url), 'utf8');
const EXAMPLE = read('example.yaml');
const example = readDocument(EXAMPLE, null).data;
const DOT = '.';

describe('the reference', () => {
  it('describes every key', () => {
    expect(configKeys().length).toBeGreaterThan(80);
    for (const { key, description, type } of configKeys())
      expect([key, description, type].every((text) => text !== '')).toBe(true);
  });

  it('knows which keys are secret', () => {
    expect(
      configKeys()
        .filter((key) => key.secret)
        .map((key) => key.key),
    ).toEqual([
      'kafka.security.password',
      'schemaRegistry.password',
      'schemaRegistry.token',
      'maxcompute.credentials.accessKeySecret',
      'maxcompute.credentials.securityToken',
      'table.columns.*.hash.salt',
      'table.columns.*.hash.key',
    ]);
  });
});

/** Keys of a map, and of the maps in it. */
const namesIn = (value: unknown): string[] =>
  isMap(value) ? Object.entries(value).flatMap(([name, inner]) => [name, ...namesIn(inner)]) : [];

describe('example.yaml', () => {
  it('is valid', () => expect(problems(EXAMPLE, { ODPS_ACCESS_ID: 'a', ODPS_ACCESS_KEY: 'b' })).toEqual([]));

  /** Shown with a value because null would show nothing; the comments say so. */
  const shown = ['kafka.topics', 'schemaRegistry', 'table.columns', 'table.partitions', 'http'];
  const plain = configKeys().filter(({ key }) => !key.includes('*') && !/\.to\.|deduplicate\.key/.test(key));

  it.each(plain.map((key) => [key.key, key] as const))(
    'has %s with its default',
    (key, { default: expected }) => {
      const value = valueAt(example, key.split(DOT));
      expect(value).toBeDefined();
      if (expected === null || shown.includes(key)) return;
      expect(typeof value === 'string' ? value : JSON.stringify(value)).toBe(expected);
    },
  );

  it('shows every key of columns and table partitions', () => {
    const inside = (section: string) =>
      new Set(Object.values(valueAt(example, ['table', section]) as object).flatMap(namesIn));
    for (const section of ['columns', 'partitions']) {
      const keys = configKeys()
        .filter(({ key }) => key.startsWith(`table.${section}.*.`))
        .map(({ key }) => key.split(DOT).at(-1)!);
      const aliases = section === 'columns' ? ['format', 'zone'] : [];
      expect([...inside(section)].sort()).toEqual(keys.filter((key) => !aliases.includes(key)).sort());
    }
  });

  it('has a comment on nearly every line', () => {
    const keys = EXAMPLE.split('\n').filter((line) => /^\s*\w+: \S/.test(line));
    expect(keys.filter((line) => line.includes(' # ')).length / keys.length).toBeGreaterThan(0.6);
  });
});

describe('the JSON Schema', () => {
  it('in config/ is up to date (node dist/config/json-schema.js > config/maxsink.schema.json)', () =>
    expect(JSON.parse(read('maxsink.schema.json'))).toEqual(configJsonSchema()));

  const schema = z.fromJSONSchema(configJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);

  it('takes the example', () => expect(schema.safeParse(example).error?.issues).toBeUndefined());

  it.each([
    '{memory: 5}',
    '{kafka: {topic: a}}',
    '{log: {level: loud}}',
    '{flush: {rows: 0}}',
    '{unknown: 1}',
  ])('refuses %s', (text) => {
    const base = readDocument(SMALLEST, null).data as object;
    expect(schema.safeParse(base).success).toBe(true);
    expect(schema.safeParse({ ...base, ...(readDocument(text, null).data as object) }).success).toBe(false);
  });
});

describe('the settings in force', () => {
  const text = SMALLEST.replace(
    '  topics: [orders]',
    `  topics: [orders]
  security: {protocol: sasl_ssl, mechanism: PLAIN, username: u, password: "\${env:S}"}
  options: {ssl.key.password: "\${env:S}", client.id: x}`,
  )
    .replace('accessKeySecret: key', 'accessKeySecret: "${env:S}"\n    securityToken: "${env:S}"')
    .replace('  project: demo', '  project: demo\n  proxy: "http://u:${env:U}@proxy:3128"')
    .concat('schemaRegistry: {url: http://r, username: u, password: "${env:S}"}\n');

  it('hold no secret, and neither does the configuration when it is printed', () => {
    const secret = fc.stringMatching(/^[a-zA-Z0-9]{8,20}$/).map((middle) => `s3c${middle}`);
    fc.assert(
      fc.property(secret, (S) => {
        const config = parse(text, { S, U: S });
        expect(inspect(effectiveSettings(config), { depth: 20, showHidden: true })).not.toContain(S);
        const { options, ...kafka } = config.kafka;
        const { proxy, ...maxcompute } = config.maxcompute;
        expect([options['ssl.key.password'], proxy]).toEqual([S, `http://u:${S}@proxy:3128`]);
        const rest = { ...config, kafka, maxcompute };
        expect(JSON.stringify(rest)).not.toContain(S);
        expect(inspect(rest, { depth: 20 })).not.toContain(S);
      }),
    );
  });

  it('are plain data with everything else in it', () => {
    const settings = effectiveSettings(parse(text, { S: 'a', U: 'b' }));
    expect(JSON.parse(JSON.stringify(settings))).toEqual(settings);
    expect(settings).toMatchObject({
      name: 'orders',
      kafka: {
        options: { 'ssl.key.password': '[secret]', 'client.id': 'x' },
        security: { password: '[secret]' },
      },
      maxcompute: {
        proxy: 'http://[secret]@proxy:3128',
        credentials: { accessKeyId: 'id', accessKeySecret: '[secret]' },
      },
      flush: { interval: 60_000 },
    });
  });
});

describe('demo.yaml', () => {
  it('is valid with the variables that the demo sets', () => {
    const env = {
      DEMO_TOPIC: 'orders',
      DEMO_BROKERS: '127.0.0.1:9092',
      DEMO_ENDPOINT: 'http://127.0.0.1:8080/api',
      DEMO_ACCESS_KEY: 'key',
      DEMO_DEAD_LETTERS: '/var/dead-letters',
    };
    expect(problems(read('demo.yaml'), env)).toEqual([]);
  });
});

describe('values of a fixed table partition', () => {
  it('are those that the mapping takes', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 3 }), (value) => {
        const text = `${SMALLEST}  partitions: {dt: a}\n  late: {to: {partition: {dt: ${JSON.stringify(value)}}}}\n`;
        const taken = 'value' in partitionValue(value, { name: 'STRING' });
        expect(problems(text).length === 0).toBe(taken && !value.includes('${'));
      }),
    );
  });
});

describe('time zones', () => {
  it.each([
    'UTC',
    'Z',
    'Asia/Shanghai',
    '+08:00',
    '-0330',
    'UTC+8',
    'GMT-11',
    'Mars/X',
    '+25:00',
    '+08:60',
    '8',
    '',
  ])('the configuration takes %j as the mapping does', (zone) => {
    const found = problems(`${SMALLEST}  columns: {a: {from: b, timeZone: "${zone}"}}\n`);
    // An empty text is refused before it is a zone.
    expect(found.length === 0).toBe(zone !== '' && parseZone(zone) !== null);
  });
});
