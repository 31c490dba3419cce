import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { type EmulatorChild, startEmulatorChild, startMaxsink } from '../support/process.ts';
import { expectAudited } from './audited.ts';
import {
  addFault,
  clearFaults,
  createPipeline,
  failure,
  type Pipeline,
  type StartOptions,
} from './pipeline.ts';

const CLEAN = { code: 0, signal: null };

describe('stopping and refusing to start', () => {
  const bootstrap = inject('kafka');
  const pipelines: Pipeline[] = [];
  let emulator: EmulatorChild;

  const pipeline = async () => {
    pipelines.push(await createPipeline(bootstrap, emulator));
    return pipelines.at(-1)!;
  };

  beforeAll(async () => {
    emulator = await startEmulatorChild();
  });
  afterEach(async () => {
    await clearFaults(emulator);
    await Promise.all(pipelines.splice(0).map((one) => one.end()));
  });
  afterAll(() => emulator.stop());

  describe('SIGTERM', () => {
    it('ends an idle service with 0, also before it has begun', async () => {
      const { start, startAssigned } = await pipeline();
      const idle = await startAssigned();
      expect(await idle.stop(), idle.tail()).toEqual(CLEAN);
      const starting = await start();
      await starting.waitFor('"starting"');
      expect(await starting.stop(), starting.tail()).toEqual(CLEAN);
    });

    it('while it settles an intent: at once, says what stays pending, and the next start settles it', async () => {
      const { startAssigned, start, send, settled, counts, table } = await pipeline();
      const killed = await startAssigned();
      const cut = await addFault(emulator, { route: 'commit', table, action: 'cut', when: 'before' });
      await send(100);
      await cut.hit();
      killed.kill('SIGKILL');
      await killed.exited;
      await cut.remove();
      const hung = await addFault(emulator, { route: 'session_status', table, action: 'hang' });
      const stopped = await start();
      await hung.hit();
      expect(await stopped.stop(), stopped.tail()).toEqual(CLEAN);
      expect(
        stopped.logged('stopping before this batch is settled: it stays pending, the next start settles it'),
      ).toHaveLength(1);
      await hung.remove();
      await startAssigned();
      await settled();
      expect(await counts()).toEqual({ rows: 100, distinct: 100, acknowledged: 100 });
    });

    it('under load: what was acknowledged is in the table, over several stops nothing is there twice', async () => {
      const stopped = await pipeline();
      const { startAssigned, load, settled, counts, sent } = stopped;
      const producing = load();
      for (let round = 0; round < 3; round++) {
        const service = await startAssigned();
        // In the middle of a batch, and not always in the same place.
        await service.waitFor('batch acknowledged');
        expect(await service.stop(), service.tail()).toEqual(CLEAN);
        const { rows, distinct, acknowledged } = await counts();
        expect([rows, distinct]).toEqual([acknowledged, acknowledged]);
      }
      await producing.stop();
      const last = await startAssigned();
      await settled();
      expect(await last.stop(), last.tail()).toEqual(CLEAN);
      expect(await counts()).toEqual({ rows: sent(), distinct: sent(), acknowledged: sent() });
      await expectAudited(stopped);
    });

    it.each([
      ['the first member gives up its topic partitions', 'both'],
      ['the second member has just got its share', 'both'],
      ['the first member gives up its topic partitions', 'the first'],
    ])('when %s, to %s: exit 0, nothing is there twice', async (moment, who) => {
      const { startAssigned, start, load, settled, counts, sent } = await pipeline();
      const producing = load();
      const first = await startAssigned();
      await first.waitFor('batch acknowledged');
      const second = await start();
      if (moment.startsWith('the first')) await first.waitFor('topic partitions revoked');
      else await second.waitFor('topic partitions assigned');
      const stopped = who === 'both' ? [first, second] : [first];
      const exits = await Promise.all(stopped.map((service) => service.stop()));
      const output = `${first.tail()}\n-- second\n${second.tail()}`;
      expect(exits, output).toEqual(stopped.map(() => CLEAN));
      await producing.stop();
      const last = who === 'both' ? await startAssigned() : second;
      await settled();
      expect(await last.stop(), last.tail()).toEqual(CLEAN);
      expect(await counts(), output).toEqual({ rows: sent(), distinct: sent(), acknowledged: sent() });
    });

    it('twice kills the process at once; nothing is lost', async () => {
      const { startAssigned, send, settled, counts } = await pipeline();
      await send(1_000);
      const hang = await addFault(emulator, { route: 'block', action: 'hang' });
      const service = await startAssigned({ kafkaOptions: { 'session.timeout.ms': 2_000 } });
      await hang.hit();
      service.kill('SIGTERM');
      await service.waitFor('stopping: finishing the batch');
      service.kill('SIGTERM');
      expect(await service.exited).toEqual({ code: null, signal: 'SIGKILL' });
      await hang.remove();
      await startAssigned();
      await settled();
      expect(await counts()).toEqual({ rows: 1_000, distinct: 1_000, acknowledged: 1_000 });
    });

    it('past the deadline: exit 5, and the batch is read again after the restart', async () => {
      const { startAssigned, send, settled, counts } = await pipeline();
      await send(1_000, { brokenEvery: 100 });
      const hang = await addFault(emulator, { route: 'block', action: 'hang' });
      const service = await startAssigned({ more: 'shutdown: 3s' });
      await hang.hit();
      expect(await service.stop(), service.tail()).toEqual({ code: 5, signal: null });
      expect(failure(service)?.code).toBe('shutdown_deadline');
      expect((await counts()).acknowledged).toBe(0);
      await hang.remove();
      await startAssigned();
      await settled();
      expect(await counts()).toEqual({ rows: 990, distinct: 990, acknowledged: 1_000 });
      expect(pipelines[0]!.letters().size).toBe(10);
    });
  });

  describe('a service that cannot start', () => {
    /** Exit code, code of the error and the whole text. */
    const refused = async (options: StartOptions, over?: (p: Pipeline) => StartOptions) => {
      const made = await pipeline();
      const service = await made.start({ ...options, ...over?.(made) });
      const { code } = await service.exited;
      const { code: error, hint } = failure(service) ?? {};
      return { exit: code, error, hint, text: service.lines.join('\n') };
    };

    it('wrong configuration: every problem at once, with its place', async () => {
      const { folder } = await pipeline();
      const file = folder.write(
        'wrong.yaml',
        `name: orders
kafka: {brokers: "localhost:9092", topics: [orders], startAt: yesterday}
maxcompute: {endpont: http://127.0.0.1:1/api, project: demo, credentials: {accessKeyId: a, accessKeySecret: s3cret}}
table: {name: ods orders}
flush: {interval: soon}
guarantee: exactly_one
`,
      );
      const child = startMaxsink(['run', '-c', file]);
      expect(await child.exited).toEqual({ code: 2, signal: null });
      const text = child.lines.join('\n');
      expect(text).toContain('config_invalid');
      const places = {
        2: 'kafka.startAt',
        3: 'maxcompute.endpont',
        4: 'table.name',
        5: 'flush.interval',
        6: 'guarantee',
      };
      for (const [line, key] of Object.entries(places)) {
        expect(text).toMatch(new RegExp(`wrong\\.yaml:${line}:\\d+.*${key.replace('.', '\\.')}`));
      }
      expect(text).toContain('endpoint');
      expect(text).not.toContain('s3cret');
    });

    it('table missing', async () => {
      const { exit, error, hint, text } = await refused({ table: 'nowhere' });
      expect([exit, error]).toEqual([1, 'table_missing']);
      expect(hint).toContain('Create the table');
      expect(text).toContain('nowhere');
    });

    it('the mapping does not fit the table: every mismatch at once', async () => {
      const mapping = `  columns: {id: id, ghost: g, kafka_partition: __partition__}
  partitions: {day: {time: event_time, format: yyyyMMdd, zone: UTC}}`;
      const { exit, error, text } = await refused({ mapping });
      expect([exit, error]).toEqual([2, 'mapping_mismatch']);
      for (const word of ['ghost', 'day', 'hr']) expect(text).toContain(word);
    });

    it('wrong access key', async () => {
      const { exit, error, text } = await refused({ emulator: { ...emulator, accessKey: 'wr0ng-key' } });
      expect([exit, error]).toEqual([1, 'maxcompute_auth']);
      expect(text).not.toContain('wr0ng-key');
    });

    it('topic missing', async () => {
      const { exit, error, text } = await refused({ topic: 'no-such-topic' });
      expect([exit, error]).toEqual([1, 'topic_missing']);
      expect(text).toContain('no-such-topic');
    });

    it('http port in use', async () => {
      const server = createServer();
      const port = await listening(server);
      const { exit, error, text } = await refused({ env: { MAXSINK_HTTP_PORT: `${port}` } });
      server.close();
      expect([exit, error]).toEqual([1, 'http_port']);
      expect(text).toContain(`${port}`);
    });

    it('dead-letter folder not writable', async () => {
      const { exit, error, text } = await refused({}, ({ folder }) => {
        const below = path.join(folder.write('a-file', ''), 'dead-letters');
        return { env: { MAXSINK_DEAD_LETTERS_FILE: below } };
      });
      expect([exit, error]).toEqual([1, 'dead_letter_unwritable']);
      expect(text).toContain('a-file');
    });
  });
});

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
