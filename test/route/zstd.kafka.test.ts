import { createServer, request, type Server } from 'node:http';
import * as zlib from 'node:zlib';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { freePort } from '../support/net.ts';
import { type EmulatorChild, startEmulatorChild } from '../support/process.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';

const ZSTD = { MAXSINK_MAXCOMPUTE_COMPRESSION: 'zstd' };

let emulator: EmulatorChild;
let pipeline: Pipeline;
beforeAll(async () => {
  emulator = await startEmulatorChild();
  pipeline = await createPipeline(inject('kafka'), emulator);
});
afterAll(async () => {
  await pipeline.end();
  await emulator.stop();
});

if ('createZstdCompress' in zlib) {
  it('compression zstd: rows arrive, and blocks were sent with it', async () => {
    const tunnel = await startTap(Number(new URL(emulator.tunnelEndpoint).port));
    const env = { ...ZSTD, MAXSINK_MAXCOMPUTE_TUNNEL_ENDPOINT: `http://127.0.0.1:${tunnel.port}` };
    const service = await pipeline.startAssigned({ env });
    // Several chunks, so that a block has several frames.
    for (let turn = 0; turn < 4; turn++) await pipeline.send(5_000);
    await pipeline.settled();
    expect(await pipeline.counts()).toEqual({ rows: 20_000, distinct: 20_000, acknowledged: 20_000 });
    expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });
    await tunnel.stop();
    expect([...tunnel.encodings]).toEqual(['zstd']);
  });
} else {
  it('compression zstd is refused at start where Node has none', async () => {
    const service = await pipeline.start({ env: ZSTD });
    expect(await service.exited).toEqual({ code: 2, signal: null });
    expect(service.tail()).toContain(
      `maxcompute.compression: zstd needs Node 22.15 or later, this is Node ${process.versions.node}: use deflate`,
    );
  });
}

interface Tap {
  readonly port: number;
  /** Of the blocks that went through. */
  readonly encodings: ReadonlySet<string | undefined>;
  stop(): Promise<void>;
}

/** Passes every call on to `port`. */
async function startTap(port: number): Promise<Tap> {
  const encodings = new Set<string | undefined>();
  const server: Server = createServer((call, answer) => {
    const { method, url, headers } = call;
    if (method === 'PUT') encodings.add(headers['content-encoding']);
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (reply) => {
      answer.writeHead(reply.statusCode!, reply.headers);
      reply.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    call.pipe(onward);
  });
  const at = await freePort();
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: at, encodings, stop };
}
