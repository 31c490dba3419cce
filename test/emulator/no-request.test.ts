import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../src/emulator/server.ts';
import { start } from './harness.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start({ countOnly: true });
});
afterAll(() => emulator.stop());

/** What comes back for some bytes, until the connection ends. */
function answerTo(...pieces: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(emulator.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.on('data', (data) => {
      text += data.toString();
    });
    socket.on('error', reject).on('close', () => resolve(text));
    for (const piece of pieces) socket.write(piece);
  });
}

const codeOf = (answer: string): [status: number, code: string] => {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const id = /x-odps-request-id: ([0-9A-F]{32})/.exec(head)?.[1];
  const { Code, Message, RequestId } = JSON.parse(body) as Record<string, string>;
  expect([RequestId, typeof Message]).toEqual([id, 'string']);
  expect(head).toContain('Content-Type: application/json');
  return [Number(head.split(' ')[1]), Code!];
};

const HEAD = 'PUT /projects/demo/tables/t?uploadid=x&blockid=0 HTTP/1.1\r\nHost: h\r\n';

describe('what is no request', () => {
  const CASES: [what: string, bytes: string, status: number, code: string][] = [
    ['other bytes', 'HELLO\r\n\r\n', 400, 'InvalidArgument'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01', 400, 'InvalidArgument'],
    ['a length that is no number', `${HEAD}Content-Length: many\r\n\r\n`, 400, 'InvalidArgument'],
    ['headers without end', `${HEAD}X: ${'a'.repeat(1_100_000)}`, 431, 'MaxMessageLengthExceeded'],
    ['CONNECT', 'CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n', 405, 'MethodNotAllowed'],
    [
      'an expectation that nobody can meet',
      `${HEAD}Connection: close\r\nExpect: tea\r\nContent-Length: 0\r\n\r\n`,
      417,
      'InvalidArgument',
    ],
  ];
  it.each(CASES)('%s: is answered with code and request id', async (_what, bytes, ...wanted) => {
    expect(codeOf(await answerTo(bytes))).toEqual(wanted);
  });

  it('a chunk that is none ends the connection', async () => {
    const answer = await answerTo(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, 'zz\r\n');
    expect([400, 401]).toContain(Number(answer.split(' ')[1]));
  });

  it('a request without Host is one', async () => {
    const answer = await answerTo('GET /api/projects/demo HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(answer).toContain('HTTP/1.1 401');
    expect(answer).toContain('ODPS-0410042');
  });
});
