import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { deadLetters, query, type Service, startService, untilAcknowledged } from './service.ts';

const TABLE = 'nested_orders';
const MAPPING = `  create: if_missing
  columns:
    id: {from: id, type: BIGINT, coercion: strict}
    counts: {from: counts, type: "ARRAY<BIGINT>"}
    prices: {from: prices, type: "MAP<STRING,DOUBLE>"}
    buyer: {from: buyer, type: "STRUCT<name:STRING,\`home address\`:STRUCT<zip:STRING,lines:ARRAY<STRING>>,seen:TIMESTAMP>"}
    raw: {from: raw, type: JSON}`;

const VALUES = [
  '{"id":1,"counts":[9007199254740993,-1,null],"prices":{"苹果":0.1,"b":null},"buyer":{"Name":"李","home address":{"zip":310000,"lines":["x",""]},"seen":"2026-11-20T08:00:00.000000001+08:00","more":1},"raw":{"a":[1.0]}}',
  '{"id":2,"counts":[],"prices":[["k",2]],"buyer":null,"raw":[true]}',
  '{"id":3,"counts":[1,"x"]}',
  '{"id":"4"}',
  '{"id":5,"counts":"[7]","prices":{},"buyer":{"home address":{}}}',
];

describe('ARRAY, MAP, STRUCT and JSON columns from JSON records', () => {
  const bootstrap = inject('kafka');
  const topic = uniqueName('nested');
  const group = uniqueName('maxsink');
  let emulator: EmulatorChild;
  let folder: TempDir;
  let service: Service;

  beforeAll(async () => {
    folder = tempDir();
    emulator = await startEmulatorChild();
    await createTopic(bootstrap, topic, { topicPartitions: 1 });
    await produce(
      bootstrap,
      topic,
      VALUES.map((value) => ({ value, topicPartition: 0 })),
    );
    const more = 'flush: {interval: 1s}';
    service = await startService({
      folder,
      bootstrap,
      topic,
      group,
      emulator,
      table: TABLE,
      mapping: MAPPING,
      more,
    });
    await service.waitFor('topic partitions assigned');
    await untilAcknowledged(
      () => committedOffsets(bootstrap, group, topic),
      await endOffsets(bootstrap, topic),
    );
  });

  afterAll(async () => {
    expect(await service?.stop(), service?.tail()).toEqual({ code: 0, signal: null });
    await emulator?.stop();
    folder?.remove();
  });

  const ask = (columns: string) => query(emulator, `SELECT ${columns} FROM ${TABLE} ORDER BY id;`);

  it('are read back by SQL', async () => {
    expect(await ask('id, SIZE(counts), CAST(counts[0] AS STRING), counts[2]')).toEqual([
      [1, 3, '9007199254740993', null],
      [2, 0, null, null],
      [5, 1, '7', null],
    ]);
    expect(await ask("SIZE(prices), prices['苹果'], prices['k']")).toEqual([
      [2, 0.1, null],
      [1, null, 2],
      [0, null, null],
    ]);
    const home = 'buyer.`home address`';
    expect(await ask(`buyer.name, ${home}.zip, SIZE(${home}.lines), ${home}.lines[1], raw`)).toEqual([
      ['李', '310000', 2, '', '{""a"":[1.0]}'],
      [null, null, null, null, '[true]'],
      [null, null, null, null, null],
    ]);
    expect(await ask('CAST(buyer.seen AS STRING)')).toEqual([
      ['2026-11-20 08:00:00.000000001'],
      [null],
      [null],
    ]);
  });

  it('reject what does not fit, with the path inside the value', () => {
    const letters = deadLetters(path.join(folder.path, 'dead-letters'));
    expect(
      [...letters.values()].map(({ offset, column, code, message }) => [offset, column, code, message]),
    ).toEqual([
      [2, 'counts', 'wrong_type', 'counts[1]: "x" cannot be converted to BIGINT'],
      [3, 'id', 'wrong_type', expect.stringContaining('coercion is strict')],
    ]);
  });
});
