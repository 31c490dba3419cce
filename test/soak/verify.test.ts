import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DeadLetter, deadLetterLine } from '../../src/deadletter/dead-letter.ts';
import type { Emulator } from '../../src/emulator/server.ts';
import { encode, sql, start, upload } from '../emulator/harness.ts';
import { type TempDir, tempDir } from '../support/process.ts';
import { isBroken, numberOf, TOPIC_PARTITIONS } from './records.ts';
import { type Event, faultsBetween } from './report.ts';
import { growth, type Sample } from './samples.ts';
import { verify } from './verify.ts';

const RECORDS = 400;
const READ_AT = Date.UTC(2026, 10, 21, 12, 0, 3);

describe('the verdict of the soak', () => {
  let emulator: Emulator;
  let folder: TempDir;
  beforeEach(async () => {
    emulator = await start();
    folder = tempDir();
    const columns = 'id BIGINT, kafka_partition BIGINT, kafka_offset BIGINT, ingested BIGINT';
    await sql(emulator, `CREATE TABLE t (${columns});`);
  });
  afterEach(async () => {
    await emulator.stop();
    folder.remove();
  });

  const origin = (i: number) => [i % TOPIC_PARTITIONS, Math.floor(i / TOPIC_PARTITIONS)] as const;
  const numbers = (keep: (i: number) => boolean) => Array.from({ length: RECORDS }, (_, i) => i).filter(keep);
  const insert = (list: readonly number[], at = READ_AT, content = (i: number) => i) =>
    upload(
      emulator,
      { table: 't' },
      encode(list.map((i) => [BigInt(content(i)), ...origin(i).map(BigInt), BigInt(at)])),
    );
  const write = (list: readonly number[]) => {
    const letters = list.map((i) => {
      const [partition, offset] = origin(i);
      const facts = { timestamp: null, key: null, value: null, headers: [], column: null, sample: null };
      return {
        topic: 'soak',
        partition,
        offset,
        stage: 'decode',
        code: 'invalid_json',
        message: '',
        ...facts,
      };
    });
    const lines = letters.map((letter: DeadLetter) => [...deadLetterLine(letter)].join(''));
    writeFileSync(path.join(folder.path, 'a.jsonl'), lines.join(''));
  };
  const judge = () => {
    const account = {
      ...{ endpoint: emulator.endpoint, project: 'demo', accessId: 'test-id', accessKey: 'test-key' },
    };
    return verify({ account, table: 't', letters: folder.path }, RECORDS);
  };
  const good = numbers((i) => !isBroken(i));
  const broken = numbers(isBroken);

  it('counts what is complete', async () => {
    await insert(good);
    write(broken);
    expect(await judge()).toEqual({
      ...{ records: RECORDS, rows: good.length, distinct: good.length, letters: broken.length },
      ...{ missingRows: 0, missingLetters: 0, missing: [], wrong: [], repeats: [] },
    });
  });

  it('names missing rows and letters, even where as many rows are there twice', async () => {
    const lost = [numberOf(2, 20), numberOf(2, 21)];
    await insert(good.filter((i) => !lost.includes(i)));
    await insert([1, 2], READ_AT + 45_000);
    write(broken.slice(1));
    const { missingRows, missingLetters, missing, repeats } = await judge();
    expect([missingRows, missingLetters]).toEqual([2, 1]);
    expect(missing).toContain('no rows between offsets 19 and 22 of 2');
    expect(missing).toContain('no dead letter of record 0');
    const read = { firstRead: READ_AT - 3_000, lastRead: READ_AT - 3_000 + 50_000 };
    expect(repeats).toEqual([
      { topicPartition: 1, firstOffset: 0, lastOffset: 0, records: 1, times: 2, ...read },
      { topicPartition: 2, firstOffset: 0, lastOffset: 0, records: 1, times: 2, ...read },
    ]);
  });

  it('names rows and letters that are wrong', async () => {
    await insert(good, READ_AT, (i) => (i === 7 ? 8 : i));
    write([...broken, 5]);
    const { wrong } = await judge();
    expect(wrong).toEqual(['row 3-1 holds record 8', 'dead letter of record 5, which is a good one']);
  });
});

it('what is there twice is told with the faults between its two readings', () => {
  const repeat = { topicPartition: 0, firstOffset: 1, lastOffset: 9, records: 9, times: 2 };
  const read = { ...repeat, firstRead: 100_000, lastRead: 140_000 };
  const event = (name: string, from: number): Event => ({
    ...{ name, from, to: from + 10_000, recovered: from + 20_000 },
  });
  expect(faultsBetween(read, [event('before', 70_000), event('between', 110_000)])).toEqual(['between']);
  expect(faultsBetween(read, [event('overlaps', 90_000), event('after', 150_000)])).toEqual(['overlaps']);
});

it('growth is the last quarter against the second, when there are enough samples', () => {
  const at = (n: number, rssMB: number): Sample => ({
    ...{ at: 60 * n, member: 'kept', pid: 1, rssMB, heapMB: 20, files: 40, threads: 16 },
    ...{ cpuSeconds: n, loopDelayMs: 1, lag: 0 },
  });
  const curve = (of: (n: number) => number, length = 40) => Array.from({ length }, (_, n) => at(n, of(n)));
  expect(growth(curve((n) => 150 + (n % 7) * 3))).toEqual([]);
  expect(growth(curve((n) => 150 + n * 3))).toEqual([
    'rssMB grew from 193.5 (second quarter) to 253.5 (last quarter)',
  ]);
  expect(growth(curve((n) => 150 + n * 10, 10))).toBeUndefined();
});
