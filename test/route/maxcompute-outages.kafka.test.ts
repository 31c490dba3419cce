import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { freePort } from '../support/net.ts';
import { type EmulatorChild, startEmulatorChild, tempDir } from '../support/process.ts';
import { sleep, until } from '../support/until.ts';
import { usageOf } from '../support/usage.ts';
import { addFault, createPipeline, failure, type Pipeline } from './pipeline.ts';
import { expectSeldom } from './recovery.ts';
import type { Service } from './service.ts';

/** 120 for the long run. */
const OUTAGE_MS = Number(process.env.ROUTE_OUTAGE_SECONDS ?? 20) * 1000;
const CLEAN = { code: 0, signal: null };
const SENT_AGAIN = 'MaxCompute: the call is sent again';

const port = (address: string) => Number(new URL(address).port);
const through = (proxy: FaultyProxy, path = '') => `http://127.0.0.1:${proxy.port}${path}`;
const codes = (service: Service) => service.logged(SENT_AGAIN).map(({ code }) => code);
const all = (n: number) => ({ rows: n, distinct: n, acknowledged: n });

/** MaxCompute is away; the service lives, holds its place in the group and its memory, and says so rarely. */
async function outage(service: Service, pipeline: Pipeline, ms: number): Promise<void> {
  const rss = usageOf(service.pid)!.rssBytes;
  for (const end = Date.now() + ms; Date.now() < end; await sleep(500)) {
    expect(await service.probe('live')).toBe(200);
    if (pipeline.sent() < 20_000) await pipeline.send(500);
  }
  expect(usageOf(service.pid)!.rssBytes).toBeLessThan(rss + 200e6);
  const told = service.logged(SENT_AGAIN);
  expect(told.length, service.tail()).toBeGreaterThan(0);
  expectSeldom(told, ({ call, code }) => `${call} ${code}`);
}

/** Everything that was sent is in the table once; the process is still the same, in the same assignment. */
async function wholeAndClean(service: Service, pipeline: Pipeline): Promise<void> {
  await pipeline.settled();
  expect(await pipeline.counts(), service.tail()).toEqual(all(pipeline.sent()));
  expect(service.logged('topic partitions revoked')).toEqual([]);
  expect(await service.stop(), service.tail()).toEqual(CLEAN);
}

