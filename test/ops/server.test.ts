import { afterEach, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import type { Snapshot } from '../../src/ops/health.ts';
import { type Server, startServer } from '../../src/ops/server.ts';
import { SAMPLE } from './status-sample.ts';

const snapshot: Snapshot = {
  now: 100,
  waitsFor: null,
  lastTurnAt: 100,
  member: false,
  topicPartitions: 0,
  refusal: null,
  openingSince: null,
  oldestStateSince: null,
  state: null,
  stateWaitsFor: '',
  flushIntervalMs: 1000,
  decisionPending: null,
  recovery: null,
  stopping: false,
};

const started: Server[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});

async function start(port = 0, render = async () => 'maxsink_x 1\n') {
  const lines: string[] = [];
  const server = await startServer({
    host: '127.0.0.1',
    port,
    metrics: { render, contentType: 'text/plain; version=0.0.4; charset=utf-8' },
    snapshot: () => snapshot,
    status: () => SAMPLE,
    log: createLog({ level: 'info', stream: { write: (line) => void lines.push(line) } }),
  });
  started.push(server);
  return { server, lines, get: (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`) };
}

it('serves health with the reason, metrics, the status and its page', async () => {
  const { get } = await start();
  const paths = ['/live', '/ready', '/metrics', '/status', '/'];
  const [live, ready, metrics, status, page] = await Promise.all(paths.map(get));
  expect([live!.status, await live!.json()]).toEqual([200, { ok: true, reason: 'the loop turns' }]);
  expect([ready!.status, await ready!.json()]).toEqual([
    503,
    { ok: false, reason: 'not a member of the consumer group' },
  ]);
  expect(metrics!.headers.get('content-type')).toContain('version=0.0.4');
  expect(await metrics!.text()).toBe('maxsink_x 1\n');
  expect(await status!.json()).toEqual(SAMPLE);
  expect(page!.headers.get('content-type')).toContain('text/html');
  expect(page!.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page!.text()).toContain('订单明细');
  expect((await get('/nothing')).status).toBe(404);
});

it('answers 500 and logs when metrics cannot be rendered', async () => {
  const { get, lines } = await start(0, () => Promise.reject(new Error('hook failed')));
  expect((await get('/metrics')).status).toBe(500);
  expect((await get('/live')).status).toBe(200);
  expect(lines[0]).toContain('hook failed');
});

it('says which port is taken', async () => {
  const { server } = await start();
  await expect(start(server.port)).rejects.toMatchObject({
    code: 'http_port',
    message: expect.stringContaining(`127.0.0.1:${server.port}`),
  });
});

it('stops although a client keeps its connection', async () => {
  const { server, get } = await start();
  await (await get('/live')).text();
  await server.stop();
  await expect(get('/live')).rejects.toThrow();
});
