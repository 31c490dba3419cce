import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts';

describe('the faulty proxy', () => {
  let server: Server;
  let proxy: FaultyProxy;
  beforeAll(async () => {
    server = createServer((request, response) =>
      request.resume().on('end', () => response.end('x'.repeat(1000))),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy = await startFaultyProxy((server.address() as { port: number }).port);
  });
  afterAll(async () => {
    await proxy.stop();
    server.closeAllConnections();
    server.close();
  });

  const ask = (init: RequestInit = {}): Promise<string> =>
    fetch(`http://127.0.0.1:${proxy.port}/`, init).then((answer) => answer.text());

  it('passes everything when no fault is set', async () => {
    expect(await ask({ method: 'POST', body: 'y'.repeat(1_000_000) })).toHaveLength(1000);
  });

  it('cuts a request, an answer, and new connections', async () => {
    proxy.set({ cutAfterSent: 500_000 });
    await expect(ask({ method: 'POST', body: 'y'.repeat(1_000_000) })).rejects.toThrow();
    proxy.set({ cutAfterReceived: 100 });
    await expect(ask()).rejects.toThrow();
    proxy.set({ refuse: true });
    await expect(ask()).rejects.toThrow();
    proxy.set({});
    expect(await ask()).toHaveLength(1000);
  });

  it('hangs in a black hole and goes on when it is healed', async () => {
    proxy.set({ blackhole: true });
    const pending = ask();
    const first = await Promise.race([
      pending,
      new Promise((resolve) => setTimeout(resolve, 200, 'still open')),
    ]);
    expect(first).toBe('still open');
    proxy.set({ latencyMs: 1 });
    expect(await pending).toHaveLength(1000);
  });
});
