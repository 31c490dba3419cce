import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { begun, dropBody, writeReply } from '../../src/emulator/answer.ts';
import type { Fault } from '../../src/emulator/control/control.ts';
import { slowed } from '../../src/emulator/control/faults.ts';
import type { Reply } from '../../src/emulator/errors.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server that answers everything with `make()`; what became of the answer is in `done`. */
async function serve(make: () => Reply, fault?: Fault) {
  let finish = () => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  server = createServer(async (request, response) => {
    response.on('error', () => {});
    await writeReply({ request, response, requestId: 'R1' }, await begun(make()), fault);
    finish();
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, done };
}

const open = (port: number, method = 'GET') =>
  new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', method, agent: false });
    request.on('response', resolve).on('error', reject).end();
  });

/** What came of a body, and whether it came whole. */
async function readAll(response: IncomingMessage) {
  const pieces: Buffer[] = [];
  let isWhole = true;
  try {
    for await (const piece of response) pieces.push(piece as Buffer);
  } catch {
    isWhole = false;
  }
  return { text: Buffer.concat(pieces).toString(), isWhole };
}

/** Pieces that tell how many of them were made and whether the maker was ended. */
function pieces(count: number, size: number, failAt = -1) {
  const seen = { made: 0, ended: false };
  async function* make() {
    try {
      for (let index = 0; index < count; index += 1) {
        await new Promise(setImmediate);
        if (index === failAt) throw new Error('the rows are gone');
        seen.made += 1;
        yield Buffer.alloc(size, 97 + index);
      }
    } finally {
      seen.ended = true;
    }
  }
  return { seen, body: make() };
}

describe('a streaming answer', () => {
  it('comes chunked, whole and with the request id', async () => {
    const { seen, body } = pieces(3, 2);
    const { port } = await serve(() => ({ status: 200, type: 'application/octet-stream', body }));
    const response = await open(port);
    expect(await readAll(response)).toEqual({ text: 'aabbcc', isWhole: true });
    expect(response.headers).toMatchObject({
      'transfer-encoding': 'chunked',
      'content-type': 'application/octet-stream',
      'x-odps-request-id': 'R1',
    });
    expect(seen.ended).toBe(true);
  });

  it('is an empty body with a length when there is no piece', async () => {
    const { port } = await serve(() => ({ status: 200, body: pieces(0, 1).body }));
    const response = await open(port);
    expect(response.headers['content-length']).toBe('0');
    expect(await readAll(response)).toEqual({ text: '', isWhole: true });
  });

  it('that fails before its first piece rejects, so that a status can still say so', async () => {
    await expect(begun({ status: 200, body: pieces(1, 1, 0).body })).rejects.toThrow('the rows are gone');
  });

  it('that fails in the middle is cut, never ended', async () => {
    const { port } = await serve(() => ({ status: 200, body: pieces(3, 4, 1).body }));
    expect((await readAll(await open(port))).isWhole).toBe(false);
  });

  it('waits for a client that does not read, and ends its source when that one leaves', async () => {
    const { seen, body } = pieces(1000, 1024 * 1024);
    const { port, done } = await serve(() => ({ status: 200, body }));
    const response = await open(port);
    await new Promise((resolve) => response.once('readable', resolve));
    response.destroy();
    await done;
    expect(seen.ended).toBe(true);
    expect(seen.made).toBeLessThan(100);
  });

  it('sends only its head for HEAD and ends its source', async () => {
    const { seen, body } = pieces(1000, 1024);
    const { port, done } = await serve(() => ({ status: 200, body }));
    expect(await readAll(await open(port, 'HEAD'))).toEqual({ text: '', isWhole: true });
    await done;
    expect(seen).toEqual({ made: 1, ended: true });
  });

  it('that is replaced by another answer ends its source', async () => {
    const { seen, body } = pieces(1000, 1024);
    await dropBody(await begun({ status: 200, body }));
    expect(seen.ended).toBe(true);
  });
});

describe('faults of a streaming answer', () => {
  it('cut in the body: half of the first piece comes', async () => {
    const { seen, body } = pieces(5, 10);
    const { port, done } = await serve(() => ({ status: 200, body }), { action: 'cut', when: 'body' });
    expect(await readAll(await open(port))).toEqual({ text: 'aaaaa', isWhole: false });
    await done;
    expect(seen.ended).toBe(true);
  });

  it('cut after the effect: nothing comes', async () => {
    const { seen, body } = pieces(5, 10);
    const { port, done } = await serve(() => ({ status: 200, body }), { action: 'cut', when: 'after' });
    await expect(open(port)).rejects.toThrow();
    await done;
    expect(seen.ended).toBe(true);
  });

  it('slow: everything comes', async () => {
    const slow = { action: 'slow', bytesPerSecond: 20 } as const;
    const { port } = await serve(() => ({ status: 200, body: pieces(2, 3).body }), slow);
    expect(await readAll(await open(port))).toEqual({ text: 'aaabbb', isWhole: true });
  });

  it('slow: what comes is sent in small pieces', async () => {
    const sizes: number[] = [];
    for await (const piece of slowed(pieces(2, 3).body, 20)) sizes.push(piece.length);
    expect(sizes).toEqual([2, 1, 2, 1]);
  });

  it('cut in the body of an answer without one: the client can tell', async () => {
    const { port } = await serve(() => ({ status: 200 }), { action: 'cut', when: 'body' });
    expect((await readAll(await open(port))).isWhole).toBe(false);
  });
});
