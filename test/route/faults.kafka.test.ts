import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Kafka, startKafka } from '../support/kafka.ts';
import { type EmulatorChild, startEmulatorChild } from '../support/process.ts';
import { sleep, until } from '../support/until.ts';
import { expectAudited } from './audited.ts';
import { addFault, clearFaults, createPipeline, failure, type Pipeline } from './pipeline.ts';
import type { Service } from './service.ts';

const CLEAN = { code: 0, signal: null };
const all = (n: number) => ({ rows: n, distinct: n, acknowledged: n });

describe('MaxCompute fails while records flow', () => {
  let emulator: EmulatorChild;
  let pipeline: Pipeline;
  let service: Service;
  const others: Pipeline[] = [];

  beforeAll(async () => {
    emulator = await startEmulatorChild();
    pipeline = await createPipeline(inject('kafka'), emulator, 1);
    service = await pipeline.startAssigned();
  });
  afterEach(() => clearFaults(emulator));
  afterAll(async () => {
    await Promise.all([pipeline, ...others].map((one) => one?.end()));
    await emulator?.stop();
  });

  it('over quota for new sessions: the batch stays open longer and is counted, nothing fails', async () => {
    const over = await createPipeline(inject('kafka'), emulator);
    others.push(over);
    const { startAssigned, send, settled, counts } = over;
    const slow = await startAssigned({ intervalMs: 12_000 });
    const quota = await addFault(emulator, { route: 'session_create', action: 'status', status: 429 });
    await send(500);
    // Three attempts for each of two sessions take up to 3 s; when they have failed, the batch waits as well.
    const waits = async () => (await slow.metric('maxsink_over_quota_waits_total')) >= 6;
    await until(waits, { what: 'three attempts for each of two sessions' });
    await send(500);
    await sleep(13_000);
    expect(await slow.metric('maxsink_batches_sealed_total')).toBe(0);
    await quota.remove();
    await settled();
    expect(await counts()).toEqual(all(1_000));
    const [batch] = slow.logged('batch acknowledged');
    expect(batch).toMatchObject({ sealedBy: 'age', records: 1_000 });
    expect(batch!.fillMs).toBeGreaterThan(13_000);
    expect(await slow.metric('maxsink_batches_abandoned_total')).toBe(0);
    expect(await slow.stop(), slow.tail()).toEqual(CLEAN);
  });

  it.each([
    ['expired before its commit', { route: 'session_status', action: 'session', state: 'expired', times: 1 }],
    ['is critical while it is filled', { route: 'block', action: 'session', state: 'critical', times: 1 }],
    ['is gone while it is filled', { route: 'block', action: 'session', state: 'gone', times: 1 }],
  ])('a session %s: its range is read again into a new one', async (_, rule) => {
    const { send, settled, counts, sent } = pipeline;
    const abandoned = await service.metric('maxsink_batches_abandoned_total');
    const fault = await addFault(emulator, rule);
    await send(500);
    await settled();
    expect(await fault.applied()).toBe(1);
    expect(await counts()).toEqual(all(sent()));
    expect(await service.metric('maxsink_batches_abandoned_total')).toBeGreaterThan(abandoned);
  });

  it('is still the same process, live and in the group', async () => {
    expect(await service.probe('live')).toBe(200);
    expect(service.logged('topic partitions revoked')).toEqual([]);
    expect(await service.stop(), service.tail()).toEqual(CLEAN);
  });
});

describe('a part goes away for a while', () => {
  it.concurrent('the broker is killed and comes back: the service goes on by itself, no row is missing', async () => {
    const kafka = await startKafka();
    const emulator = await startEmulatorChild();
    const pipeline = await createPipeline(kafka.bootstrap, emulator);
    try {
      const service = await pipeline.startAssigned();
      await pipeline.send(2_000);
      await service.waitFor('batch acknowledged');
      await pipeline.send(2_000);
      await outage(kafka, 8_000);
      expect(await service.probe('live')).toBe(200);
      await pipeline.send(2_000);
      await pipeline.settled();
      const { rows, distinct, acknowledged } = await pipeline.counts();
      expect([rows, distinct, acknowledged]).toEqual([6_000, 6_000, 6_000]);

      expect(await service.stop(), service.tail()).toEqual(CLEAN);
    } finally {
      await pipeline.end();
      await Promise.all([kafka.stop(), emulator.stop()]);
    }
  });
});

async function outage(kafka: Kafka, ms: number): Promise<void> {
  await kafka.kill(1);
  await sleep(ms);
  await kafka.restart(1);
}

describe('the dead-letter folder becomes unwritable', () => {
  const pipelines: Pipeline[] = [];
  let emulator: EmulatorChild;

  beforeAll(async () => {
    emulator = await startEmulatorChild();
  });
  afterEach(() => Promise.all(pipelines.splice(0).map((one) => one.end())));
  afterAll(() => emulator.stop());

  const pipeline = async () => {
    pipelines.push(await createPipeline(inject('kafka'), emulator));
    return pipelines.at(-1)!;
  };

  /** Another file system object takes the folder's name; `mend` undoes it. */
  const replace = (folder: string) => {
    renameSync(folder, `${folder}-away`);
    writeFileSync(folder, '');
    return () => {
      rmSync(folder);
      renameSync(`${folder}-away`, folder);
    };
  };

  it.each([
    ['between two batches', false],
    ['while a batch has letters in it', true],
  ])(
    '%s: the service stops, nothing is acknowledged; after mending nothing is missing',
    async (_, filled) => {
      const { startAssigned, folder, send, settled, counts, letters, table } = await pipeline();
      const letterFolder = path.join(folder.path, 'dead-letters');
      const service = await startAssigned({ intervalMs: 3_000 });
      await send(1_000, { brokenEvery: 100 });
      await settled();
      // Until the folder is gone: a batch can be done sooner than everything is sent.
      const held = await addFault(emulator, { route: 'block', table, action: 'hang' });
      if (filled) {
        await send(1_000, { brokenEvery: 100 });
        const open = () => readdirSync(letterFolder).some((name) => name.endsWith('.open'));
        await until(open, { what: 'an open file', everyMs: 10 });
      }
      const mend = replace(letterFolder);
      await held.remove();
      if (!filled) await send(1_000, { brokenEvery: 100 });

      expect(await service.exited).toEqual({ code: 1, signal: null });
      expect(failure(service)).toMatchObject({ code: 'dead_letter_unwritable' });
      expect(failure(service)!.message).toContain(letterFolder);
      expect((await counts()).acknowledged).toBe(1_000);

      mend();
      await startAssigned();
      await settled();
      expect(await counts()).toEqual({ rows: 1_980, distinct: 1_980, acknowledged: 2_000 });
      expect(letters().size).toBe(20);
      await expectAudited(pipelines.at(-1)!);
      expect(existsSync(`${letterFolder}-away`)).toBe(false);
    },
  );
});
