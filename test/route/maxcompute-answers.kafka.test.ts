import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { type EmulatorChild, startEmulatorChild } from '../support/process.ts';
import { sleep } from '../support/until.ts';
import { usageOf } from '../support/usage.ts';
import { addFault, clearFaults, createPipeline, type Pipeline } from './pipeline.ts';
import { expectSeldom } from './recovery.ts';
import type { Service } from './service.ts';

const CALLS = ['session_create', 'block', 'session_status', 'commit'] as const;
const STORM_MS = 6_000;
const SENT_AGAIN = 'MaxCompute: the call is sent again';
const READ_AGAIN = 'starting again from the acknowledged offsets';
const page = '<html><body><h1>nginx</h1></body></html>';
const status = (code: number, more: object = {}) => ({ action: 'status', status: code, ...more });

/** One service, one stream of records, one failure of the tunnel after the other. */
describe('what the tunnel may answer while records flow', () => {
  let emulator: EmulatorChild;
  let pipeline: Pipeline;
  let service: Service;

  beforeAll(async () => {
    emulator = await startEmulatorChild();
    pipeline = await createPipeline(inject('kafka'), emulator, 1);
    service = await pipeline.startAssigned({ env: { MAXSINK_FLUSH_ROWS: '300' } });
  });
  afterEach(() => clearFaults(emulator));
  afterAll(async () => {
    await pipeline?.end();
    await emulator?.stop();
  });

  const retries = () => service.metric('maxsink_tunnel_retries_total');
  const abandoned = () => service.metric('maxsink_batches_abandoned_total');
  /** Sends records and waits until they are acknowledged; everything is in the table once. */
  const flows = async () => {
    await pipeline.send(300);
    await pipeline.settled();
    const n = pipeline.sent();
    expect(await pipeline.counts(), service.tail()).toEqual({ rows: n, distinct: n, acknowledged: n });
    expect(await service.probe('live')).toBe(200);
  };

  it.each([
    ['429', status(429)],
    ['500 without a body', status(500, { body: '' })],
    ['502 with a page', status(502)],
    ['nothing: the connection is cut', { action: 'cut', when: 'before' }],
    ['half an answer', { action: 'cut', when: 'body' }],
    ['nothing, although it was done', { action: 'cut', when: 'after' }],
  ])('each call is once answered %s: sent again and counted, every row once', async (_, fault) => {
    const before = { retries: await retries(), abandoned: await abandoned() };
    const faults = await Promise.all(CALLS.map((route) => addFault(emulator, { route, times: 1, ...fault })));
    await flows();
    for (const one of faults) expect(await one.applied()).toBe(1);
    expect(await retries()).toBeGreaterThanOrEqual(before.retries + CALLS.length);
    expect(await abandoned()).toBe(before.abandoned);
  });

  it('told each call and code at once, and not again within the minute', async () => {
    const lines = service.logged(SENT_AGAIN);
    const told = lines.map(({ call, code }) => `${call}: ${code}`);
    expect(told).toContain('create an upload session: FlowExceeded');
    expect(told).toContain('put a block: HTTP502');
    expectSeldom(lines, ({ call, code }) => `${call}: ${code}`);
  });

  it('a block is answered 503 with the time to come again: not before', async () => {
    await addFault(emulator, { route: 'block', times: 1, ...status(503, { retryAfter: 2 }) });
    await flows();
    const told = service.logged(SENT_AGAIN).find(({ code }) => code === 'ServiceUnavailable');
    expect(told?.waitMs).toBeGreaterThanOrEqual(2_000);
  });

  it('a page with 200 is no session, no status and no commit', async () => {
    const routes = ['session_create', 'session_status', 'commit'];
    const ok = status(200, { body: page });
    const faults = await Promise.all(routes.map((route) => addFault(emulator, { route, ...ok, times: 1 })));
    await flows();
    for (const one of faults) expect(await one.applied()).toBe(1);
    expect(service.logged(SENT_AGAIN)).toContainEqual(expect.objectContaining({ code: 'HTTP200' }));
  });

  it.each([
    ['500', status(500, { when: 'after' })],
    ['that the session is already committed', status(409, { code: 'StatusConflict', when: 'after' })],
    ['a page', status(200, { body: page, when: 'after' })],
    ['a word that nobody knows, and takes its time', { action: 'closing', ms: 1_500, word: 'pondering' }],
  ])('a commit that took effect is answered %s: every row once', async (_, fault) => {
    const before = await abandoned();
    const rule = await addFault(emulator, { route: 'commit', times: 1, ...fault });
    await flows();
    expect(await rule.applied()).toBe(1);
    expect(await abandoned()).toBe(before);
  });

  it('told of the commit that had no outcome', () => {
    const told = service.logged('MaxCompute: still waiting');
    expect(told).toContainEqual(
      expect.objectContaining({ code: 'PONDERING', call: 'commit the upload session', level: 'warn' }),
    );
  });

  it.each([
    ['loses a block that it had confirmed', { route: 'session_status', action: 'lose_block' }],
    ['confirms a block that it does not store', { route: 'block', ...status(200, { body: page }) }],
  ])('a service that %s: nothing is committed, the records are read again', async (_, rule) => {
    const before = service.logged(READ_AGAIN).length;
    const fault = await addFault(emulator, { times: 1, ...rule });
    await flows();
    expect(await fault.applied()).toBe(1);
    // With all batches behind it.
    expect(service.logged(READ_AGAIN).slice(before)).toMatchObject([{ error: { code: 'block_mismatch' } }]);
  });

  it('all of it at once, for a while: every row once, memory flat, the same process in its group', async () => {
    const before = { abandoned: await abandoned(), rss: usageOf(service.pid)!.rssBytes };
    await addFault(emulator, { route: 'session_create', every: 2, ...status(429) });
    await addFault(emulator, { route: 'block', every: 3, action: 'cut', when: 'body' });
    await addFault(emulator, { route: 'session_status', every: 3, ...status(502) });
    await addFault(emulator, { route: 'commit', every: 2, action: 'cut', when: 'after' });
    for (const end = Date.now() + STORM_MS; Date.now() < end; await sleep(100)) await pipeline.send(500);
    await clearFaults(emulator);
    await flows();
    expect(await abandoned()).toBe(before.abandoned);
    expect(usageOf(service.pid)!.rssBytes).toBeLessThan(before.rss + 150e6);
    expect(service.logged('topic partitions revoked')).toEqual([]);
    expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });
  });
});
