import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createPipeline, failure, type Pipeline } from '../route/pipeline.ts';
import { exitOf } from '../route/service.ts';
import { type Authority, createAuthority } from '../support/certificates.ts';
import { type HttpProxy, startHttpProxy } from '../support/http-proxy.ts';
import { type EmulatorChild, everythingPrinted, startEmulatorChild, tempDir } from '../support/process.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';
import { createSecrets } from './secrets.ts';

const secrets = createSecrets();
const proxyPassword = secrets.make('proxy password', ['p@ss:/ ?#', '%é']);
const wrong = secrets.make('wrong secret');
const stsToken = secrets.make('STS token', ['CAIS+/=', '==']);
const [JOE, NOBODY] = [
  `joe:${encodeURIComponent(proxyPassword)}`,
  `joe:${encodeURIComponent(secrets.make('wrong proxy password', ['x ', '@']))}`,
];

const folder = tempDir();
const pipelines: Pipeline[] = [];
const pages: string[] = [];
let authority: Authority;
let stranger: Authority;
let emulator: EmulatorChild;
let temporary: EmulatorChild;
let tls: TlsFront;
let otherHost: TlsFront;
let open: HttpProxy;
let guarded: HttpProxy;

const make = async (where = emulator): Promise<Pipeline> => {
  pipelines.push(await createPipeline(inject('kafka'), where, 1));
  return pipelines.at(-1)!;
};

beforeAll(async () => {
  [authority, stranger] = await Promise.all([
    createAuthority(folder),
    createAuthority(folder, 'stranger-ca'),
  ]);
  const issued = await Promise.all([authority.issue('server'), authority.issue('other', 'DNS:odps.example')]);
  [emulator, temporary] = await Promise.all([
    startEmulatorChild(),
    startEmulatorChild(['--sts-token', stsToken]),
  ]);
  const port = Number(new URL(emulator.endpoint).port);
  [tls, otherHost] = await Promise.all([startTlsFront(port, issued[0]), startTlsFront(port, issued[1])]);
  [open, guarded] = await Promise.all([startHttpProxy(), startHttpProxy(`joe:${proxyPassword}`)]);
});

afterAll(async () => {
  await Promise.all(pipelines.map((one) => one.end()));
  await Promise.all([tls, otherHost, open, guarded, emulator, temporary].map((one) => one?.stop()));
  folder.remove();
});

/** `maxcompute` as environment variables. */
type Variables = Readonly<Record<string, string>>;
const variables = (given: Variables): Record<string, string> =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [`MAXSINK_MAXCOMPUTE_${name}`, value]));

const https = ({ port }: TlsFront): Variables => ({
  ENDPOINT: `https://127.0.0.1:${port}/api`,
  TUNNEL_ENDPOINT: `https://127.0.0.1:${port}`,
  CA_FILE: authority.caFile,
});
const plainTunnel = ({ port }: TlsFront): Variables => ({
  TUNNEL_ENDPOINT: `https://127.0.0.1:${port}`,
  CA_FILE: authority.caFile,
});
const through = ({ port }: HttpProxy, login = ''): Variables => ({
  PROXY: `http://${login && `${login}@`}127.0.0.1:${port}`,
});
const secret = (name: string, value: string): Variables => ({ [`CREDENTIALS_${name}`]: value });

describe.concurrent('rows arrive', () => {
  it.each<[string, () => Variables]>([
    ['over https with an own CA', () => https(tls)],
    ['through a proxy that serves everybody', () => through(open)],
    ['through a proxy with a password', () => through(guarded, JOE)],
    ['over https through a proxy with a password', () => ({ ...https(tls), ...through(guarded, JOE) })],
    ['with V4 signatures', () => ({ REGION: 'cn-hangzhou' })],
    ['at an endpoint with a slash behind it', () => ({ ENDPOINT: `${emulator.endpoint}/` })],
    ['at an endpoint without a path, where that is served', () => ({ ENDPOINT: emulator.tunnelEndpoint })],
  ])('%s', async (_, given) => {
    const { startAssigned, send, settled, counts } = await make();
    await send(100);
    const service = await startAssigned({ env: variables(given()), more: 'log: {level: trace}' });
    await settled();
    expect(await counts()).toEqual({ rows: 100, distinct: 100, acknowledged: 100 });
    for (const page of ['metrics', 'ready', 'status']) pages.push(await service.page(page));
    expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });
  });

  it.each([
    ['V2', {}],
    ['V4', { REGION: 'cn-hangzhou' }],
  ])('with a temporary key and its token, %s signatures', async (_, region) => {
    const { startAssigned, send, settled, counts } = await make(temporary);
    await send(100);
    const env = variables({ ...secret('SECURITY_TOKEN', stsToken), ...region });
    const service = await startAssigned({ env, more: 'log: {level: trace}' });
    await settled();
    expect((await counts()).rows).toBe(100);
    for (const page of ['metrics', 'ready', 'status']) pages.push(await service.page(page));
    expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });
  });
});

