import path from 'node:path';
import type { Message } from '@confluentinc/kafka-javascript';
import { describe, expect, inject, it } from 'vitest';
import { startMaxsink } from '../support/process.ts';
import { produce, readAll } from '../support/records.ts';
import { createTopic, uniqueName } from '../support/topics.ts';
import { expectAudited } from './audited.ts';
import { failure, type Pipeline } from './pipeline.ts';
import { withPipeline } from './recovery.ts';

const bootstrap = inject('kafka');
const MAPPING = `  columns: {id: id, kafka_partition: __partition__, kafka_offset: __offset__}
  partitions: {hr: {time: event_time, format: HH, zone: UTC}}`;
const CLEAN = { code: 0, signal: null };

const deadTopic = (config: Record<string, string> = {}) =>
  createTopic(bootstrap, uniqueName('dead'), { topicPartitions: 2, config });

const headersOf = ({ headers = [] }: Message): [string, string][] =>
  (headers as Record<string, Buffer>[]).flatMap((one) => Object.entries(one).map(([k, v]) => [k, String(v)]));
const idOf = (message: Message): string =>
  headersOf(message).find(([name]) => name === 'maxsink-id')?.[1] ?? '';
const bytes = (value: unknown) => (value === null ? null : Buffer.from(value as Buffer));

/** By id, each once. */
const lettersIn = async (topic: string) =>
  new Map((await readAll(bootstrap, topic)).map((message) => [idOf(message), message]));

