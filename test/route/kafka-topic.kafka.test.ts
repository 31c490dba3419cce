import { describe, expect, inject, it } from 'vitest';
import { addTopicPartitions, commitOffsets, createTopic, deleteTopic } from '../support/topics.ts';
import { until } from '../support/until.ts';
import { addFault, failure, type Pipeline } from './pipeline.ts';
import { expectWhole, logLine, resetToEarliest, untilReady, watchLive, withPipeline } from './recovery.ts';
import { query } from './service.ts';

const CLEAN = { code: 0, signal: null };
const bootstrap = inject('kafka');

const createAgain = async ({ topic }: Pipeline) => {
  await deleteTopic(bootstrap, topic);
  await createTopic(bootstrap, topic, { topicPartitions: 4 });
};

describe.concurrent('the topic is deleted and created again', () => {
  it.each([
    ['more records than were read of the old one', 2_000],
    ['fewer records than were read of the old one', 400],
  ])('while the service runs, and has %s: all of both is there', async (_, records) => {
    await withPipeline(bootstrap, async (pipeline, emulator) => {
      const service = await pipeline.startAssigned();
      const live = watchLive(service);
      await pipeline.send(1_000);
      await pipeline.settled();
      const hang = await addFault(emulator, { route: 'block', action: 'hang' });
      await pipeline.send(500);
      await hang.hit();
      await createAgain(pipeline);
      await pipeline.send(records);
      const told = await logLine(service, 'topic deleted and created again');
      expect(told).toMatchObject({ level: 'warn', topics: [{ topic: pipeline.topic }] });
      await hang.remove();
      // What was read of the old one is acknowledged first, under its id.
      const anew = () => service.logged('topic partitions assigned').length === 2;
      await until(anew, { what: 'the new one is read' });
      await pipeline.settled();
      expect((await pipeline.counts()).acknowledged).toBe(records);
      const ids = `SELECT COUNT(DISTINCT id) FROM ${pipeline.table};`;
      expect(await query(emulator, ids)).toEqual([[pipeline.sent()]]);
      await untilReady(service);
      expect(await live.end()).toEqual([200]);
      expect(await service.stop(), service.tail()).toEqual(CLEAN);
    });
  });

  it('while nothing runs: the group is new to the topic, and all of it is read', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const before = await pipeline.startAssigned();
      await pipeline.send(1_000);
      await pipeline.settled();
      expect(await before.stop(), before.tail()).toEqual(CLEAN);
      await createAgain(pipeline);
      await pipeline.send(1_500);
      await pipeline.startAssigned();
      await pipeline.settled();
      const { rows, distinct, acknowledged } = await pipeline.counts();
      expect([rows, distinct, acknowledged]).toEqual([2_500, 1_500, 1_500]);
    });
  });

  it('and the offsets of the old one are still there: it stops and names them all; a reset mends it', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const { topic, group } = pipeline;
      await pipeline.send(1_000);
      const metadata = 'maxsink1;tp=4;id=AAAAAAAAAAAAAAAAAAAAAQ;';
      const positions = [0, 1, 2, 3].map((partition) => ({ topic, partition, offset: 10, metadata }));
      await commitOffsets(bootstrap, group, positions);
      const stopped = await pipeline.start();
      expect((await stopped.exited).code).toBe(4);
      const { code, message } = failure(stopped)!;
      expect(code).toBe('offset_lost');
      for (const partition of [0, 1, 2, 3]) {
        const why = `${topic}-${partition}: committed 10 for an earlier topic of this name`;
        expect(message).toContain(why);
      }
      await resetToEarliest(bootstrap, pipeline);
      await pipeline.startAssigned();
      await expectWhole(pipeline);
    });
  });
});

describe.concurrent('topic partitions are added', () => {
  it('while the service runs and while it does not: the new ones are read from their beginning', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const kafkaOptions = { 'topic.metadata.refresh.interval.ms': 1_000 };
      const options = { kafkaOptions, env: { MAXSINK_KAFKA_START_AT: 'latest' } };
      const first = await pipeline.startAssigned(options);
      await pipeline.send(1_000);
      await addTopicPartitions(bootstrap, pipeline.topic, 6);
      await pipeline.send(1_000, { topicPartitions: 6 });
      await expectWhole(pipeline);
      expect(await first.stop(), first.tail()).toEqual(CLEAN);
      await addTopicPartitions(bootstrap, pipeline.topic, 8);
      await pipeline.send(1_000, { topicPartitions: 8 });
      await pipeline.startAssigned(options);
      await expectWhole(pipeline);
      const { rows, distinct } = await pipeline.counts();
      expect([rows, distinct]).toEqual([3_000, 3_000]);
    });
  });
});
