import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authenticate, type SignedRequest, stringToSign } from '../../src/emulator/auth.ts';
import type { Emulator } from '../../src/emulator/server.ts';
import { createTokens } from '../../src/emulator/tokens.ts';
import { call, start } from './harness.ts';

interface AuthVector {
  name: string;
  method: string;
  resource: string;
  params: Record<string, string | null>;
  headers: Record<string, string>;
  canonicalString: string;
  v2: { Authorization: string };
  v4: { Authorization: string };
}

const file = JSON.parse(readFileSync(new URL('../vectors/auth.json', import.meta.url), 'utf8'));
const vectors: AuthVector[] = file.vectors;
let time = 0;
const tokens = createTokens(file.accessKey, () => time);
const account = { accessId: file.accessId, accessKey: file.accessKey, stsToken: null, tokens };

function requestOf(vector: AuthVector, authorization: string): SignedRequest {
  const headers = { ...vector.headers, Authorization: authorization };
  return {
    method: vector.method,
    path: vector.resource,
    query: new Map(Object.entries(vector.params).map(([name, value]) => [name, value ?? ''])),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  };
}

describe('signatures', () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))('accepts V2 and V4 of %s', (_, vector) => {
    const now = Date.parse(vector.headers.Date!);
    expect(stringToSign(requestOf(vector, ''))).toBe(vector.canonicalString);
    for (const { Authorization } of [vector.v2, vector.v4]) {
      authenticate(requestOf(vector, Authorization), account, now);
      const other = { ...requestOf(vector, Authorization), method: 'DELETE' };
      expect(() => authenticate(other, account, now)).toThrow('ODPS-0410042');
    }
  });

  it('of a temporary key need its token beside them', () => {
    const vector = vectors[0]!;
    const request = requestOf(vector, vector.v2.Authorization);
    const now = Date.parse(vector.headers.Date!);
    const temporary = { ...account, stsToken: 'token-1' };
    const withToken = (token: string) => {
      const headers = { ...request.headers, 'authorization-sts-token': token };
      return () => authenticate({ ...request, headers }, temporary, now);
    };
    withToken('token-1')();
    expect(withToken('token-2')).toThrow('security token');
    expect(() => authenticate(request, temporary, now)).toThrow('security token');
  });

  it('of other kinds of accounts are refused by name', () => {
    const vector = vectors[0]!;
    const now = Date.parse(vector.headers.Date!);
    const signed = requestOf(vector, vector.v2.Authorization);
    const others = { ...signed.headers, 'application-authentication': 'account_provider:aliyun' };
    expect(() => authenticate({ ...signed, headers: others }, account, now)).toThrow('application account');
  });

  it('have a bearer token in their place until its time is over', async () => {
    const emulator = await start();
    const ask = (path: string, sent: Parameters<typeof call>[2] = {}) => call(emulator.endpoint, path, sent);
    const policy = { method: 'POST', query: { sign_bearer_token: '' }, body: '{"expires_in_hours":2}' };
    const { body } = await ask('/projects/demo/authorization', policy);
    const given = /<Result>([^<]+)/.exec(body)![1]!;
    expect(Buffer.from(given, 'base64').toString()).toMatch(/^local,bearer,\d{10},[0-9a-f]{64}$/);
    const by = (token: string) =>
      ask('/projects/demo', { accessId: 'none', headers: { 'x-odps-bearer-token': token } });
    expect((await by(given)).status).toBe(200);
    expect((await by(given.slice(2))).body).toContain('ODPS-0410051');
    expect((await by('token')).status).toBe(401);
    await emulator.stop();
  });

  it('have no bearer token of yesterday or of another key', () => {
    const request = (token: string): SignedRequest => ({
      ...{ method: 'GET', path: '/projects/p', query: new Map(), headers: { 'x-odps-bearer-token': token } },
    });
    const token = tokens.issue(1);
    time = 3600_000 - 1;
    authenticate(request(token), account, time);
    time += 1;
    const expired = { status: 401, code: 'AuthenticationRequestExpired' };
    expect(() => authenticate(request(token), account, time)).toThrow(expect.objectContaining(expired));
    const other = createTokens('another', () => time).issue(1);
    expect(() => authenticate(request(other), account, time)).toThrow('was not given here');
  });

  it('need a date that is one', () => {
    const vector = vectors[0]!;
    const request = requestOf(vector, vector.v2.Authorization);
    const dated = (date: string | undefined) => () =>
      authenticate({ ...request, headers: { ...request.headers, date } }, account, 0);
    expect(dated(undefined)).toThrow(
      expect.objectContaining({ status: 400, code: 'MissingRequiredHeaderError' }),
    );
    expect(dated('yesterday')).toThrow(
      expect.objectContaining({ status: 400, code: 'MalformedHeaderValue' }),
    );
  });

  it('allows a clock that is 15 minutes off, not more', () => {
    const vector = vectors[0]!;
    const request = requestOf(vector, vector.v2.Authorization);
    const now = Date.parse(vector.headers.Date!);
    authenticate(request, account, now + 15 * 60_000);
    // The shape that PyODPS takes apart: three pairs, times with fractions.
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z`;
    expect(() => authenticate(request, account, now + 15 * 60_000 + 1)).toThrow(
      new RegExp(`^max_interval_date:900000,expire_date:${time},now_date:${time}$`),
    );
  });
});

describe('signatures over HTTP', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await start();
  });
  afterAll(() => emulator.stop());

  it('answers XML with all four elements on service calls, JSON on tunnel calls', async () => {
    const service = await call(emulator.endpoint, '/projects/demo', { accessKey: 'wrong' });
    expect(service.status).toBe(401);
    for (const name of ['Code', 'Message', 'RequestId', 'HostId'])
      expect(service.body).toContain(`<${name}>`);
    const query = { uploads: '' };
    const tunnel = await call(emulator.url, '/projects/demo/tables/t', {
      method: 'POST',
      query,
      accessId: 'other',
    });
    expect(tunnel.status).toBe(401);
    expect(tunnel.json).toMatchObject({
      Code: 'Unauthorized',
      Message: expect.stringContaining('ODPS-0410051'),
    });
    expect(tunnel.headers['x-odps-request-id']).toBe(tunnel.json.RequestId);
  });

  it('takes V4 of any region on both families', async () => {
    const service = await call(emulator.endpoint, '/projects/demo', { region: 'cn-hangzhou' });
    expect(service.status).toBe(200);
    const query = { uploads: '' };
    const tunnel = await call(emulator.url, '/projects/demo/tables/t', {
      ...{ method: 'POST', region: 'somewhere-else', query },
    });
    expect(tunnel.json.Code).toBe('NoSuchTable');
    const wrong = await call(emulator.endpoint, '/projects/demo', { region: 'cn-hangzhou', accessKey: 'no' });
    expect(wrong.status).toBe(401);
  });

  it('refuses a body that is not the one of its Content-MD5', async () => {
    const send = (md5: string) =>
      call(emulator.endpoint, '/projects/demo/instances', {
        ...{ method: 'POST', body: 'no XML', headers: { 'Content-MD5': md5 } },
      });
    expect((await send('0'.repeat(32))).body).toContain('<Code>CorruptedDataStream</Code>');
    const right = createHash('md5').update('no XML').digest('hex');
    expect((await send(right)).body).not.toContain('CorruptedDataStream');
  });

  it('refuses a skewed date and takes a security token beside the signature', async () => {
    const skewed = await call(emulator.endpoint, '/projects/demo', { date: new Date(Date.now() - 3600_000) });
    expect(skewed.status).toBe(403);
    expect(skewed.body).toContain('RequestTimeTooSkewed');
    const headers = { 'authorization-sts-token': 'token' };
    expect((await call(emulator.endpoint, '/projects/demo', { headers })).status).toBe(200);
  });
});
