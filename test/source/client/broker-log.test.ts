import { describe, expect, it } from 'vitest';
import { isDecisive, readTrouble } from '../../../src/source/client/broker-log.ts';

const read = (message: string, severity = 3, fac = 'FAIL') => readTrouble({ severity, fac, message });
const at = (name: string, text: string) => read(`[thrd:${name}]: ${name}: ${text}`);

describe('a log line of the Kafka client', () => {
  it.each([
    [
      'SASL authentication error: Authentication failed: Invalid username or password (after 301ms in state AUTH_REQ)',
      'credentials',
      'user name or password refused: "Authentication failed: Invalid username or password"',
    ],
    [
      "SASL SCRAM-SHA-512 mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported mechanisms: PLAIN (after 1ms in state AUTH_HANDSHAKE)",
      'protocol',
      'this listener does not take the mechanism SCRAM-SHA-512 but: PLAIN',
    ],
    [
      "SASL PLAIN mechanism handshake failed: Broker: Request not valid in current SASL state: broker's supported mechanisms:  (after 1ms in state AUTH_HANDSHAKE, 1 identical error(s) suppressed)",
      'protocol',
      'this listener takes no SASL',
    ],
    [
      "SASL SCRAM-SHA-512 mechanism handshake failed: Local: Broker transport failure: broker's supported mechanisms: (n/a) (after 3ms in state AUTH_HANDSHAKE)",
      'closed',
      'it closes the connection',
    ],
    [
      "SASL PLAIN mechanism handshake failed: Local: Timed out: broker's supported mechanisms: (n/a) (after 10010ms in state AUTH_HANDSHAKE)",
      'network',
      'no answer',
    ],
    [
      'SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be verified (after 19ms in state SSL_HANDSHAKE)',
      'certificate',
      'its certificate is not trusted',
    ],
    [
      'Receive failed: error:0A000412:SSL routines::sslv3 alert bad certificate: SSL alert number 42 (after 0ms in state APIVERSION_QUERY)',
      'credentials',
      'it does not accept the client certificate, or was given none (certFile, keyFile)',
    ],
    [
      'SSL handshake failed: Disconnected: SSL connection closed by peer: connecting to a PLAINTEXT broker listener? (after 1ms in state SSL_HANDSHAKE)',
      'protocol',
      'this listener does not speak TLS',
    ],
    [
      'SSL handshake failed: error:0A000410:SSL routines::sslv3 alert handshake failure: SSL alert number 40 (after 1ms in state SSL_HANDSHAKE)',
      'protocol',
      'the TLS handshake failed: SSL routines::sslv3 alert handshake failure: SSL alert number 40',
    ],
    ['Send failed: Broken pipe (after 0ms in state UP)', 'closed', 'it closes the connection'],
    [
      'Disconnected: connection closed by peer: receive 0 after POLLIN (after 1ms in state APIVERSION_QUERY)',
      'closed',
      'it closes the connection',
    ],
    [
      'Connect to ipv4#10.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)',
      'network',
      'Connection refused',
    ],
    [
      "Failed to resolve 'b:9092': Name or service not known (after 0ms in state CONNECT)",
      'network',
      'Name or service not known',
    ],
    [
      'ApiVersionRequest failed: Local: Timed out: probably due to broker version < 0.10 (after 10010ms in state APIVERSION_QUERY)',
      'network',
      'no answer',
    ],
    ['Something new', 'network', 'Something new'],
  ])('%s', (text, kind, why) => {
    expect(at('sasl_ssl://b.example:9092/bootstrap', text)).toEqual({ broker: 'b.example:9092', kind, why });
  });

  it.each([
    ['127.0.0.1:9092/1', '127.0.0.1:9092'],
    ['ssl://[::1]:9092/bootstrap', '[::1]:9092'],
  ])('of %s is about %s', (name, broker) => {
    expect(at(name, 'Connect to x failed: y')?.broker).toBe(broker);
  });

  it('of the group coordinator is about the broker behind it', () => {
    const line =
      '[thrd:GroupCoordinator]: GroupCoordinator: b:9092: Disconnected: connection reset by peer (after 1210ms in state UP)';
    expect(read(line)).toMatchObject({ broker: 'b:9092', kind: 'closed' });
  });

  it('of another facility, or about no broker, tells nothing', () => {
    expect(read('[thrd:b:1/1]: b:1/1: Timed out', 4, 'REQTMOUT')).toBeNull();
    expect(read('[thrd:b:1/1]: b:1/1: Broker handle is terminating', 7)).toBeNull();
    expect(read('[thrd:main]: something else')).toBeNull();
  });

  it('a refusal decides, a failure of the network does not', () => {
    expect(isDecisive(at('b:1/1', 'SASL authentication error: no')!)).toBe(true);
    expect(isDecisive(at('b:1/1', 'Connect to b failed: Connection refused')!)).toBe(false);
    expect(isDecisive(at('b:1/1', 'Disconnected (after 1ms in state UP)')!)).toBe(false);
  });
});
