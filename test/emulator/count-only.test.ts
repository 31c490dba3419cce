import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../src/emulator/server.ts';
import {
  addOffset,
  createOffsetSet,
  mergeOffsets,
  reportOffsets,
} from '../../src/emulator/store/offset-set.ts';
import { call, commitUpload, createUpload, encode, putBlock, sql, start, upload } from './harness.ts';

let emulator: Emulator;
afterEach(() => emulator?.stop());

describe('--count-only', () => {
  it('tells missing and duplicate offsets by topic partition, of committed rows only', async () => {
    emulator = await start({
      countOnly: true,
      tables: [
        'CREATE TABLE t (name STRING, kafka_partition BIGINT, kafka_offset BIGINT) PARTITIONED BY (dt STRING)',
      ],
    });
    const target = { table: 't', tablePartition: 'dt=1' };
    await createUpload(emulator, target, { create_partition: 'true' });
    await upload(
      emulator,
      target,
      encode([
        ['a', 0, 100],
        ['b', 0, 101],
        ['c', 1, 7],
      ]),
    );
    await upload(
      emulator,
      target,
      encode([
        ['d', 0, 101],
        ['e', 0, 104],
        ['f', 1, 8],
      ]),
    );
    const open = String((await createUpload(emulator, target)).json.UploadID);
    await putBlock(emulator, target, open, 0, encode([['g', 0, 102]]));
    expect(emulator.stats().tables.t).toEqual({
      rows: 6,
      tablePartitions: { 'dt=1': 6 },
      offsets: [
        { topicPartition: 0, first: 100, last: 104, rows: 4, distinct: 3, missing: 2, duplicates: 1 },
        { topicPartition: 1, first: 7, last: 8, rows: 2, distinct: 2, missing: 0, duplicates: 0 },
      ],
    });
    await commitUpload(emulator, target, open);
    expect(emulator.stats().tables.t?.offsets?.[0]).toMatchObject({ missing: 1, duplicates: 1 });
  });

  it('still checks blocks, and explains that it cannot SELECT', async () => {
    emulator = await start({ countOnly: true, tables: ['CREATE TABLE t (id BIGINT)'] });
    const id = String((await createUpload(emulator, { table: 't' })).json.UploadID);
    const bad = encode([[1]]);
    bad[2] = bad[2]! ^ 1;
    expect((await putBlock(emulator, { table: 't' }, id, 0, bad)).json.Code).toBe('MalformedDataStream');
    const { status, text } = await sql(emulator, 'SELECT COUNT(*) FROM t;');
    expect(status).toBe('Failed');
    expect(text).toMatch(/^ODPS-0010000:.*--count-only.*\/_stats/);
    const preview = await call(emulator.url, '/projects/demo/tables/t/preview', { query: { limit: '1' } });
    expect([preview.status, preview.json.Message]).toEqual([400, text]);
  });
});

describe('offset set', () => {
  it('counts like a plain set, however the offsets are spread over blocks', () => {
    const block = fc.array(fc.integer({ min: 0, max: 300_000 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(block, { minLength: 1 }), (blocks) => {
        const total = createOffsetSet();
        for (const offsets of blocks) {
          const set = createOffsetSet();
          for (const offset of offsets) addOffset(set, offset);
          mergeOffsets(total, set);
        }
        const all = blocks.flat();
        const distinct = new Set(all).size;
        const first = Math.min(...all);
        const last = Math.max(...all);
        expect(reportOffsets(3, total)).toEqual({
          ...{ topicPartition: 3, first, last, rows: all.length, distinct },
          ...{ missing: last - first + 1 - distinct, duplicates: all.length - distinct },
        });
      }),
    );
  });
});
