import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectError, createAttempts } from '../../../src/source/client/connect-error.ts';
import { probeTls } from '../../../src/source/client/tls-probe.ts';
import { type Authority, createAuthority } from '../../support/certificates.ts';
import { freePort } from '../../support/net.ts';
import { tempDir } from '../../support/process.ts';
import { startTlsFront } from '../../support/tls-front.ts';

const TWO = { 'bootstrap.servers': 'SASL_SSL://a:9092, b:9092', 'sasl.username': 'joe' };
const line = (broker: string, text: string) => ({
  severity: 3,
  fac: 'FAIL',
  message: `[thrd:x]: sasl_ssl://${broker}:9092/bootstrap: ${text}`,
});
const refused = (broker: string) =>
  line(broker, 'SASL authentication error: no (after 1ms in state AUTH_REQ)');
const down = (broker: string) => line(broker, 'Connect to x failed: Connection refused');
const hungUp = (broker: string) => line(broker, 'Disconnected (after 1ms in state SSL_HANDSHAKE)');

describe('attempts to connect', () => {
  it.each<[string, ReturnType<typeof line>[], boolean]>([
    ['one of two brokers has refused', [refused('a'), refused('a')], false],
    ['each has refused once', [refused('a'), refused('b')], false],
    ['each has refused twice', [refused('a'), refused('b'), refused('b'), refused('a')], true],
    [
      'each has refused twice, and hung up too',
      [refused('a'), refused('b'), hungUp('a'), refused('b'), refused('a')],
      true,
    ],
    ['one cannot be reached', [refused('a'), down('b'), refused('a'), down('b')], false],
    [
      'one has gone away after it refused',
      [refused('a'), refused('b'), refused('b'), down('b'), refused('a')],
      false,
    ],
  ])('%s: given up %#', (_, lines, hopeless) => {
    const attempts = createAttempts(TWO);
    for (const one of lines) attempts.note(one);
    expect(attempts.hopeless()).toBe(hopeless);
  });

  it('end in what each broker said, the refusal first', async () => {
    const attempts = createAttempts(TWO);
    for (const one of [down('a'), refused('b')]) attempts.note(one);
    const error = await connectError(TWO, attempts.troubles(), 10_000, null);
    expect(error).toMatchObject({
      code: 'kafka_auth',
      message:
        'no connection to the brokers (protocol plaintext, user joe): b:9092: user name or password refused: "no"; a:9092: Connection refused',
    });
    expect(await connectError(TWO, [], 10_000, null)).toMatchObject({
      code: 'kafka_unreachable',
      message: expect.stringContaining('a:9092: no answer within 10 s; b:9092: no answer within 10 s'),
    });
  });
});

describe('a look at the TLS of a broker', () => {
  const folder = tempDir();
  let authority: Authority;
  beforeAll(async () => {
    authority = await createAuthority(folder);
  });
  afterAll(() => folder.remove());

  const look = async (host: string, names: string, days?: number) => {
    const front = await startTlsFront(await freePort(), await authority.issue('broker', names, days));
    const none = { certFile: null, keyFile: null };
    const finding = await probeTls({ host, port: front.port, caFile: authority.caFile, ...none }, 5_000);
    await front.stop();
    return finding;
  };

  it.each([
    ['is trusted', 'localhost', 'DNS:localhost', undefined, 'trusted'],
    [
      'is for another host',
      '127.0.0.1',
      'DNS:localhost',
      undefined,
      { why: 'its certificate is for DNS:localhost, not for 127.0.0.1' },
    ],
    ['has expired', '127.0.0.1', 'IP:127.0.0.1', -1, { why: 'its certificate has expired' }],
    [
      'has expired and is for another host',
      'localhost',
      'IP:127.0.0.1',
      -1,
      { why: 'its certificate has expired and is for IP Address:127.0.0.1, not for localhost' },
    ],
  ])('tells that the certificate %s', async (_, host, names, days, finding) => {
    expect(await look(host, names, days)).toEqual(finding);
  });

  it('tells that nobody is there', async () => {
    const place = { host: '127.0.0.1', port: await freePort(), caFile: null, certFile: null, keyFile: null };
    expect(await probeTls(place, 5_000)).toBeNull();
  });
});
