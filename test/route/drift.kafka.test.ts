import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { encode } from '../decode/avro/samples.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { until } from '../support/until.ts';
import { deadLetters, query, type Service, startService, untilAcknowledged } from './service.ts';

const PARTS = 2;

describe.concurrent('fields that have no column', () => {
  const bootstrap = inject('kafka');
  const services: Service[] = [];
  let emulator: EmulatorChild;
  let folder: TempDir;

  beforeAll(async () => {
    folder = tempDir();
    emulator = await startEmulatorChild();
  });
  afterAll(async () => {
    await Promise.all(services.map((one) => one.kill('SIGKILL')));
    await emulator?.stop();
    folder?.remove();
  });

  /** A topic, its table, and services that move the one into the other by names. */
  async function pipelineOf(mapping: string, columns = 'id BIGINT, kafka_offset BIGINT', schema?: object) {
    const [topic, group] = [uniqueName('drift'), uniqueName('maxsink')];
    const table = topic.replaceAll('-', '_');
    await createTopic(bootstrap, topic, { topicPartitions: PARTS });
    await query(emulator, `CREATE TABLE ${table} (${columns});`);
    const own = tempDir();
    const file = schema && own.write('value.avsc', JSON.stringify(schema));
    const decode = file ? `\ndecode: {value: {format: avro, schemaFile: ${file}}}` : '';
    return {
      table,
      letters: () => deadLetters(`${own.path}/dead-letters`),
      async start() {
        const more = `flush: {interval: 1s}${decode}`;
        const options = { folder: own, bootstrap, topic, group, emulator, table, mapping, more };
        const service = await startService(options);
        services.push(service);
        await service.waitFor('topic partitions assigned');
        return service;
      },
      async send(...values: unknown[]) {
        const records = values.map((value, i) => ({
          value: schema ? encode(schema, value) : JSON.stringify(value),
          topicPartition: i % PARTS,
        }));
        await produce(bootstrap, topic, records);
        const ends = await endOffsets(bootstrap, topic);
        await untilAcknowledged(() => committedOffsets(bootstrap, group, topic), ends).catch((error) => {
          throw new Error(services.at(-1)!.tail(), { cause: error });
        });
      },
      rows: (what: string) => query(emulator, `SELECT ${what} FROM ${table} ORDER BY id;`),
    };
  }

  it('are told once each, and counted', async () => {
    const { start, send, rows } = await pipelineOf('  columns: {id: id, kafka_offset: __offset__}');
    const service = await start();
    await send({ id: 1, colour: 'red' }, { id: 2, colour: 'blue', size: 3 }, { id: 3, size: 4 });
    expect(await rows('id')).toEqual([[1], [2], [3]]);
    expect(await service.metric('maxsink_unknown_fields_total')).toBe(2);
    expect(
      service
        .logged('fields of the records have no column (each is told once; see table.unknownFields)')
        .flatMap(({ fields }) => fields),
    ).toEqual(expect.arrayContaining(['colour', 'size']));
  });

  it('fill a column of the rest', async () => {
    const columns = 'id BIGINT, kafka_offset BIGINT, others STRING';
    const { start, send, rows } = await pipelineOf(
      '  columns: {id: id, kafka_offset: __offset__}\n  rest: others',
      columns,
    );
    await start();
    await send({ id: 1 }, { size: 3, id: 2 });
    expect(await rows('id, others')).toEqual([
      [1, null],
      [2, '{""size"":3}'],
    ]);
  });

  it('fill it from Avro as well', async () => {
    const fields = { id: 'int', tags: { type: 'array', items: 'string' } };
    const schema = {
      ...{ type: 'record', name: 'R' },
      fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
    };
    const columns = 'id BIGINT, kafka_offset BIGINT, others STRING';
    const mapping = '  columns: {id: id, kafka_offset: __offset__}\n  rest: others';
    const { start, send, rows } = await pipelineOf(mapping, columns, schema);
    await start();
    await send({ id: 1, tags: ['a'] });
    expect(await rows('id, others')).toEqual([[1, '{""tags"":[""a""]}']]);
  });

  it('make dead letters', async () => {
    const { start, send, rows, letters } = await pipelineOf('  unknownFields: dead_letter');
    await start();
    await send({ id: 1, kafka_offset: 1 }, { id: 2, kafka_offset: 2, size: 3 });
    expect(await rows('id')).toEqual([[1]]);
    expect([...letters().values()]).toMatchObject([
      { code: 'unknown_field', message: 'the field "size" has no column' },
    ]);
  });

  it('get a column, added by one of two members, and no record is lost or twice', async () => {
    const mapping = '  columns: {id: id, kafka_offset: __offset__}\n  unknownFields: add_column';
    const { start, send, rows } = await pipelineOf(mapping);
    const members = [await start(), await start()];
    await send(...Array.from({ length: 20 }, (_, id) => ({ id })));
    await send(
      ...Array.from({ length: 20 }, (_, i) => ({ id: 20 + i, colour: `c${i}`, size: i, 'not a name': 1 })),
    );
    const found = await rows('id, colour, size');
    expect(found).toEqual([
      ...Array.from({ length: 20 }, (_, id) => [id, null, null]),
      ...Array.from({ length: 20 }, (_, i) => [20 + i, `c${i}`, i]),
    ]);
    const added = members.flatMap((one) =>
      one.logged('a field of the records has no column: the table got one'),
    );
    expect(added.length).toBe(2);
    await until(
      async () =>
        (await Promise.all(members.map((one) => one.metric('maxsink_replans_total')))).every((n) => n > 0),
      {
        what: 'both have planned anew',
      },
    );
  });
});