it('both kinds of calls went through the proxies', () => {
  const origin = new URL(emulator.endpoint).origin;
  for (const { lines } of [open, guarded]) {
    expect(lines).toContain(`GET ${origin}`);
    expect(lines).toContain(`PUT ${origin}`);
  }
  expect(guarded.lines).toContain(`CONNECT 127.0.0.1:${tls.port}`);
});

describe.concurrent('a failure that waiting does not mend ends the service', () => {
  const untrusted = (front: () => TlsFront) => () => ({ ...https(front()), CA_FILE: stranger.caFile });
  it.each<[string, () => Variables, string, RegExp]>([
    [
      'unknown CA of the service',
      untrusted(() => tls),
      'maxcompute_tls',
      /certificate of the server is not trusted.*(self-signed|unable to verify|local issuer)/,
    ],
    [
      'unknown CA of the tunnel',
      () => ({ ...plainTunnel(tls), CA_FILE: stranger.caFile }),
      'maxcompute_tls',
      /create an upload session.*certificate of the server is not trusted/,
    ],
    [
      'certificate of the service for another host',
      () => https(otherHost),
      'maxcompute_tls',
      /altnames: IP: 127\.0\.0\.1 is not in/,
    ],
    [
      'certificate of the tunnel for another host',
      () => plainTunnel(otherHost),
      'maxcompute_tls',
      /create an upload session.*altnames: IP/,
    ],
    [
      'https where http is spoken',
      () => ({ ENDPOINT: emulator.endpoint.replace('http:', 'https:') }),
      'maxcompute_tls',
      /does not speak TLS/,
    ],
    [
      'wrong password for the proxy',
      () => through(guarded, NOBODY),
      'maxcompute_proxy',
      /the proxy refuses the connection.*407/,
    ],
    [
      'wrong password for the proxy, https',
      () => ({ ...https(tls), ...through(guarded, NOBODY) }),
      'maxcompute_proxy',
      /the proxy refuses the connection.*407/,
    ],
    [
      'no password for the proxy',
      () => through(guarded),
      'maxcompute_proxy',
      /the proxy refuses the connection.*407/,
    ],
    [
      'wrong AccessKey secret',
      () => secret('ACCESS_KEY_SECRET', wrong),
      'maxcompute_auth',
      /does not accept the credentials/,
    ],
    [
      'wrong AccessKey secret, V4',
      () => ({ ...secret('ACCESS_KEY_SECRET', wrong), REGION: 'cn-hangzhou' }),
      'maxcompute_auth',
      /does not accept the credentials/,
    ],
    [
      'unknown AccessKey id',
      () => secret('ACCESS_KEY_ID', 'nobody'),
      'maxcompute_auth',
      /does not accept the credentials/,
    ],
  ])('%s', async (_, given, code, message) => {
    const { start, send } = await make();
    await send(10);
    const service = await start({ env: variables(given()), more: 'log: {level: trace}' });
    const { code: exit } = await exitOf(service);
    const ended = { exit, error: failure(service)?.code, message: failure(service)?.message };
    expect(ended, service.tail()).toEqual({ exit: 1, error: code, message: expect.stringMatching(message) });
  });

  it.each([
    ['wrong', () => secret('SECURITY_TOKEN', wrong)],
    ['missing', () => ({})],
  ])('token of a temporary key: %s', async (_, given) => {
    const { start } = await make(temporary);
    const service = await start({ env: variables(given()) });
    const { code } = await service.exited;
    expect([code, failure(service)?.code]).toEqual([1, 'maxcompute_auth']);
    expect(failure(service)?.message).toContain('security token');
  });
});

it('no secret was printed', () => {
  expect(everythingPrinted()).toContain('batch acknowledged');
  expect(everythingPrinted()).not.toContain(emulator.accessKey);
  expect(secrets.foundIn(everythingPrinted())).toEqual([]);
  expect(secrets.foundIn(pages.join('\n'))).toEqual([]);
});
