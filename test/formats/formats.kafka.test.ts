import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { deadLetters, query, untilAcknowledged } from '../route/service.ts';
import { type EmulatorChild, startEmulatorChild, startMaxsink, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { committedOffsets, createTopic, endOffsets } from '../support/topics.ts';
import { FORMATS, type FormatSamples } from './samples.ts';

const GROUP = 'maxsink-orders';

/** Every example of config/formats, run as it stands; only the addresses come from the environment. */
describe.concurrent('the example of each format', () => {
  const bootstrap = inject('kafka');
  let emulator: EmulatorChild;
  let registry: Registry;

  beforeAll(async () => {
    [emulator, registry] = await Promise.all([startEmulatorChild(), startRegistry()]);
  });
  afterAll(async () => {
    await Promise.all([emulator?.stop(), registry?.stop()]);
  });

  async function registered(topic: string, { schema, keySchema }: FormatSamples) {
    const register = (subject: string, one: FormatSamples['schema']) =>
      one ? registry.register(subject, one.text, one.type) : 0;
    return {
      value: await register(`${topic}-value`, schema),
      key: await register(`${topic}-key`, keySchema),
    };
  }

  const environment = (folder: string) => ({
    KAFKA: bootstrap,
    SCHEMA_REGISTRY: registry.url,
    ODPS_ENDPOINT: emulator.endpoint,
    ODPS_PROJECT: emulator.project,
    ODPS_ACCESS_ID: emulator.accessId,
    ODPS_ACCESS_KEY: emulator.accessKey,
    MAXSINK_HTTP_PORT: '0',
    MAXSINK_FLUSH_INTERVAL: '1s',
    MAXSINK_LEDGER_SETTLE: '200ms',
    MAXSINK_DEAD_LETTERS_FILE: folder,
  });

  it.each(FORMATS.map((one) => [one.name, one] as const))('%s', async (name, format) => {
    const topic = `orders-${name}`;
    const folder = tempDir();
    await createTopic(bootstrap, topic, { topicPartitions: 1 });
    await produce(bootstrap, topic, format.records(await registered(topic, format)));
    const file = path.join(import.meta.dirname, `../../config/formats/${name}.yaml`);
    const service = startMaxsink(['run', '-c', file], { env: environment(folder.path) });
    try {
      await service.waitFor('topic partitions assigned');
      const ends = await endOffsets(bootstrap, topic);
      const committed = () => committedOffsets(bootstrap, `${GROUP}-${name}`, topic);
      await untilAcknowledged(committed, ends).catch((error) => {
        throw new Error(service.tail(), { cause: error });
      });
      const sql = `SELECT ${format.select} FROM orders_${name.replaceAll('-', '_')} ORDER BY 1, 2;`;
      expect(await query(emulator, sql)).toEqual(format.rows);
      const letters = [...deadLetters(folder.path).values()];
      expect(letters.map(({ code }) => code)).toEqual(format.rejected);
    } finally {
      service.kill('SIGKILL');
      await service.exited;
      folder.remove();
    }
  });
});
