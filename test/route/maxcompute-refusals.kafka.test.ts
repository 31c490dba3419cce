import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type EmulatorChild, startEmulatorChild } from '../support/process.ts';
import { until } from '../support/until.ts';
import { addFault, createPipeline, failure, type Pipeline, type StartOptions } from './pipeline.ts';
import { query, type Service } from './service.ts';

const CLEAN = { code: 0, signal: null };
const HOUR = 3_600_000;
const all = (n: number) => ({ rows: n, distinct: n, acknowledged: n });
const refusal = (status: number, code: string, message = code) => ({
  action: 'status',
  status,
  code,
  message,
});

describe('MaxCompute refuses', () => {
  const bootstrap = inject('kafka');
  let emulator: EmulatorChild;
  const pipelines: Pipeline[] = [];

  beforeAll(async () => {
    emulator = await startEmulatorChild();
  });
  afterAll(async () => {
    await Promise.all(pipelines.map((one) => one.end()));
    await emulator?.stop();
  });

  const make = async () => {
    pipelines.push(await createPipeline(bootstrap, emulator, 1));
    return pipelines.at(-1)!;
  };
  /** A service whose first batch is in the table. */
  const flowing = async (options?: StartOptions) => {
    const pipeline = await make();
    const service = await pipeline.startAssigned(options);
    await pipeline.send(500);
    await pipeline.settled();
    const fault = (rule: object) => addFault(emulator, { table: pipeline.table, ...rule });
    return { pipeline, service, fault };
  };
  /** The batch of more records is open, its session too. */
  const opened = async (service: Service, pipeline: Pipeline) => {
    const sessions = () => service.metric('maxsink_sessions_created_total');
    const before = await sessions();
    await pipeline.send(500);
    await until(async () => (await sessions()) > before, { what: 'the session of the batch', everyMs: 50 });
  };
  const createTable = ({ table }: Pipeline) => {
    const columns = 'id BIGINT, kafka_partition BIGINT, kafka_offset BIGINT';
    return query(emulator, `CREATE TABLE ${table} (${columns}) PARTITIONED BY (hr STRING);`);
  };
  const ended = async (service: Service, code: number, error: string) => {
    expect(await service.exited, service.tail()).toEqual({ code, signal: null });
    expect(failure(service)?.code).toBe(error);
    return failure(service)!;
  };
  /** A new process carries on; everything is there once. */
  const restarted = async (pipeline: Pipeline) => {
    const service = await pipeline.startAssigned();
    await pipeline.settled();
    expect(await pipeline.counts(), service.tail()).toEqual(all(pipeline.sent()));
    expect(await service.stop(), service.tail()).toEqual(CLEAN);
  };

  describe.concurrent('the credentials', () => {
    it.each([
      ['a key that was revoked', refusal(401, 'InvalidAccessKeyId'), 'does not accept the credentials'],
      ['a temporary key that has expired', refusal(403, 'AuthenticationRequestExpired'), 'has expired'],
      ['a right that was withdrawn', refusal(403, 'NoPermission'), 'has no right'],
    ])('%s while running: ends at once with the reason, a restart loses nothing', async (_, rule, text) => {
      const { pipeline, service, fault } = await flowing();
      const refused = await fault({ route: 'block', ...rule });
      await pipeline.send(500);
      const code = text === 'has no right' ? 'maxcompute_denied' : 'maxcompute_auth';
      expect((await ended(service, 1, code)).message).toContain(text);
      expect((await pipeline.counts()).acknowledged).toBe(500);
      await refused.remove();
      await restarted(pipeline);
    });

    it('clocks that differ by an hour: the time of the service is taken over, at the start and later', async () => {
      const { pipeline, service, fault } = await flowing();
      const off = await fault({ action: 'clock', ms: HOUR });
      await pipeline.send(500);
      await pipeline.settled();
      const late = await pipeline.startAssigned();
      await service.stop();
      await pipeline.send(500);
      await pipeline.settled();
      expect(await off.applied()).toBeGreaterThan(0);
      expect(await pipeline.counts(), late.tail()).toEqual(all(pipeline.sent()));
      expect(await late.stop(), late.tail()).toEqual(CLEAN);
    });

    it('a clock that no taking over mends: ends with the reason', async () => {
      const { pipeline, service, fault } = await flowing();
      const message = 'max_interval_date:900000,expire_date:x,now_date:y';
      await fault({ route: 'session_create', ...refusal(403, 'RequestTimeTooSkewed', message) });
      await pipeline.send(500);
      expect((await ended(service, 1, 'maxcompute_auth')).message).toContain('the clocks differ too much');
    });
  });

  describe.concurrent('the table', () => {
    it('a project that is missing is named as such at the start', async () => {
      const pipeline = await make();
      const service = await pipeline.start({ env: { MAXSINK_MAXCOMPUTE_PROJECT: 'nowhere' } });
      const { message, hint } = await ended(service, 1, 'project_missing');
      expect(message).toContain('nowhere');
      expect(hint).toContain('maxcompute.project');
    });

    it('dropped while running: ends, and goes on once it is there again', async () => {
      const { pipeline, service } = await flowing();
      const { table } = pipeline;
      await query(emulator, `DROP TABLE ${table};`);
      await pipeline.send(500);
      expect((await ended(service, 1, 'table_missing')).message).toContain(table);
      await createTable(pipeline);
      const again = await pipeline.startAssigned();
      await pipeline.settled();
      expect(await pipeline.counts()).toEqual({ rows: 500, distinct: 500, acknowledged: 1_000 });
      expect(await again.stop()).toEqual(CLEAN);
    });

    it('made anew under an open session: the range is read again', async () => {
      const { pipeline, service } = await flowing({ intervalMs: 6_000 });
      await opened(service, pipeline);
      await query(emulator, `DROP TABLE ${pipeline.table};`);
      await createTable(pipeline);
      await pipeline.settled();
      expect(await pipeline.counts(), service.tail()).toEqual({
        rows: 500,
        distinct: 500,
        acknowledged: 1_000,
      });
      expect(await service.stop(), service.tail()).toEqual(CLEAN);
    });

    it('a table partition dropped under an open session: made again, the range is read again', async () => {
      const { pipeline, service } = await flowing({ intervalMs: 6_000 });
      await opened(service, pipeline);
      await query(emulator, `ALTER TABLE ${pipeline.table} DROP PARTITION (hr='00');`);
      await pipeline.settled();
      // The rows of the first batch went with it.
      expect(await pipeline.counts(), service.tail()).toEqual({
        rows: 500,
        distinct: 500,
        acknowledged: 1_000,
      });
      expect(await service.metric('maxsink_batches_abandoned_total')).toBeGreaterThan(0);
      expect(await service.stop(), service.tail()).toEqual(CLEAN);
    });
  });

  describe.concurrent('the columns change while a batch is open', () => {
    const alter = (pipeline: Pipeline, change: string) =>
      query(emulator, `ALTER TABLE ${pipeline.table} ${change};`);
    /** The change comes into an open batch, or before the next one. */
    const changed = async (change: string, { between = false } = {}) => {
      const { pipeline, service } = await flowing({ intervalMs: 6_000 });
      if (!between) await opened(service, pipeline);
      await alter(pipeline, change);
      if (between) await pipeline.send(500);
      return { pipeline, service };
    };
    const stopped = async (change: string) => {
      const { pipeline, service } = await changed(change);
      const { message } = await ended(service, 2, 'mapping_mismatch');
      expect((await pipeline.counts()).acknowledged).toBe(500);
      return { pipeline, message };
    };

    it.each([
      ['', false],
      [', between two batches', true],
    ])('one is added%s: it is filled from the next batch on', async (_, between) => {
      const { pipeline, service } = await changed('ADD COLUMNS (note BIGINT)', { between });
      await pipeline.settled();
      await pipeline.send(100);
      await pipeline.settled();
      expect(await pipeline.counts()).toEqual(all(1_100));
      expect(await service.metric('maxsink_replans_total')).toBe(1);
      expect(await service.stop(), service.tail()).toEqual(CLEAN);
    });

    it('a mapped one is dropped: no row is written until the mapping or the table is mended', async () => {
      const { pipeline, message } = await stopped('DROP COLUMN id');
      expect(message).toMatch(/\bid\b/);
      await alter(pipeline, 'ADD COLUMNS (id BIGINT)');
      await restarted(pipeline);
    });

    it('a mapped one is renamed', async () => {
      const { pipeline, message } = await stopped('CHANGE COLUMN id RENAME TO number');
      expect(message).toMatch(/\bid\b/);
      await alter(pipeline, 'CHANGE COLUMN number RENAME TO id');
      await restarted(pipeline);
    });

    it('one gets another type: the values are converted to it', async () => {
      const { pipeline } = await changed('CHANGE COLUMN id id STRING');
      await pipeline.settled();
      expect(await pipeline.counts()).toEqual(all(1_000));
      const wrong = `SELECT COUNT(*) FROM ${pipeline.table} WHERE CAST(id AS BIGINT) >= ${pipeline.sent()} OR id IS NULL;`;
      expect(await query(emulator, wrong)).toEqual([[0]]);
    });
  });
});
