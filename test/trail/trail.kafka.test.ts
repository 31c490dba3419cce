import { describe, expect, inject, it } from 'vitest';
import { expectAudited } from '../route/audited.ts';
import { withPipeline } from '../route/recovery.ts';
import { readAll } from '../support/records.ts';
import { createTopic, uniqueName } from '../support/topics.ts';

const bootstrap = inject('kafka');
const CLEAN = { code: 0, signal: null };

interface Message {
  readonly batch: string;
  readonly pipeline: string;
  readonly records: number;
  readonly rows: number;
  readonly deadLetters: number;
  readonly offsets: Record<string, [number, number, number, number][]>;
  readonly sessions: {
    tablePartition: string;
    session: string;
    rows: number;
    blocks: number;
    bytes: number;
  }[];
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0);

describe.concurrent('the audit topic', () => {
  it('has a message for each acknowledged batch, which says what the log line says', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const topic = await createTopic(bootstrap, uniqueName('audit'), { topicPartitions: 2 });
      const service = await pipeline.startAssigned({ more: `audit: {topic: ${topic}}` });
      for (let n = 0; n < 3; n++) await pipeline.send(500, { brokenEvery: 50 });
      await pipeline.settled();
      await pipeline.send(500, { brokenEvery: 50 });
      expect(await service.stop(), service.tail()).toEqual(CLEAN);
      await expectAudited(pipeline);

      const records = await readAll(bootstrap, topic);
      expect(new Set(records.map(({ partition }) => partition)).size).toBe(1);
      const messages = records.map(({ value }) => JSON.parse(String(value)) as Message);
      const lines = service.logged('batch acknowledged');
      expect(messages.map(({ batch }) => batch)).toEqual(lines.map(({ batch }) => batch));
      messages.forEach((message, i) => {
        const { sessions, records: count, rows, deadLetters } = lines[i] as unknown as Message;
        expect(message).toMatchObject({ sessions, records: count, rows, deadLetters, filtered: 0 });
        expect(message.records).toBe(message.rows + message.deadLetters);
        expect(total(message.sessions.map((one) => one.rows))).toBe(message.rows);
        for (const { bytes, blocks, session } of message.sessions)
          expect([bytes > 0, blocks, session]).toEqual([true, 1, expect.stringMatching(/./)]);
      });
      // The ranges of each topic partition follow one another, from its beginning to its end.
      const ends = new Map<number, number>();
      for (const [partition, first, end] of messages.flatMap(
        ({ offsets }) => offsets[pipeline.topic] ?? [],
      )) {
        expect(first).toBe(ends.get(partition) ?? 0);
        ends.set(partition, end);
      }
      const { acknowledged } = await pipeline.counts();
      expect(total([...ends.values()])).toBe(acknowledged);
      expect(total(messages.map((one) => one.records))).toBe(acknowledged);
    });
  });

  it('that takes no messages holds nothing up, and what is not in it is counted and told', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      // Nobody creates it, the broker least of all.
      const topic = uniqueName('audit');
      const service = await pipeline.startAssigned({ more: `audit: {topic: ${topic}}\nshutdown: 4s` });
      await pipeline.send(1_000);
      await pipeline.settled();
      await pipeline.send(1_000);
      await pipeline.settled();
      expect(await service.metric('maxsink_completeness_ratio')).toBe(1);
      expect(await service.stop(), service.tail()).toEqual(CLEAN);
      const batches = service.logged('batch acknowledged').map(({ batch }) => batch);
      const told = service.logged('audit topic: the entry of a batch is not in it, only here');
      expect(told.map(({ batch }) => batch)).toEqual(batches);
      await expectAudited(pipeline);
    });
  });

  it('that finds a message too large loses that one only', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const topic = await createTopic(bootstrap, uniqueName('audit'), {
        config: { 'max.message.bytes': '100' },
      });
      const service = await pipeline.startAssigned({ more: `audit: {topic: ${topic}}` });
      await pipeline.send(100);
      await pipeline.settled();
      await service.waitFor('audit topic: the entry of a batch is not in it');
      expect(await service.page('metrics')).toContain('maxsink_audit_entries_total{result="lost",');
      expect(await service.stop()).toEqual(CLEAN);
    });
  });
});
