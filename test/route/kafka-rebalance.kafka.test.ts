import { describe, expect, inject, it } from 'vitest';
import { sleep, until } from '../support/until.ts';
import { addFault, failure } from './pipeline.ts';
import { expectWhole, logLine, watchLive, withPipeline } from './recovery.ts';
import { query } from './service.ts';

const CLEAN = { code: 0, signal: null };
const ASSIGNED = 'topic partitions assigned';
const REVOKED = 'topic partitions revoked';
const LOST = 'topic partitions lost: the group did not hear from this member in time';

/** Every test waits for most of its time: they run at once, each with a MaxCompute of its own. */
describe.concurrent('members come, go, and stand still', () => {
  const bootstrap = inject('kafka');

  it('a member joins and leaves while uploads hang: the batch is given up within the bound and read again', async () => {
    await withPipeline(bootstrap, async (pipeline, emulator) => {
      // The bound is a third of it.
      const kafkaOptions = { 'max.poll.interval.ms': 9_000 };
      const first = await pipeline.startAssigned({ kafkaOptions });
      const live = watchLive(first);
      const hang = await addFault(emulator, { route: 'block', action: 'hang' });
      await pipeline.send(1_000, { brokenEvery: 100 });
      await hang.hit();
      const second = await pipeline.startAssigned({ kafkaOptions, more: 'shutdown: 3s' });
      expect(await logLine(first, 'batch abandoned')).toMatchObject({ reason: 'revoke' });
      const [revoked, given] = [first.logged(REVOKED)[0]!, (await logLine(first, 'batch abandoned')).time];
      expect(Date.parse(given as string) - Date.parse(revoked.time as string)).toBeGreaterThan(2_900);
      // Records that came late are in batches of their own.
      const abandoned = first.logged('batch abandoned: its records are read again');
      expect(new Set(abandoned.map(({ reason }) => reason))).toEqual(new Set(['revoke']));
      expect(await first.metric('maxsink_batches_abandoned_total')).toBe(abandoned.length);
      expect([0, 5]).toContain((await second.stop()).code);
      await hang.remove();
      await expectWhole(pipeline);
      expect(await live.end()).toEqual([200]);
      expect(await first.stop(), first.tail()).toEqual(CLEAN);
    });
  });

  it('a member joins while uploads are slow: the batch is finished within the bound, nothing is there twice', async () => {
    await withPipeline(bootstrap, async (pipeline, emulator) => {
      const first = await pipeline.startAssigned();
      await addFault(emulator, { route: 'block', action: 'delay', ms: 2_500, times: 2 });
      await pipeline.send(1_000);
      const second = await pipeline.start();
      await Promise.all([logLine(first, REVOKED), logLine(second, ASSIGNED)]);
      await pipeline.send(1_000);
      await expectWhole(pipeline);
      const { rows, distinct } = await pipeline.counts();
      expect([rows, distinct]).toEqual([2_000, 2_000]);
      expect(await first.metric('maxsink_batches_abandoned_total')).toBe(0);
    });
  });

  it('a static member restarts within the session: nobody else notices', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      // A restart takes long on a busy machine.
      const kafkaOptions = { 'session.timeout.ms': 120_000 };
      const as = (name: string) => ({ env: { MAXSINK_KAFKA_INSTANCE_ID: name }, kafkaOptions });
      const stays = await pipeline.startAssigned(as('one'));
      const goes = await pipeline.startAssigned(as('two'));
      await until(() => stays.logged(ASSIGNED).length === 2, { what: 'both have a share' });
      const before = goes.logged(ASSIGNED).at(-1)!.topicPartitions;
      await pipeline.send(1_000);
      await expectWhole(pipeline);
      expect(await goes.stop(), goes.tail()).toEqual(CLEAN);
      await pipeline.send(1_000);
      const back = await pipeline.startAssigned(as('two'));
      await pipeline.send(1_000);
      await expectWhole(pipeline);
      expect(stays.logged(ASSIGNED)).toHaveLength(2);
      expect(back.logged(ASSIGNED)).toMatchObject([{ topicPartitions: before }]);
      const { rows, distinct } = await pipeline.counts();
      expect([rows, distinct]).toEqual([3_000, 3_000]);
    });
  });

  it('a second process with the same instance id takes over, and the first one ends with the reason', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const same = { env: { MAXSINK_KAFKA_INSTANCE_ID: 'one' } };
      const first = await pipeline.startAssigned(same);
      const second = await pipeline.start(same);
      expect((await first.exited).code).toBe(1);
      expect(failure(first)).toMatchObject({
        code: 'kafka_fenced',
        hint: expect.stringContaining('kafka.instanceId'),
      });
      await pipeline.send(1_000);
      await expectWhole(pipeline);
      expect(await second.stop(), second.tail()).toEqual(CLEAN);
    });
  });

  it('a process stands still past the session: it is thrown out, says so and comes back', async () => {
    await withPipeline(bootstrap, async (pipeline, emulator) => {
      const still = await pipeline.startAssigned();
      const other = await pipeline.startAssigned();
      await until(() => still.logged(ASSIGNED).length === 2, { what: 'both have a share' });
      // Its sessions are committed, its offsets are not.
      await addFault(emulator, { route: 'commit', action: 'delay', ms: 1_500, times: 4 });
      await pipeline.send(1_000, { brokenEvery: 100 });
      await sleep(1_800);
      still.kill('SIGSTOP');
      await logLine(other, REVOKED, other.lines.length);
      await sleep(1_000);
      still.kill('SIGCONT');
      await logLine(still, LOST);
      await pipeline.send(1_000, { brokenEvery: 100 });
      await expectWhole(pipeline);
      expect(still.logged(ASSIGNED).length).toBeGreaterThanOrEqual(3);
      expect(await still.probe('live')).toBe(200);
      expect(await Promise.all([still.stop(), other.stop()])).toEqual([CLEAN, CLEAN]);
    });
  });

  it('two pipelines with one group and one topic: the second table is refused, the first goes on', async () => {
    await withPipeline(bootstrap, async (one, emulator) => {
      const first = await one.startAssigned();
      await one.send(1_000);
      await one.settled();
      const other = `${one.table}_other`;
      const columns = 'id BIGINT, kafka_partition BIGINT, kafka_offset BIGINT';
      await query(emulator, `CREATE TABLE ${other} (${columns}) PARTITIONED BY (hr STRING);`);
      const second = await one.start({ table: other });
      expect((await second.exited).code).toBe(2);
      const named = `committed by pipeline ${one.table} for table demo.${one.table}; this is ${other}`;
      expect(failure(second)).toMatchObject({ code: 'group_taken', message: expect.stringContaining(named) });
      await one.send(1_000);
      await expectWhole(one);
      expect(await first.stop(), first.tail()).toEqual(CLEAN);
    });
  });

  it('two pipelines with one group and different topics: each has its own, a rebalance costs nothing', async () => {
    await withPipeline(bootstrap, async (one) => {
      await withPipeline(bootstrap, async (two) => {
        const first = await one.startAssigned();
        await one.send(1_000);
        const second = await two.startAssigned({ group: one.group });
        await Promise.all([one.send(1_000), two.send(1_000)]);
        await expectWhole(one);
        const done = () => second.logged('batch acknowledged').reduce((n, l) => n + (l.records as number), 0);
        await until(() => done() === 1_000, { what: 'everything of the second topic' });
        expect(await second.stop(), second.tail()).toEqual(CLEAN);
        await one.send(1_000);
        await expectWhole(one);
        expect((await one.counts()).rows).toBe(3_000);
        expect((await two.counts()).rows).toBe(1_000);
        expect(await first.stop(), first.tail()).toEqual(CLEAN);
      });
    });
  });
});
