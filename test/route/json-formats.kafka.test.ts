import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { framed } from '../support/framed.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce, type TestRecord } from '../support/records.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { deadLetters, query, type Service, startService, untilAcknowledged } from './service.ts';

const RECORDS = 300;
const DATA = 'org.apache.kafka.connect.data';
const base64 = (...bytes: number[]): string => Buffer.from(bytes).toString('base64');

describe('JSON with schemas, compressed values and numbers, from a real Kafka into a table', () => {
  const bootstrap = inject('kafka');
  const services: Service[] = [];
  let registry: Registry;
  let emulator: EmulatorChild;
  let folder: TempDir;

  beforeAll(async () => {
    folder = tempDir();
    [emulator, registry] = await Promise.all([startEmulatorChild(), startRegistry()]);
  });

  afterAll(async () => {
    for (const service of services) service.kill('SIGKILL');
    await Promise.all(services.map((service) => service.exited));
    await Promise.all([emulator?.stop(), registry?.stop()]);
    folder?.remove();
  });

  /** Sends the records and waits until all are rows or dead letters; answers with the codes of the latter. */
  async function load(
    table: string,
    columns: string,
    mapping: string,
    decode: string,
    records: TestRecord[],
  ) {
    const [topic, group] = [uniqueName(table), uniqueName('maxsink')];
    await createTopic(bootstrap, topic, { topicPartitions: 1 });
    await query(emulator, `CREATE TABLE ${table} (${columns});`);
    await produce(bootstrap, topic, records);
    const more = `decode: ${decode}
schemaRegistry: {url: "${registry.url}"}
flush: {interval: 1s}`;
    const service = await startService({
      ...{ folder, bootstrap, topic, group, emulator, table },
      mapping: `  columns: ${mapping}`,
      more,
    });
    services.push(service);
    await service.waitFor('topic partitions assigned');
    await untilAcknowledged(
      () => committedOffsets(bootstrap, group, topic),
      await endOffsets(bootstrap, topic),
    );
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    return [...deadLetters(path.join(folder.path, 'dead-letters')).values()]
      .filter((letter) => letter.topic === topic)
      .sort((a, b) => a.offset - b.offset)
      .map(({ code, message }) => `${code}: ${message}`);
  }

  async function registerWithReference(
    subject: string,
    schema: object,
    name: string,
    referred: string,
  ): Promise<number> {
    const answer = await fetch(`${registry.url}/subjects/${subject}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        schema: JSON.stringify(schema),
        schemaType: 'JSON',
        references: [{ name, subject: referred, version: 1 }],
      }),
    });
    expect(answer.ok).toBe(true);
    return ((await answer.json()) as { id: number }).id;
  }

  it('validates JSON Schema with references and takes the types of its annotations', async () => {
    const money = { type: 'object', properties: { amount: { type: 'number', minimum: 0 } } };
    const [lib, subject] = [uniqueName('money'), uniqueName('order')];
    await registry.register(lib, money, 'JSON');
    const order = {
      type: 'object',
      required: ['id'],
      properties: {
        id: { type: 'integer' },
        day: { type: 'integer', title: `${DATA}.Date`, 'connect.type': 'int32' },
        total: { $ref: 'money.json' },
        code: { type: 'string', pattern: '^(a+)+$' },
      },
    };
    const id = await registerWithReference(subject, order, 'money.json', lib);
    const packed = (value: object): Buffer => gzipSync(framed(id, Buffer.from(JSON.stringify(value))));
    const good = Array.from({ length: RECORDS }, (_, i) =>
      packed({ id: i, day: i, total: { amount: i / 4 }, code: 'aaa' }),
    );
    const bad = [
      packed({ day: 1 }),
      packed({ id: 1, total: { amount: -1 } }),
      packed({ id: 1, code: `${'a'.repeat(5000)}!` }),
      gzipSync('{"id":1}'),
      Buffer.from('{"id":1}'),
    ];
    const dirty = await load(
      'validated',
      'id BIGINT, d DATE, amount DECIMAL(18,2)',
      '{id: id, d: day, amount: total.amount}',
      '{value: {format: jsonschema, validate: true, compression: gzip}}',
      [...good, ...bad].map((value) => ({ value })),
    );
    expect(dirty).toEqual([
      expect.stringMatching(/^invalid_jsonschema: schema id \d+: the value must have required property 'id'/),
      expect.stringMatching(/^invalid_jsonschema: .*\/total\/amount must be >= 0/),
      expect.stringMatching(/^invalid_jsonschema: .*\/code must match pattern/),
      expect.stringMatching(/^invalid_jsonschema: the magic byte is 123, not 0/),
      expect.stringMatching(/^bad_compression: the value cannot be inflated with gzip/),
    ]);
    const sums = 'COUNT(*), SUM(id), CAST(SUM(amount) AS STRING), CAST(MIN(d) AS STRING)';
    const total = (RECORDS * (RECORDS - 1)) / 2;
    expect(await query(emulator, `SELECT ${sums} FROM validated;`)).toEqual([
      [RECORDS, total, `${total / 4}`, '1970-01-01'],
    ]);
  });

  it("reads Connect's envelope in another encoding, and numbers as keys", async () => {
    const schema = {
      type: 'struct',
      fields: [
        { field: 'name', type: 'string' },
        { field: 'price', type: 'bytes', name: `${DATA}.Decimal`, parameters: { scale: '2' } },
        { field: 'at', type: 'int64', name: `${DATA}.Timestamp` },
        { field: 'state', type: 'string', default: 'new' },
      ],
    };
    const utf16 = (value: unknown): Buffer => Buffer.from(`\ufeff${JSON.stringify(value)}`, 'utf16le');
    const key = (i: number): Buffer => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(BigInt(i) - 2n ** 62n);
      return bytes;
    };
    const good = Array.from({ length: RECORDS }, (_, i) => ({
      key: key(i),
      value: utf16({ schema, payload: { name: '王', price: base64(4, 0xd2), at: 1_763_700_000_123 + i } }),
    }));
    const bad = [
      { key: key(1), value: utf16({ name: 'x' }) },
      { key: key(1), value: utf16({ schema, payload: null }) },
      { key: key(1), value: utf16({ schema, payload: { price: '?' } }) },
      { key: key(1), value: Buffer.from([0x7b, 0x00, 0x22]) },
      { key: Buffer.from('abc'), value: utf16({ schema, payload: {} }) },
    ];
    const dirty = await load(
      'connected',
      'k BIGINT, name STRING, price DECIMAL(18,2), at TIMESTAMP_NTZ, state STRING',
      '{k: __key__, name: name, price: price, at: at, state: state}',
      '{value: {format: json, envelope: connect, encoding: utf-16le}, key: {format: long}}',
      [...good, ...bad],
    );
    expect(dirty).toEqual([
      expect.stringMatching(/^not_an_envelope/),
      expect.stringMatching(/^tombstone/),
      expect.stringMatching(/^invalid_envelope: field price does not fit its schema: it is not base64 text/),
      expect.stringMatching(/^invalid_encoding: .*utf-16le text, at byte 4/),
      expect.stringMatching(/^wrong_length: in the key: a value of format long has 8 bytes, not 3/),
    ]);
    const shown = 'COUNT(*), CAST(MIN(k) AS STRING), MIN(name), CAST(MAX(price) AS STRING), MIN(state)';
    expect(await query(emulator, `SELECT ${shown}, CAST(MIN(at) AS STRING) FROM connected;`)).toEqual([
      [RECORDS, `${-(2n ** 62n)}`, '王', '12.34', 'new', '2025-11-21 04:40:00.123'],
    ]);
  });
});
