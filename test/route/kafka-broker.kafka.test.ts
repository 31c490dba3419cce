import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { groupCoordinator } from '../support/groups.ts';
import { type Kafka, type KafkaOptions, startKafka } from '../support/kafka.ts';
import type { EmulatorChild } from '../support/process.ts';
import { sleep } from '../support/until.ts';
import { addFault, failure, type Pipeline } from './pipeline.ts';
import { expectSeldom, expectWhole, logLine, watchLive, withPipeline } from './recovery.ts';
import type { Service } from './service.ts';

/** 120 for the long run: ROUTE_OUTAGE_SECONDS=120. */
const OUTAGE_MS = 1000 * Number(process.env.ROUTE_OUTAGE_SECONDS ?? 20);
const TEST_MS = 600_000 + 2 * OUTAGE_MS;
const CLEAN = { code: 0, signal: null };
const LOST = 'topic partitions lost: the group did not hear from this member in time';

async function withBroker(
  options: KafkaOptions,
  test: (kafka: Kafka, pipeline: Pipeline, emulator: EmulatorChild) => Promise<void>,
): Promise<void> {
  const kafka = await startKafka(options);
  try {
    const replicas = options.brokers ?? 1;
    await withPipeline(kafka.bootstrap, (pipeline, emulator) => test(kafka, pipeline, emulator), replicas);
  } finally {
    await kafka.stop();
  }
}

/** The outage as it was told at a level that operators see. */
const outageLines = (service: Service): Record<string, unknown>[] =>
  service.lines
    .filter((text) => /"level":"warn".*"msg":"Kafka: .* unreachable for /.test(text))
    .map((text) => JSON.parse(text));

/** Every test has brokers and a MaxCompute of its own and waits for most of its time: they run at once. */
describe.concurrent('the brokers fail while records flow', { timeout: TEST_MS }, () => {
  it('killed and started again with their data: the service waits, goes on by itself and says both', async () => {
    await withBroker({}, async (kafka, pipeline) => {
      const service = await pipeline.startAssigned();
      const live = watchLive(service);
      await pipeline.send(1_000, { brokenEvery: 100 });
      await pipeline.settled();
      await pipeline.send(1_000);
      await kafka.kill(1);
      await service.waitFor(/Kafka: .* unreachable for /);
      await sleep(OUTAGE_MS);
      expectSeldom(outageLines(service), () => 'the outage');
      await kafka.restart(1);
      await pipeline.send(1_000);
      await expectWhole(pipeline);
      await logLine(service, 'Kafka: reachable again after');
      expect(await live.end()).toEqual([200]);
      expect(await service.stop(), service.tail()).toEqual(CLEAN);
    });
  });

  it('frozen for less, then for more than the session; then a part of the log is gone', async () => {
    await withBroker({}, async (kafka, pipeline, emulator) => {
      const service = await pipeline.startAssigned({ kafkaOptions: { 'session.timeout.ms': 12_000 } });
      const live = watchLive(service);
      await pipeline.send(1_000);
      await pipeline.settled();
      for (const [frozenMs, lost] of [
        [3_000, 0],
        [16_000, 1],
      ] as const) {
        // The sessions are committed, the offsets not yet.
        const slow = await addFault(emulator, { route: 'commit', action: 'delay', ms: 1_000 });
        await pipeline.send(1_000);
        await slow.hit();
        await kafka.freeze(1);
        await sleep(frozenMs);
        await kafka.thaw(1);
        await slow.remove();
        await expectWhole(pipeline);
        expect(service.logged(LOST).length, service.tail()).toBe(lost);
      }
      expect(await live.end()).toEqual([200]);

      await kafka.kill(1);
      const log = path.join(kafka.data(1), `${pipeline.topic}-0`);
      for (const name of readdirSync(log).filter((file) => file !== 'partition.metadata'))
        rmSync(path.join(log, name));
      await kafka.restart(1);
      expect((await service.exited).code, service.tail()).toBe(4);
      expect(failure(service)).toMatchObject({ code: 'offset_lost' });
      expect(failure(service)!.message).toMatch(
        new RegExp(
          `: ${pipeline.topic}-0: (committed|read up to) \\d+, the log is 0\\.\\.0: it ends before what was read$`,
        ),
      );
    });
  });

  it('a commit is never answered: the member joins anew and reads again, once the group takes commits', async () => {
    await withBroker({}, async (kafka, pipeline, emulator) => {
      const service = await pipeline.startAssigned({ kafkaOptions: { 'session.timeout.ms': 40_000 } });
      const live = watchLive(service);
      const slow = await addFault(emulator, { route: 'commit', action: 'delay', ms: 1_000, times: 2 });
      await pipeline.send(1_000);
      await slow.hit();
      await kafka.freeze(1);
      const refused = await logLine(service, 'starting again from the acknowledged offsets');
      expect(refused.error).toMatchObject({
        code: 'kafka_commit_refused',
        message: expect.stringContaining('no answer from the group coordinator within 15 s'),
      });
      await logLine(service, 'rejoining the group');
      expect(await service.probe('ready')).toBe(503);
      await kafka.thaw(1);
      await pipeline.send(1_000);
      await expectWhole(pipeline);
      expect(await live.end()).toEqual([200]);
      expect(await service.stop(), service.tail()).toEqual(CLEAN);
    });
  });

  it('the brokers take too little metadata: nothing is written, and the service ends with what to set', async () => {
    // The note of every commit is longer.
    await withBroker({ overrides: { 'offset.metadata.max.bytes': 20 } }, async (_, pipeline) => {
      await pipeline.send(1_000);
      const service = await pipeline.start();
      expect((await service.exited).code, service.tail()).toBe(1);
      expect(failure(service)).toMatchObject({
        code: 'metadata_too_long',
        hint: expect.stringContaining('offset.metadata.max.bytes'),
      });
      expect(await pipeline.counts()).toEqual({ rows: 0, distinct: 0, acknowledged: 0 });
    });
  });

  it('the coordinator of the group is killed among three: another one takes over', async () => {
    await withBroker({ brokers: 3 }, async (kafka, pipeline) => {
      const service = await pipeline.startAssigned();
      const live = watchLive(service);
      await pipeline.send(1_000);
      await pipeline.settled();
      const loading = pipeline.load();
      await kafka.kill(await groupCoordinator(kafka.bootstrap, pipeline.group));
      await sleep(5_000);
      await loading.stop();
      await expectWhole(pipeline);
      expect(await live.end()).toEqual([200]);
      expect(await service.stop(), service.tail()).toEqual(CLEAN);
    });
  });
});
