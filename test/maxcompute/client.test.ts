import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { AnswerEvent } from '../../src/maxcompute/maxcompute.ts';
import { authorize, canonicalString } from '../../src/maxcompute/sign.ts';
import {
  errorOf,
  KEYS,
  openClient,
  type Seen,
  sendError,
  sendJson,
  sessionJson,
  startServer,
} from './support.ts';

const create = (origin: string, options = {}) => {
  const { client, ...told } = openClient(origin, options);
  return { session: client.upload('t').create('dt=20261121,hr=09'), ...told };
};

describe('a request', () => {
  it('is signed with the Date it carries, without the prefix of the endpoint', async () => {
    const server = await startServer((_, response) => sendJson(response, 200, sessionJson()));
    const { session } = create(`${server.origin}`, {
      tunnelEndpoint: `${server.origin}/pre/`,
      schema: 'sch',
    });
    await session;
    const [seen] = server.seen;
    expect(seen!.url).toBe(
      '/pre/projects/demo/schemas/sch/tables/t?uploads&create_partition=true&curr_project=demo&partition=dt%3D20261121%2Chr%3D09',
    );
    expect(seen!.headers.authorization).toBe(expectedAuthorization(seen!, '/pre'));
    expect(seen!.headers).toMatchObject({
      'content-length': '0',
      'user-agent': 'maxsink/0.1.0',
      'x-odps-user-agent': 'maxsink/0.1.0',
      'x-odps-tunnel-version': '6',
      'odps-tunnel-date-transform': 'v1',
      'odps-tunnel-retry-index': '0',
    });
  });

  it('is repeated with fresh credentials, one trace id and a counted index, then gives up', async () => {
    const server = await startServer((_, response) => sendError(response, 500, 'InternalServerError'));
    let asked = 0;
    const credentials = async () => ({ ...KEYS, accessKeyId: `AK${++asked}`, securityToken: `T${asked}` });
    const { session, retries } = create(server.origin, { credentials });
    const error = await errorOf(session);
    expect(error.code).toBe('maxcompute_transient');
    expect(error.message).toContain('create an upload session (demo.t, table partition dt=20261121,hr=09)');
    expect(error.message).toContain('InternalServerError (HTTP 500) "said so" [request id req-500]');
    const header = (name: string) => server.seen.map(({ headers }) => headers[name]);
    expect(header('authorization-sts-token')).toEqual(['T1', 'T2', 'T3']);
    expect(header('odps-tunnel-retry-index')).toEqual(['0', '1', '2']);
    expect(new Set(header('odps-tunnel-retry-trace-id')).size).toBe(1);
    expect(retries).toHaveLength(3);
    expect(retries[0]).toMatchObject({
      call: 'create an upload session',
      code: 'InternalServerError',
      throttled: false,
      requestId: 'req-500',
    });
  });

  it('waits as long as the server asks it to hold', async () => {
    let answers = 0;
    const server = await startServer((_, response) => {
      const hold = { Code: 'FlowExceeded', HoldClientMillis: '30' };
      answers++ === 0 ? sendJson(response, 429, hold) : sendJson(response, 200, sessionJson());
    });
    const { session, retries } = create(server.origin);
    await session;
    expect(retries).toMatchObject([{ waitMs: 30, throttled: true, code: 'FlowExceeded' }]);
  });

  it('falls back once from V4 to V2 when the service refuses V4, and remembers it', async () => {
    const server = await startServer((seen, response) => {
      if (seen.headers.authorization?.includes('aliyun_v4_request')) {
        sendError(response, 500, 'InternalServerError', 'Need AK V3 support');
      } else sendJson(response, 200, sessionJson());
    });
    const { client, retries } = openClient(server.origin, { region: 'cn-hangzhou' });
    await client.upload('t').create('');
    await client.upload('t').create('');
    const v4 = server.seen.map(({ headers }) =>
      headers.authorization!.includes('/cn-hangzhou/odps/aliyun_v4_request:'),
    );
    expect(v4).toEqual([true, false, false]);
    expect(retries).toEqual([]);
  });

  it('falls back in every call under way when V4 is refused', async () => {
    const waiting: (() => void)[] = [];
    const server = await startServer((seen, response) => {
      if (!seen.headers.authorization?.includes('aliyun_v4_request'))
        return sendJson(response, 200, sessionJson());
      waiting.push(() => sendError(response, 400, 'InvalidParameter', 'ODPS-0410051: invalid credentials'));
      if (waiting.length === 3) for (const answer of waiting) answer();
    });
    const { client } = openClient(server.origin, { region: 'cn-hangzhou' });
    const sessions = await Promise.all([1, 2, 3].map(() => client.upload('t').create('')));
    expect(sessions).toHaveLength(3);
  });

  it('takes over the clock of the server once when the request is called too old', async () => {
    const ahead = 3600_000;
    const server = await startServer((seen, response) => {
      const now = Date.now() + ahead;
      response.setHeader('date', new Date(now).toUTCString());
      const off = Math.abs(Date.parse(seen.headers.date!) - now);
      if (off > 900_000) sendError(response, 403, 'RequestTimeTooSkewed');
      else sendJson(response, 200, sessionJson());
    });
    const { client } = openClient(server.origin);
    await client.upload('t').create('');
    await client.upload('t').create('');
    expect(server.seen).toHaveLength(3);
    expect(server.seen[2]!.headers.authorization).toBe(expectedAuthorization(server.seen[2]!));
  });

  it('treats refused credentials as a question of time when the clocks differ, and not otherwise', async () => {
    const answer = (date: number) =>
      startServer((_, response) => {
        response.setHeader('date', new Date(date).toUTCString());
        sendError(response, 401, 'Unauthorized');
      });
    const far = await answer(Date.now() + 3600_000);
    const near = await answer(Date.now());
    expect((await errorOf(create(far.origin).session)).code).toBe('maxcompute_auth');
    expect((await errorOf(create(near.origin).session)).code).toBe('maxcompute_auth');
    expect([far.seen.length, near.seen.length]).toEqual([2, 1]);
  });

  it('reads the credentials again once when a temporary key has expired', async () => {
    const server = await startServer((seen, response) => {
      if (seen.headers['authorization-sts-token'] === 'old')
        sendError(response, 400, 'AuthenticationRequestExpired');
      else sendJson(response, 200, sessionJson());
    });
    const tokens = ['old', 'new'];
    await create(server.origin, { credentials: async () => ({ ...KEYS, securityToken: tokens.shift()! }) })
      .session;
    expect(server.seen).toHaveLength(2);
  });

  it('keeps secrets, tokens and signatures out of messages, even when the server repeats them', async () => {
    const server = await startServer((seen, response) => {
      const text = `key top-secret-key token secret-token header ${seen.headers.authorization}`;
      sendError(response, 403, 'SignatureNotMatch', text);
    });
    const { session } = create(server.origin, {
      credentials: async () => ({ ...KEYS, securityToken: 'secret-token' }),
    });
    const { message } = await errorOf(session);
    const signature = server.seen[0]!.headers.authorization!.split(':')[1]!;
    for (const secret of ['top-secret-key', 'secret-token', signature]) expect(message).not.toContain(secret);
    expect(message).toContain('key *** token *** header ODPS AKID:***');
  });

  it('names the failure of a credentials provider', async () => {
    const credentials = () => Promise.reject(new Error('no role'));
    expect(await errorOf(create('http://127.0.0.1:1', { credentials }).session)).toEqual({
      code: 'maxcompute_auth',
      message:
        'create an upload session (demo.t, table partition dt=20261121,hr=09): the credentials cannot be read',
    });
  });

  it('is sent again when its answer cannot be understood', async () => {
    let answers = 0;
    const server = await startServer((_, response) =>
      answers++ === 0 ? response.end('<html>') : sendJson(response, 200, sessionJson()),
    );
    const { session, retries } = create(server.origin);
    expect((await session).id).toBe('S1');
    expect(retries).toMatchObject([
      { code: 'HTTP200', message: '<html>', about: expect.stringContaining('demo.t') },
    ]);
  });

  it('that the caller waits for by itself comes back after the time that the server asks for', async () => {
    const server = await startServer((_, response) => response.writeHead(503, { 'retry-after': '1' }).end());
    const slept: number[] = [];
    const clock = { ...systemClock, sleep: async (ms: number) => void slept.push(ms) };
    const { session, retries } = create(server.origin, { clock });
    expect((await errorOf(session)).code).toBe('maxcompute_transient');
    expect(slept).toEqual([1_000, 1_000, 1_000]);
    expect(retries.map(({ waitMs }) => waitMs)).toEqual(slept);
  });

  it('without an answer is told', async () => {
    const server = await startServer((_, response) => {
      setTimeout(() => sendJson(response, 200, sessionJson()), 60);
    });
    const { session, waits } = create(server.origin, { limits: { slowMs: 20 } });
    await session;
    expect(waits).toEqual([
      expect.objectContaining({
        ...{ call: 'create an upload session', code: 'SLOW', what: `no answer from ${server.origin}` },
      }),
    ]);
  });

  it('does not follow redirects', async () => {
    const server = await startServer((_, response) =>
      response.writeHead(302, { location: '/elsewhere' }).end(),
    );
    expect((await errorOf(create(server.origin).session)).message).toContain('a redirect is not followed');
    expect(server.seen).toHaveLength(1);
  });

  it('ends with the reason of the signal', async () => {
    const server = await startServer(() => {}); // never answers
    const controller = new AbortController();
    const reason = new Error('shutdown');
    const { client } = openClient(server.origin);
    const session = client.upload('t').create('', controller.signal);
    setTimeout(() => controller.abort(reason), 20);
    await expect(session).rejects.toBe(reason);
  });
});

