import { execFileSync, spawn } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttp, request as forward, type IncomingMessage } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer as createTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { type HttpRequest, openHttp } from '../../src/maxcompute/http.ts';
import { CLIENT_LIMITS, type ClientLimits } from '../../src/maxcompute/options.ts';
import { errorOf, listen, openClient, sendJson, sessionJson, startServer } from './support.ts';

/** A TCP server that sees the raw bytes. */
async function rawServer(connected: (socket: Socket) => void): Promise<string> {
  return rawListen(createTcp(connected));
}

async function rawListen(server: ReturnType<typeof createTcp>): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function openGate() {
  let open = () => {};
  const opened = new Promise<void>((done) => {
    open = done;
  });
  return { open: () => open(), opened };
}

function openTestHttp(
  limits: Partial<ClientLimits> = {},
  ca: string | null = null,
  proxy: string | null = null,
) {
  const http = openHttp({ proxy, ca, limits: { ...CLIENT_LIMITS, ...limits } });
  onTestFinished(() => http.close());
  return http;
}

const request = (origin: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  origin,
  path: '/x',
  method: 'PUT',
  headers: {},
  body: '',
  signal: undefined,
  ...more,
});

const MiB = 1024 * 1024;
const REFUSAL = '{"Code":"NoSuchUpload"}';
const refusal = `HTTP/1.1 404 Not Found\r\ncontent-length: ${REFUSAL.length}\r\nconnection: close\r\n\r\n${REFUSAL}`;