describe.concurrent('dead letters in a topic', () => {
  it('are the records as they were, with the reason in the headers, before the offsets move', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const topic = await deadTopic();
      const service = await pipeline.startAssigned({ deadLetters: `{topic: ${topic}}` });
      const key = Buffer.of(0, 255);
      const odd = [
        { value: null, key, headers: [['trace', Buffer.of(1, 0, 255)]] as const },
        { value: Buffer.of(0xff, 0xfe), key: null },
        {
          value: '{"id": 1',
          key: '',
          headers: [
            ['a', 'x'],
            ['a', 'y'],
          ] as const,
        },
      ];
      await produce(
        bootstrap,
        pipeline.topic,
        odd.map((one) => ({ ...one, topicPartition: 3 })),
      );
      await pipeline.send(200, { brokenEvery: 10 });
      await pipeline.settled();
      const letters = await lettersIn(topic);
      expect(letters.size).toBe(23);
      const [first, second, third] = [0, 1, 2].map((n) => letters.get(`${pipeline.topic}-3-${n}`)!);
      expect([bytes(first!.key), first!.value]).toEqual([key, null]);
      expect((first!.headers as unknown[])[0]).toEqual({ trace: Buffer.of(1, 0, 255) });
      expect([second!.key ?? null, second!.value]).toEqual([null, Buffer.of(0xff, 0xfe)]);
      expect([bytes(third!.key), String(third!.value)]).toEqual([Buffer.alloc(0), '{"id": 1']);
      expect(headersOf(third!)).toEqual([
        ['a', 'x'],
        ['a', 'y'],
        ['maxsink-id', `${pipeline.topic}-3-2`],
        ['maxsink-topic', pipeline.topic],
        ['maxsink-partition', '3'],
        ['maxsink-offset', '2'],
        ['maxsink-timestamp', expect.stringMatching(/^\d{13}$/)],
        ['maxsink-stage', 'decode'],
        ['maxsink-code', 'invalid_json'],
        ['maxsink-message', expect.any(String)],
        ['maxsink-sample', '{"id": 1'],
        ['maxsink-pipeline', pipeline.table],
        ['maxsink-batch', expect.stringMatching(/^[0-9a-f-]{36}$/)],
      ]);
      expect(await service.stop(), service.tail()).toEqual(CLEAN);
      await expectAudited(pipeline);
    });
  });

  it('can be replayed once the mapping takes them, each once, also from a topic that others use', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const topic = await deadTopic();
      const letters = { deadLetters: `{topic: ${topic}}` };
      const first = await pipeline.startAssigned({
        ...letters,
        mapping: MAPPING.replace('id: id', 'id: none.there'),
      });
      const text = '{"id": 1, "none": {"there": "x"}, "event_time": 1763600400000}';
      const twice = Array.from({ length: 40 }, () => ({ value: text, topicPartition: 0 }));
      await produce(bootstrap, pipeline.topic, twice);
      await pipeline.settled();
      expect(await first.stop(), first.tail()).toEqual(CLEAN);
      const foreign = (await readAll(bootstrap, topic))[0]!;
      const others = headersOf(foreign).map(
        ([k, v]) => [k, k === 'maxsink-pipeline' ? 'other' : v.replace('-0-', '-9-')] as const,
      );
      await produce(bootstrap, topic, [{ value: foreign.value, headers: others }, { value: 'stray' }]);

      const mended = await pipeline.startAssigned(letters);
      expect(await mended.stop(), mended.tail()).toEqual(CLEAN);
      const journal = path.join(pipeline.folder.path, 'journal');
      const deadletters = async (...args: string[]) => {
        const child = startMaxsink([
          'deadletters',
          args[0]!,
          '-c',
          mended.file,
          '--journal',
          journal,
          '--json',
          ...args.slice(1),
        ]);
        expect((await child.exited).code, child.tail()).toBe(0);
        return JSON.parse(child.lines.join('\n'));
      };
      expect(await deadletters('list')).toMatchObject({
        unreadable: 1,
        groups: [{ code: 'wrong_type', count: 40, replayed: 0 }],
      });
      expect(await deadletters('replay')).toMatchObject({ letters: 40, taken: 40, rows: 40 });
      await expectOnce(pipeline, 40);
      expect(await deadletters('replay')).toMatchObject({ letters: 40, earlier: 40, rows: 0 });
      await expectOnce(pipeline, 40);
    });
  });

  it('larger than the topic takes end the service, and are not lost; small ones pass one by one', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const topic = await deadTopic({ 'max.message.bytes': '1500' });
      const deadLetters = `{topic: ${topic}}`;
      const service = await pipeline.startAssigned({ deadLetters });
      await pipeline.send(40, { brokenEvery: 1 });
      await pipeline.settled();
      expect((await lettersIn(topic)).size).toBe(40);
      const value = `{"id": ${'9'.repeat(2000)}`;
      await produce(bootstrap, pipeline.topic, [{ value, topicPartition: 3 }]);
      expect((await service.exited).code).toBe(1);
      expect(failure(service)).toMatchObject({
        code: 'dead_letter_unwritable',
        message: expect.stringContaining(
          `the topic ${topic} does not take the dead letter ${pipeline.topic}-3-`,
        ),
      });
      const wider = await deadTopic();
      const again = await pipeline.startAssigned({ deadLetters: `{topic: ${wider}}` });
      await pipeline.settled();
      expect([...(await lettersIn(wider)).values()].map((one) => String(one.value))).toEqual([value]);
      expect(await again.stop(), again.tail()).toEqual(CLEAN);
    });
  });

  it('are refused at the start where the topic is missing', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const topic = uniqueName('dead');
      const service = await pipeline.start({ deadLetters: `{topic: ${topic}}` });
      expect((await service.exited).code, service.tail()).toBe(1);
      expect(failure(service)).toMatchObject({
        code: 'topic_missing',
        message: expect.stringContaining(topic),
      });
    });
  });

  it('are merged by their ids when their batch is read again after kill -9', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const topic = await deadTopic();
      const start = () => pipeline.startAssigned({ deadLetters: `{topic: ${topic}}`, intervalMs: 600_000 });
      const service = await start();
      await pipeline.send(200, { brokenEvery: 10 });
      // They are sent before the batch is sealed: the kill comes between.
      await untilLetters(topic, 20);
      service.kill('SIGKILL');
      await service.exited;
      const again = await pipeline.startAssigned({ deadLetters: `{topic: ${topic}}` });
      await pipeline.settled();
      expect(await again.stop(), again.tail()).toEqual(CLEAN);
      const all = await readAll(bootstrap, topic);
      expect(all.length).toBe(40);
      expect(new Set(all.map(idOf)).size).toBe(20);
      await expectOnce(pipeline, 180);
      await expectAudited(pipeline);
    });
  });
});

async function untilLetters(topic: string, many: number): Promise<void> {
  while ((await readAll(bootstrap, topic)).length < many)
    await new Promise((resolve) => setTimeout(resolve, 200));
}

async function expectOnce(pipeline: Pipeline, rows: number): Promise<void> {
  const found = await pipeline.counts();
  expect([found.rows, found.distinct]).toEqual([rows, rows]);
}