describe('every answer', () => {
  it('is told, with the clock of the server', async () => {
    const answers: AnswerEvent[] = [];
    const ahead = new Date(Date.now() + 3_600_000).toUTCString();
    const server = await startServer((seen, response) => {
      response.setHeader('date', ahead);
      if (server.seen.length === 1) sendError(response, 500, 'InternalServerError');
      else sendJson(response, 200, sessionJson());
      expect(seen.path).toContain('/tables/t');
    });
    await create(server.origin, { onAnswer: (event: AnswerEvent) => answers.push(event) }).session;
    const call = { call: 'create an upload session', origin: server.origin };
    expect(answers).toEqual([
      expect.objectContaining({ ...call, status: 500, requestId: 'req-500' }),
      expect.objectContaining({ ...call, status: 200, requestId: 'req-200' }),
    ]);
    expect(answers[1]!.skewMs).toBeGreaterThan(3_500_000);
    expect(answers[1]!.ms).toBeGreaterThanOrEqual(0);
  });
});

describe('the tunnel endpoint', () => {
  const answering = () =>
    startServer((seen, response, request) => {
      if (seen.path.endsWith('/tunnel')) response.end(`${request.headers.host}\n`);
      else sendJson(response, 200, sessionJson());
    });
  const discoveries = (seen: readonly Seen[]) => seen.filter(({ path }) => path.endsWith('/tunnel'));

  it('is asked from the service endpoint with the quota, and kept for a while', async () => {
    const server = await answering();
    let now = 1_700_000_000_000;
    const clock = { ...systemClock, now: () => now };
    const { client } = openClient(server.origin, { tunnelEndpoint: null, quota: 'gold', clock });
    await client.upload('t').create('');
    await client.upload('t').create('');
    expect(discoveries(server.seen).map(({ url }) => url)).toEqual([
      '/api/projects/demo/tunnel?service&curr_project=demo&quotaName=gold',
    ]);
    now += 900_000;
    await client.upload('t').create('');
    expect(discoveries(server.seen)).toHaveLength(2);
  });

  it('is asked again after the connection to it failed', async () => {
    const addresses = ['127.0.0.1:1'];
    const server = await startServer((seen, response, request) => {
      if (seen.path.endsWith('/tunnel')) response.end(addresses.shift() ?? request.headers.host);
      else sendJson(response, 200, sessionJson());
    });
    const { client, retries } = openClient(server.origin, { tunnelEndpoint: null });
    await client.upload('t').create('');
    expect(discoveries(server.seen)).toHaveLength(2);
    expect(retries).toMatchObject([{ code: 'ECONNREFUSED' }]);
  });

  it('that was known last serves on while the service endpoint is away', async () => {
    let isAway = false;
    let asked = 0;
    const server = await startServer((seen, response, request) => {
      if (!seen.path.endsWith('/tunnel')) return sendJson(response, 200, sessionJson());
      asked += 1;
      return isAway ? void response.destroy() : void response.end(request.headers.host);
    });
    let now = 1_700_000_000_000;
    const clock = { ...systemClock, now: () => now };
    const { client } = openClient(server.origin, { tunnelEndpoint: null, clock });
    await client.upload('t').create('');
    isAway = true;
    now += 900_000;
    for (let i = 0; i < 3; i++) await client.upload('t').create('');
    expect(asked).toBe(2);
    now += 60_000;
    await client.upload('t').create('');
    expect(asked).toBe(3);
  });

  it('must be host and port', async () => {
    const server = await startServer((_, response) => response.end('<html>login</html>'));
    const { client } = openClient(server.origin, { tunnelEndpoint: null });
    const error = await errorOf(client.upload('t').create(''));
    expect(error).toMatchObject({
      code: 'maxcompute_transient',
      message: expect.stringContaining('not host:port'),
    });
  });
});

function expectedAuthorization(seen: Seen, prefix = ''): string {
  const query = Object.fromEntries(seen.query);
  const headers = Object.fromEntries(
    Object.entries(seen.headers).map(([name, value]) => [name, String(value)]),
  );
  const resource = seen.path.slice(prefix.length);
  return authorize(KEYS, canonicalString({ method: seen.method, resource, query, headers }), null, '');
}