describe('MaxCompute is away for a while', () => {
  const bootstrap = inject('kafka');
  let emulator: EmulatorChild;
  const proxies: FaultyProxy[] = [];
  const pipelines: Pipeline[] = [];

  const pipelineOn = async (of: EmulatorChild, tablePartitions = 2) => {
    pipelines.push(await createPipeline(bootstrap, of, tablePartitions));
    return pipelines.at(-1)!;
  };
  const proxyTo = async (target: number) => {
    proxies.push(await startFaultyProxy(target));
    return proxies.at(-1)!;
  };
  /** A service whose tunnel calls go through a proxy; its first batch is in the table. */
  const throughProxy = async (tablePartitions = 2) => {
    const proxy = await proxyTo(port(emulator.endpoint));
    const pipeline = await pipelineOn(emulator, tablePartitions);
    const env = { MAXSINK_MAXCOMPUTE_TUNNEL_ENDPOINT: through(proxy) };
    const service = await pipeline.startAssigned({ env });
    await pipeline.send(500);
    await pipeline.settled();
    return { proxy, pipeline, service };
  };

  beforeAll(async () => {
    // The tunnel is found at its own address, also by those who ask through a proxy.
    const own = await freePort();
    emulator = await startEmulatorChild(['--public', `127.0.0.1:${own}`], own);
  });
  afterAll(async () => {
    await Promise.all(pipelines.map((one) => one.end()));
    await Promise.all(proxies.map((one) => one.stop()));
    await emulator?.stop();
  });

  it.concurrent('killed with blocks under way, back with its data: every row once', async () => {
    const data = tempDir();
    const first = await startEmulatorChild(['--data', data.path]);
    const running = [first];
    const pipeline = await pipelineOn(first);
    try {
      const service = await pipeline.startAssigned({ intervalMs: 2_000 });
      await pipeline.send(2_000);
      await pipeline.settled();
      // Blocks are under way, no commit yet.
      const block = await addFault(first, { route: 'block', action: 'hang' });
      await pipeline.send(2_000);
      await block.hit();
      first.kill('SIGKILL');
      await first.exited;
      await outage(service, pipeline, OUTAGE_MS);
      running.push(await startEmulatorChild(['--data', data.path], port(first.endpoint)));
      await wholeAndClean(service, pipeline);
      expect(service.logged('starting again from the acknowledged offsets')).toMatchObject([
        { error: { code: 'session_lost' } },
      ]);
    } finally {
      await Promise.all(running.map((one) => one.stop()));
      data.remove();
    }
  });

  it.concurrent('not there at the start: the service waits, alive but not ready, and begins by itself', async () => {
    const data = tempDir();
    const made = await startEmulatorChild(['--data', data.path]);
    const running = [made];
    const pipeline = await pipelineOn(made);
    await made.stop();
    try {
      const service = await pipeline.start();
      await service.waitFor('MaxCompute is away: the start waits for it');
      await outage(service, pipeline, OUTAGE_MS / 2);
      expect(await service.probe('ready')).toBe(503);
      running.push(await startEmulatorChild(['--data', data.path], port(made.endpoint)));
      await service.waitFor('topic partitions assigned');
      await wholeAndClean(service, pipeline);
    } finally {
      await Promise.all(running.map((one) => one.stop()));
      data.remove();
    }
  });

  it.concurrent('the tunnel is down, the service endpoint is up: waits with the rows in hand', async () => {
    const { proxy, pipeline, service } = await throughProxy();
    proxy.set({ refuse: true });
    proxy.cut();
    await outage(service, pipeline, OUTAGE_MS);
    proxy.set({});
    await wholeAndClean(service, pipeline);
  });

  it.concurrent('the service endpoint is down, the tunnel is up: records flow on', async () => {
    const proxy = await proxyTo(port(emulator.endpoint));
    const pipeline = await pipelineOn(emulator);
    const env = { MAXSINK_MAXCOMPUTE_ENDPOINT: through(proxy, '/api') };
    const service = await pipeline.startAssigned({ env });
    await pipeline.send(500);
    await pipeline.settled();
    proxy.set({ refuse: true });
    proxy.cut();
    await pipeline.send(500);
    await pipeline.settled();
    // A cut tunnel connection makes the client ask for the address, and go on with the one it knew.
    const cut = await addFault(emulator, {
      table: pipeline.table,
      route: 'block',
      action: 'cut',
      when: 'before',
      times: 1,
    });
    await pipeline.send(500);
    await cut.hit();
    await wholeAndClean(service, pipeline);
  });

  it.concurrent('the tunnel holds every connection and says nothing: told, ended, sent again', async () => {
    const { proxy, pipeline, service } = await throughProxy(1);
    proxy.set({ blackhole: true });
    await pipeline.send(500);
    await service.waitFor('MaxCompute: still waiting');
    expect(service.logged('MaxCompute: still waiting')[0]).toMatchObject({
      code: 'SLOW',
      what: `no answer from ${through(proxy)}`,
      forMs: 20_000,
    });
    // In the long run the deadline of the request ends the wait.
    const hung = () => OUTAGE_MS < 60_000 || codes(service).includes('DEADLINE');
    await until(hung, { what: 'the deadline of a request', deadlineMs: OUTAGE_MS });
    expect(await service.probe('live')).toBe(200);
    // Half-open: what was sent into the black hole never arrives.
    proxy.cut();
    proxy.set({});
    await wholeAndClean(service, pipeline);
  });

  it.concurrent('bytes trickle both ways: slow, whole', async () => {
    const pipeline = await pipelineOn(emulator, 1);
    const service = await pipeline.startAssigned();
    const slow = await addFault(emulator, {
      ...{ table: pipeline.table, action: 'slow', bytesPerSecond: 1_000 },
    });
    await pipeline.send(1_000);
    await wholeAndClean(service, pipeline);
    expect(await slow.applied()).toBeGreaterThanOrEqual(4);
    expect(codes(service)).toEqual([]);
  });

  it.concurrent('the name of the tunnel is not known: waits, and a stop names what was not reached', async () => {
    const pipeline = await pipelineOn(emulator);
    const env = { MAXSINK_MAXCOMPUTE_TUNNEL_ENDPOINT: `http://tunnel.invalid:${await freePort()}` };
    const service = await pipeline.startAssigned({ env, more: 'shutdown: 4s' });
    await pipeline.send(500);
    await service.waitFor(/ENOTFOUND|EAI_AGAIN/);
    // After a few attempts the batch knows too.
    await sleep(5_000);
    expect(await service.probe('live')).toBe(200);
    expect(await service.stop(), service.tail()).toEqual({ code: 5, signal: null });
    const error = failure(service)!;
    expect(error.code).toBe('shutdown_deadline');
    expect(error.message).toMatch(/batch \S+ has been sealed for \d+ s, waiting for session for hr=0\d/);
    expect(error.message).toMatch(/tunnel\.invalid/);
    expect((await pipeline.counts()).acknowledged).toBe(0);
  });
});