describe('an upload on the wire', () => {
  it('is chunked, slice by slice, and ended by the empty chunk', async () => {
    let wire = '';
    const server = await rawServer((socket) =>
      socket.on('data', (data) => {
        wire += data.toString('latin1');
        if (wire.endsWith('\r\n0\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      }),
    );
    const http = openTestHttp({ uploadSliceBytes: 3 });
    const body = [Buffer.from('abcde'), Buffer.from('fg')];
    expect((await http.send(request(`http://${server}`, { body }))).status).toBe(200);
    const [head = '', payload] = wire.split(/\r\n\r\n(.*)/s);
    expect(head).toContain('PUT /x HTTP/1.1');
    expect(head).toContain('transfer-encoding: chunked');
    expect(payload).toBe('3\r\nabc\r\n2\r\nde\r\n2\r\nfg\r\n0\r\n\r\n');
  });

  it('that is aborted or cut never carries the empty chunk', async () => {
    const wires: string[] = [];
    const closed = openGate();
    const server = await rawServer((socket) => {
      socket.on('data', (data) => wires.push(data.subarray(-5).toString('latin1')));
      socket.on('close', () => closed.open());
    });
    const controller = new AbortController();
    const http = openTestHttp();
    const body = Array.from({ length: 64 }, () => Buffer.alloc(MiB, 65));
    const sent = http.send(request(`http://${server}`, { body, signal: controller.signal }));
    const reason = new Error('shutdown');
    setTimeout(() => controller.abort(reason), 5);
    await expect(sent).rejects.toBe(reason);
    await closed.opened;
    expect(wires.some((wire) => wire.endsWith('0\r\n\r\n'))).toBe(false);
  });

  it.each(['closes', 'resets'])('gives the refusal of a server that answers early and %s', async (how) => {
    // The other process matters: within one, the order of events hides the failed write.
    const server = await startRefuser(how);
    const http = openTestHttp();
    const body = Array.from({ length: 64 }, () => Buffer.alloc(MiB, 1));
    for (let round = 0; round < 20; round++) {
      const answer = await http.send(request(`http://${server}`, { body }));
      expect(answer).toMatchObject({ status: 404, text: REFUSAL });
    }
  });

  it('gives the early refusal of a TLS server too', async () => {
    const { certificate, key } = makeCertificate();
    const server = await rawListen(
      createTls({ cert: certificate, key }, (socket) => {
        socket.on('error', () => {});
        socket.once('data', () => {
          socket.pause();
          socket.write(refusal, () => socket.destroy());
        });
      }),
    );
    const http = openTestHttp({}, certificate);
    const body = Array.from({ length: 16 }, () => Buffer.alloc(MiB, 1));
    const answer = await http.send(request(`https://${server}`, { body }));
    expect(answer).toMatchObject({ status: 404, text: REFUSAL });
  });

  it('does not believe a success that comes before the end of the body', async () => {
    const server = await rawServer((socket) =>
      socket.once('data', () => {
        socket.pause();
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      }),
    );
    const body = Array.from({ length: 64 }, () => Buffer.alloc(MiB, 1));
    const answer = openTestHttp().send(request(`http://${server}`, { body }));
    await expect(answer).rejects.toThrow('answered before the whole body was sent');
  });

  it('survives a server that reads slowly, as long as bytes move', async () => {
    const server = await rawServer((socket) => {
      let bytes = 0;
      socket.on('data', (data) => {
        bytes += data.length;
        socket.pause();
        setTimeout(() => socket.resume(), 1);
        if (data.subarray(-5).toString('latin1') === '0\r\n\r\n')
          socket.end(`HTTP/1.1 200 OK\r\nbytes: ${bytes}\r\n\r\n`);
      });
    });
    const http = openTestHttp({ uploadIdleMs: 2000 });
    const body = Array.from({ length: 8 }, () => Buffer.alloc(MiB, 1));
    expect((await http.send(request(`http://${server}`, { body }))).status).toBe(200);
  });
});

describe('deadlines', () => {
  const big = Array.from({ length: 64 }, () => Buffer.alloc(MiB, 1));

  it('end an upload whose bytes are not taken', async () => {
    const server = await rawServer((socket) => socket.pause());
    const sent = openTestHttp({ uploadIdleMs: 50 }).send(request(`http://${server}`, { body: big }));
    await expect(sent).rejects.toThrow('no byte taken for 50 ms');
  });

  it('end an upload that is too slow as a whole', async () => {
    const server = await rawServer((socket) =>
      socket.on('data', () => {
        socket.pause();
        setTimeout(() => socket.resume(), 5);
      }),
    );
    const limits = { uploadIdleMs: 5000, uploadGraceMs: 100, uploadFloorBytesPerSecond: 1e12 };
    const sent = openTestHttp(limits).send(request(`http://${server}`, { body: big }));
    await expect(sent).rejects.toThrow('upload not finished for 101 ms');
  });

  it('end an upload that is never answered, and destroy its socket', async () => {
    const closed = openGate();
    const server = await rawServer((socket) => socket.on('data', () => {}).on('close', () => closed.open()));
    const sent = openTestHttp({ requestTimeoutMs: 50 }).send(
      request(`http://${server}`, { body: [Buffer.from('x')] }),
    );
    await expect(sent).rejects.toThrow('no answer to the upload for 50 ms');
    await closed.opened;
  });

  it('end a small call whose answer never comes, or never ends', async () => {
    const silent = await rawServer((socket) => socket.resume());
    const endless = await rawServer((socket) =>
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx')),
    );
    for (const server of [silent, endless]) {
      const sent = openTestHttp({ requestTimeoutMs: 50 }).send(request(`http://${server}`));
      await expect(sent).rejects.toThrow('no answer for 50 ms');
    }
  });

  it('bound the size of an answer', async () => {
    const server = await startServer((_, response) => response.end(Buffer.alloc(5000)));
    const sent = openTestHttp({ answerBytes: 1000 }).send(request(server.origin, { method: 'GET' }));
    await expect(sent).rejects.toThrow(/size/i);
  });
});

describe('a connection', () => {
  it('that is cut in the middle of a block is replaced, and the whole block sent again', async () => {
    let puts = 0;
    const server = createHttp((incoming, response) => {
      if (incoming.method === 'POST') return sendJson(response, 200, sessionJson());
      if (puts++ < 2) return incoming.once('data', () => incoming.socket.resetAndDestroy());
      let bytes = 0;
      incoming
        .on('data', (data: Buffer) => (bytes += data.length))
        .on('end', () => response.end(String(bytes)));
    });
    const { client, retries } = openClient(`http://${await listen(server)}`);
    const session = await client.upload('t').create('');
    await session.putBlock(0, [Buffer.alloc(4 * MiB, 3)], null);
    expect(puts).toBe(3);
    expect(retries.map(({ why }) => why)).toEqual(['the connection failed', 'the connection failed']);
  });

  it('is not asked again once the client is closed', async () => {
    const { client, retries } = openClient('http://127.0.0.1:1');
    await client.close();
    expect((await errorOf(client.table('t'))).message).toContain('the client was closed');
    expect(retries).toEqual([]);
  });

  it('that cannot be made is named with its code', async () => {
    const { client } = openClient('http://127.0.0.1:1');
    const error = await errorOf(client.table('t'));
    expect(error.code).toBe('maxcompute_unreachable');
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('is used again by the next call', async () => {
    const ports = new Set<number | undefined>();
    const server = await startServer((_, response, incoming) => {
      ports.add(incoming.socket.remotePort);
      sendJson(response, 200, sessionJson());
    });
    const { client } = openClient(server.origin);
    for (let turn = 0; turn < 5; turn++) await client.upload('t').create('');
    expect(ports.size).toBeLessThan(5);
  });
});

describe('a signal', () => {
  it('ends any number of requests at once, and keeps nothing of those that are done', async () => {
    const server = await startServer((seen, response) => {
      if (seen.method === 'POST') sendJson(response, 200, sessionJson());
    });
    const controller = new AbortController();
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on('warning', warn);
    const { client } = openClient(server.origin);
    const session = await client.upload('t').create('', controller.signal);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    const puts = Array.from({ length: 20 }, (_, id) =>
      session.putBlock(id, [Buffer.from('x')], null, controller.signal),
    );
    while (server.seen.length < 21) await systemClock.sleep(5);
    const reason = new Error('shutdown');
    controller.abort(reason);
    for (const result of await Promise.allSettled(puts)) expect(result).toMatchObject({ reason });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });
});

describe('own certificate authorities', () => {
  it('are trusted, and without them the server is not', async () => {
    const { certificate, key } = makeCertificate();
    const server = createHttps({ cert: certificate, key }, (_, response) =>
      sendJson(response, 200, sessionJson()),
    );
    const origin = `https://${await listen(server)}`;
    expect((await openClient(origin, { ca: certificate }).client.upload('t').create('')).id).toBe('S1');
    const { client, retries } = openClient(origin);
    const error = await errorOf(client.upload('t').create(''));
    expect(error.code).toBe('maxcompute_tls');
    expect(error.message).toContain(
      'the certificate of the server is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT',
    );
    expect(retries).toEqual([]);
  });
});

describe('an address that is wrong', () => {
  it('https where http is spoken is not asked again', async () => {
    const server = await startServer((_, response) => response.end());
    const { client, retries } = openClient(server.origin.replace('http:', 'https:'));
    const error = await errorOf(client.upload('t').create(''));
    expect(error).toMatchObject({
      code: 'maxcompute_tls',
      message: expect.stringContaining('does not speak TLS'),
    });
    expect(retries).toEqual([]);
  });

  it.each([
    ['without a path', '', true],
    ['with a path', '/api', false],
  ])('an endpoint %s that nobody knows: the error names /api when it is missing', async (_, path, named) => {
    const server = await startServer((_, response) =>
      response.writeHead(404).end('<html>404 Not Found</html>'),
    );
    const { client } = openClient(server.origin, { endpoint: `${server.origin}${path}` });
    const error = await errorOf(client.table('t'));
    expect(error.code).toBe('maxcompute_refused');
    expect(error.message.includes('usually ends in /api')).toBe(named);
  });
});

describe('a proxy', () => {
  const body = [Buffer.alloc(MiB, 5)];

  it('carries http in absolute form, with its user name', async () => {
    const server = await startServer((_, response) => sendJson(response, 200, sessionJson()));
    const proxy = await startProxy();
    const { client } = openClient(server.origin, { proxy: `http://joe:s%20cret@${proxy.address}` });
    const session = await client.upload('t').create('');
    await session.putBlock(0, body, null);
    expect(proxy.lines).toEqual([
      `POST ${server.origin}/projects/demo/tables/t?uploads&curr_project=demo`,
      `PUT ${server.origin}/projects/demo/tables/t?uploadid=S1&blockid=0&curr_project=demo`,
    ]);
    expect(server.seen[1]!.body.equals(body[0]!)).toBe(true);
    expect(new Set(proxy.users)).toEqual(new Set([`Basic ${Buffer.from('joe:s cret').toString('base64')}`]));
    expect(server.seen[0]!.headers['proxy-authorization']).toBeUndefined();
  });

  it('carries https through CONNECT', async () => {
    const { certificate, key } = makeCertificate();
    const received: number[] = [];
    const server = createHttps({ cert: certificate, key }, (incoming, response) => {
      let bytes = 0;
      incoming.on('data', (data: Buffer) => (bytes += data.length));
      incoming.on('end', () => {
        received.push(bytes);
        sendJson(response, 200, sessionJson());
      });
    });
    const address = await listen(server);
    const proxy = await startProxy();
    const { client } = openClient(`https://${address}`, {
      proxy: `http://${proxy.address}`,
      ca: certificate,
    });
    const session = await client.upload('t').create('');
    await session.putBlock(0, body, null);
    expect(received).toEqual([0, MiB]);
    expect(new Set(proxy.lines)).toEqual(new Set([`CONNECT ${address}`]));
  });

  it('that refuses is named and not asked again', async () => {
    const proxy = await startProxy(407);
    const { client, retries } = openClient('https://127.0.0.1:1', {
      proxy: `http://joe:geheim@${proxy.address}`,
    });
    const error = await errorOf(client.upload('t').create(''));
    expect(error).toMatchObject({
      code: 'maxcompute_proxy',
      message: expect.stringContaining('the proxy refuses'),
    });
    expect(error.message).not.toContain('geheim');
    expect(retries).toEqual([]);
  });
});

interface TestProxy {
  readonly address: string;
  readonly lines: string[];
  readonly users: (string | undefined)[];
}

/** A small HTTP proxy: absolute form and CONNECT, or a refusal of both. */
async function startProxy(refuse: number | null = null): Promise<TestProxy> {
  const lines: string[] = [];
  const users: (string | undefined)[] = [];
  const note = ({ method, url, headers }: IncomingMessage) => {
    lines.push(`${method} ${url}`);
    users.push(headers['proxy-authorization']);
  };
  const server = createHttp((incoming, response) => {
    note(incoming);
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = incoming.headers;
    const onward = forward(incoming.url!, { method: incoming.method!, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(onward);
  });
  server.on('connect', (incoming, socket: Socket) => {
    note(incoming);
    if (refuse !== null) return socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`);
    const [host, port] = incoming.url!.split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const side of [socket, onward]) side.on('error', () => {}).on('close', () => onward.destroy());
  });
  return { address: await listen(server), lines, users };
}

/** A server in a process of its own that answers 404 after 200 KB and closes while bytes still come. */
async function startRefuser(how: string): Promise<string> {
  const end = how === 'resets' ? 'socket.resetAndDestroy()' : 'socket.destroy()';
  const source = `
    const server = require('node:net').createServer((socket) => {
      let bytes = 0;
      socket.on('error', () => {});
      socket.on('data', (data) => {
        bytes += data.length;
        if (bytes < 200000) return;
        socket.removeAllListeners('data');
        socket.pause();
        socket.write(${JSON.stringify(refusal)}, () => ${end});
      });
    });
    server.listen(0, '127.0.0.1', () => console.log('127.0.0.1:' + server.address().port));`;
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill());
  return new Promise((done) => child.stdout.once('data', (line: Buffer) => done(line.toString().trim())));
}

let made: { certificate: string; key: string } | null = null;

/** A self-signed certificate for 127.0.0.1. */
function makeCertificate(): { certificate: string; key: string } {
  if (made !== null) return made;
  const folder = mkdtempSync(join(tmpdir(), 'maxsink-ca-'));
  const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const keyKind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...keyKind, '-keyout', files.key, '-out', files.certificate, ...subject],
    {
      stdio: 'ignore',
    },
  );
  made = { certificate: readFileSync(files.certificate, 'utf8'), key: readFileSync(files.key, 'utf8') };
  rmSync(folder, { recursive: true });
  return made;
}
