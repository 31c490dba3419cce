import { createHash, generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openOriginal } from '../../src/deadletter/original.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { deadLetters, query, type Service, startService, untilAcknowledged } from './service.ts';

const MAPPING = `  create: if_missing
  filter: status != "test" && !has(internal)
  columns:
    id: {from: id, type: BIGINT}
    total: {expr: price * quantity, type: DOUBLE}
    label: {expr: 'coalesce(tag.desc, "none") + "/" + __topic__.substring(0, 4)', type: STRING}
    name: {from: user.name, mask: name, type: STRING}
    phone: {from: user.phone, mask: phone, type: "VARCHAR(20)"}
    who: {from: __key__, hash: {algorithm: sha256, salt: "\${env:SALT}"}, type: "CHAR(64)"}
    kafka_offset: {from: __offset__, type: BIGINT}`;

const SALT = 'pepper-of-this-test';
const SECRETS = ['13900139000', '王小明', 'wang@example.com', SALT];
const order = (id: unknown, more: object = {}) =>
  JSON.stringify({
    id,
    user: { name: '王小明', phone: '13900139000' },
    price: 2.5,
    quantity: 4,
    status: 'paid',
    ...more,
  });

describe('sensitive fields', () => {
  const bootstrap = inject('kafka');
  const topic = uniqueName('concealed');
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const services: Service[] = [];
  let emulator: EmulatorChild;
  const folders: TempDir[] = [];

  beforeAll(async () => {
    emulator = await startEmulatorChild();
    await createTopic(bootstrap, topic, { topicPartitions: 1 });
    const values = [
      order(1, { tag: { desc: 'a' } }),
      order(2, { status: 'test' }),
      order(3, { user: { name: '王', phone: 'call 13900139000' } }),
      order(4, { internal: true }),
      order('five'),
      order(6, { quantity: 'many' }),
      order(7, { user: { name: '王小明', phone: `1390013900${'0'.repeat(20)}` } }),
      '{"id": 8, "user": {"phone": "13900139000"',
    ];
    const headers = [['mail', 'wang@example.com']] as const;
    await produce(
      bootstrap,
      topic,
      values.map((value) => ({ value, key: 'wang@example.com', headers })),
    );
  });

  afterAll(async () => {
    for (const service of services) service.kill('SIGKILL');
    await Promise.all(services.map((service) => service.exited));
    await emulator?.stop();
    for (const folder of folders) folder.remove();
  });

  async function run(
    table: string,
    env: Record<string, string>,
  ): Promise<{ service: Service; letters: string }> {
    const folder = tempDir();
    folders.push(folder);
    folder.write('public.pem', publicKey.export({ type: 'spki', format: 'pem' }) as string);
    const group = uniqueName('maxsink');
    const service = await startService({
      ...{ folder, bootstrap, topic, group, emulator, table, mapping: MAPPING },
      more: 'flush: {interval: 1s}',
      env: { SALT, ...env },
    });
    services.push(service);
    await service.waitFor('topic partitions assigned');
    const committed = () => committedOffsets(bootstrap, group, topic);
    await untilAcknowledged(committed, await endOffsets(bootstrap, topic));
    return { service, letters: path.join(folder.path, 'dead-letters') };
  }

  async function shown(service: Service, letters: string): Promise<string> {
    const pages = await Promise.all(['status', 'metrics', 'ready', ''].map((name) => service.page(name)));
    const files = readdirSync(letters).map((name: string) => readFileSync(path.join(letters, name), 'utf8'));
    return [...service.lines, ...pages, ...files].join('\n');
  }

  it('are masked in the table, and stand in no log, letter, page or metric', async () => {
    const { service, letters } = await run('dropped', { MAXSINK_DEAD_LETTERS_ORIGINAL: 'drop' });
    const who = createHash('sha256').update(`${SALT}wang@example.com`).digest('hex');
    const label = `a/${topic.slice(0, 4)}`;
    expect(await query(emulator, 'SELECT * FROM dropped ORDER BY id;')).toEqual([
      [1, 10, label, '王**', '139****9000', who, 0],
      [3, 10, label.replace('a', 'none'), '******', '******', who, 2],
      [7, 10, label.replace('a', 'none'), '王**', '******', who, 6],
    ]);
    expect(
      [...deadLetters(letters).values()].map(({ offset, code, value, sample }) => [
        offset,
        code,
        value,
        sample,
      ]),
    ).toEqual([
      [4, 'wrong_type', null, null],
      [5, 'expr_failed', null, null],
      [7, 'invalid_json', null, null],
    ]);
    const everything = await shown(service, letters);
    for (const secret of SECRETS) expect(everything).not.toContain(secret);
    expect((await service.stop()).code).toBe(0);
  });

  it('are encrypted in dead letters for the holder of a key', async () => {
    const { service, letters } = await run('sealed', {
      MAXSINK_DEAD_LETTERS_ORIGINAL: 'encrypt',
      MAXSINK_DEAD_LETTERS_PUBLIC_KEY_FILE: 'public.pem',
    });
    const everything = await shown(service, letters);
    for (const secret of SECRETS) expect(everything).not.toContain(secret);
    const opened = [...deadLetters(letters).values()].map((letter) => openOriginal(letter, privateKey));
    expect(opened.map(({ value }) => value?.toString())).toEqual([
      order('five'),
      order(6, { quantity: 'many' }),
      '{"id": 8, "user": {"phone": "13900139000"',
    ]);
    expect(opened[0]!.key?.toString()).toBe('wang@example.com');
  });
});
