import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { DeadLetter } from '../../src/deadletter/dead-letter.ts';
import type { StoredLetter } from '../../src/deadletter/stored.ts';
import { tableLetters } from '../../src/deadletter/stored-table.ts';
import { LETTER_COLUMNS, letterPlaces } from '../../src/deadletter/table-row.ts';
import { letterPieces, letterTableStatement, placesIn } from '../../src/letter-table.ts';
import { type MaxCompute, openMaxCompute } from '../../src/maxcompute/maxcompute.ts';
import { openLetterTable } from '../../src/sink/letter-table.ts';
import { parse, SMALLEST } from '../config/support.ts';
import { type EmulatorChild, startEmulatorChild } from '../support/process.ts';

const CONFIG = parse(SMALLEST);
const BATCH = '6fa459ea-ee8a-4ca4-894e-db77e160355e';

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** To compare megabytes byte by byte takes minutes. */
const digest = (bytes: Uint8Array | null) =>
  bytes && bytes.length > 1_000 ? createHash('sha256').update(bytes).digest('hex') : bytes;
const short = (letter: StoredLetter) => ({
  ...{ ...letter, key: digest(letter.key), value: digest(letter.value) },
  headers: letter.headers.map(({ name, value }) => ({ name, value: digest(value) })),
});

const letterOf = (offset: number, more: Partial<DeadLetter> = {}): DeadLetter => ({
  ...{ topic: 'orders', partition: 1, offset, timestamp: 1_763_600_400_000, key: null, value: null },
  ...{ headers: [], stage: 'decode', code: 'tombstone', column: null, message: 'null', sample: null },
  ...more,
});

describe('dead letters in a table', () => {
  let emulator: EmulatorChild;
  let maxcompute: MaxCompute;
  beforeAll(async () => {
    emulator = await startEmulatorChild();
    const { endpoint, project, accessId: accessKeyId, accessKey: accessKeySecret } = emulator;
    maxcompute = openMaxCompute({
      ...{
        endpoint,
        project,
        tunnelEndpoint: null,
        schema: null,
        quota: null,
        region: null,
        proxy: null,
        ca: null,
      },
      credentials: async () => ({ accessKeyId, accessKeySecret, securityToken: null }),
      ...{ clock: systemClock, userAgent: 'maxsink-test/1' },
    });
  });
  afterAll(async () => {
    await maxcompute.close();
    await emulator.stop();
  });

  /** Writes the letters as the service does, and reads them as the commands do. */
  async function throughTable(
    table: string,
    letters: readonly DeadLetter[],
    bytes = true,
  ): Promise<StoredLetter[]> {
    const config = { ...CONFIG, maxcompute: { ...CONFIG.maxcompute, project: emulator.project } };
    await maxcompute.runSql(letterTableStatement(config, table).replace('(\n', '(\n  mine STRING,\n'));
    const places = placesIn(config, await maxcompute.table(table));
    const nothing = () => undefined;
    const opened = openLetterTable({
      table,
      upload: {
        ...{ tunnel: maxcompute.upload(table), compression: 'deflate', clock: systemClock },
        ...{ onSession: nothing, onBlock: nothing, onCommit: nothing },
      },
      encode: letterPieces({ places, pipeline: 'p', compression: 'deflate', clock: systemClock }),
    });
    await opened.append(BATCH, letters.slice(0, 1));
    await opened.append(BATCH, letters.slice(1));
    await opened.seal(BATCH);
    const query = {
      maxcompute,
      place: { project: emulator.project, schema: null, table },
      pipeline: 'p',
      bytes,
    };
    expect(await listed(tableLetters(query))).toEqual([]);
    const session = opened.session(BATCH)!;
    expect(session.ref).toMatchObject({ tablePartition: '', table });
    await session.commit();
    await opened.acknowledge(BATCH);
    expect(opened.session(BATCH)).toBeNull();
    return listed(tableLetters(query));
  }

  it('come back as they were, null and empty apart, with any text and any length', async () => {
    const long = randomBytes(2_200_000);
    const letters = [
      letterOf(1),
      letterOf(2, { timestamp: null, key: Buffer.alloc(0), value: Buffer.alloc(0), sample: '"\n,é\\N' }),
      letterOf(3, {
        ...{ key: Buffer.of(0, 255), value: long, column: 'größe "x"', message: 'a,"b"\nc' },
        headers: [
          { name: 'é\u2028', value: Buffer.of(255) },
          { name: '', value: Buffer.alloc(0) },
        ],
      }),
      letterOf(4, { headers: [{ name: 'long', value: long.subarray(0, 1_700_000) }], original: 'dropped' }),
      letterOf(5, { value: Buffer.from('x'), original: { wrappedKey: Buffer.of(1, 2) } }),
    ];
    const found = await throughTable('errors', letters);
    expect(found.map(short)).toEqual(letters.map((letter) => short({ ...letter, batch: BATCH })));
    const [heads] = [await throughTable('errors_heads', letters, false)];
    expect(heads.map(({ offset, value }) => [offset, value])).toEqual([1, 2, 3, 4, 5].map((n) => [n, null]));
  });
});

describe('a table for dead letters', () => {
  const columns = Object.entries(LETTER_COLUMNS).map(([name, type]) => ({
    name,
    type: type.toLowerCase(),
    nullable: true,
  }));

  it('may have them in any order, and others that may be NULL', () => {
    const more = { name: 'mine', type: 'string', nullable: true };
    const places = letterPlaces([more, ...columns.toReversed()]);
    expect(places).toHaveLength(columns.length);
    expect(places).toContainEqual({ name: 'rejected_at', place: 2 });
  });

  it('is refused with all that is wrong', () => {
    const wrong = columns.slice(1).map((one) => (one.name === 'key' ? { ...one, type: 'string' } : one));
    expect(letterPlaces([...wrong, { name: 'mine', type: 'string', nullable: false }])).toEqual({
      problems: ['id STRING is missing', 'key is STRING, not BINARY', 'mine is NOT NULL'],
    });
  });
});
