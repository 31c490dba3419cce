import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { LIMITS } from '../../src/limits.ts';
import type { Log } from '../../src/log.ts';
import { recoveredEntry, type TrailEntry, trailFields, trailMessage } from '../../src/trail/entry.ts';
import { openTrail, type Trail } from '../../src/trail/trail.ts';
import { until } from '../support/until.ts';

const sender = { pipeline: 'orders', group: 'g', table: 'demo.orders', process: 'host-1' };
const entry = (batch: string, over: Partial<TrailEntry> = {}): TrailEntry => ({
  ...{
    batch,
    how: 'acknowledged',
    records: 8,
    rows: 5,
    extraRows: 0,
    deadLetters: 1,
    filtered: 1,
    rowBytes: 50,
  },
  ...{ skipped: 1, deduplicated: 0 },
  ranges: [
    { topic: 'a', partition: 0, first: 5, end: 10, records: 5 },
    { topic: 'b', partition: 3, first: 0, end: 4, records: 3 },
    { topic: 'a', partition: 2, first: 7, end: 7, records: 0 },
  ],
  sessions: [{ tablePartition: 'hr=09', session: 's1', rows: 5, blocks: 1, bytes: 40 }],
  ...over,
});

/** A trail into a topic that takes what `take` lets through. */
function trailInto(take: (text: string) => Promise<void>) {
  const results: string[] = [];
  const told: object[] = [];
  const write = (fields: object) => void told.push(fields);
  const log = { info: write, warn: write } as unknown as Log;
  const trail: Trail = openTrail({
    producer: { send: (_topic, _key, text) => take(text), close: async () => {} },
    ...{ topic: 'audit', sender, clock: systemClock, log },
    onEntry: (result) => void results.push(result),
  });
  return { trail, results, told };
}

const batchOf = (text: string): string => JSON.parse(text).batch;

describe('an entry', () => {
  it('is a short line of the log', () => {
    expect(trailFields(entry('b1'))).toMatchObject({
      ...{
        batch: 'b1',
        how: 'acknowledged',
        records: 8,
        rows: 5,
        deadLetters: 1,
        filtered: 1,
        skipped: 1,
        deduplicated: 0,
      },
      offsets: 'a 0:5-10 2:7-7; b 3:0-4',
      sessions: [{ tablePartition: 'hr=09', session: 's1', rows: 5, blocks: 1, bytes: 40 }],
    });
  });

  it('is a message that says who sends it', () => {
    expect(JSON.parse(trailMessage(entry('b1'), sender, 0))).toMatchObject({
      ...{ version: 1, pipeline: 'orders', group: 'g', table: 'demo.orders', process: 'host-1' },
      ...{ at: '1970-01-01T00:00:00.000Z', batch: 'b1', records: 8 },
      offsets: {
        a: [
          [0, 5, 10, 5],
          [2, 7, 7, 0],
        ],
        b: [[3, 0, 4, 3]],
      },
    });
  });

  it('of a recovered batch says what the intent knows, and no more', () => {
    const sessions = [
      { tablePartition: 'hr=09', id: 's1', blocks: 2, rows: 5 },
      { tablePartition: 'hr=10', id: 's2', blocks: 1, rows: 4 },
    ];
    const found = recoveredEntry('b2', [{ topic: 'a', partition: 0, first: 5, end: 10 }], sessions);
    expect(found).toMatchObject({ how: 'recovered', rows: 9, records: null, deadLetters: null });
    expect(found.sessions.map((one) => [one.session, one.blocks, one.bytes])).toEqual([
      ['s1', 2, null],
      ['s2', 1, null],
    ]);
    expect(trailFields(found)).toMatchObject({ offsets: 'a 0:5-10' });
    expect(recoveredEntry('b2', [], null)).toMatchObject({ rows: null, sessions: [] });
  });
});

describe('the trail in a topic', () => {
  it('keeps the order, and sends again what was not taken', async () => {
    const taken: string[] = [];
    let refusals = 1;
    const { trail, results, told } = trailInto(async (text) => {
      if (refusals-- > 0) throw new Error('not enough in-sync replicas');
      taken.push(batchOf(text));
    });
    for (const batch of ['b1', 'b2', 'b3']) trail.tell(entry(batch));
    await until(() => taken.length === 3, { what: 'all are there' });
    await trail.stop(1_000);
    expect([taken, results]).toEqual([
      ['b1', 'b2', 'b3'],
      ['produced', 'produced', 'produced'],
    ]);
    expect(told).toHaveLength(2);
  });

  it('drops the oldest that wait when there are too many, and tells of each', async () => {
    const { trail, results, told } = trailInto(() => new Promise(() => {}));
    for (let n = 0; n < LIMITS.trailEntries + 3; n++) trail.tell(entry(`b${n}`));
    expect(results).toEqual(['lost', 'lost', 'lost']);
    // The first one may be there at any moment.
    expect(told).toMatchObject([{ batch: 'b1' }, { batch: 'b2' }, { batch: 'b3' }]);
    await trail.stop(10);
    expect(results).toHaveLength(LIMITS.trailEntries + 3);
  });

  it('holds no more text than it may', () => {
    const { trail, results } = trailInto(() => new Promise(() => {}));
    const ranges = Array.from({ length: 20_000 }, (_, partition) => {
      return { topic: 'a', partition, first: 1e9, end: 2e9, records: 1e9 };
    });
    for (let n = 0; n < 20; n++) trail.tell(entry(`b${n}`, { ranges }));
    const each = trailMessage(entry('b0', { ranges }), sender, 0).length;
    expect(20 - results.length).toBe(Math.floor(LIMITS.trailChars / each));
  });

  it('does not try for ever what is too large', async () => {
    const taken: string[] = [];
    const { trail, results } = trailInto(async (text) => {
      if (batchOf(text) === 'b1') throw Object.assign(new Error('too large'), { code: 10 });
      taken.push(batchOf(text));
    });
    for (const batch of ['b1', 'b2']) trail.tell(entry(batch));
    await until(() => taken.length === 1, { what: 'the next one is there' });
    await trail.stop(100);
    expect(results).toEqual(['lost', 'produced']);
  });

  it('is given up when the time to stop is over', async () => {
    const { trail, results, told } = trailInto(() => Promise.reject(new Error('nobody there')));
    trail.tell(entry('b1'));
    await trail.stop(50);
    expect(results).toEqual(['lost']);
    expect(told.at(-1)).toMatchObject({ batch: 'b1' });
  });
});
