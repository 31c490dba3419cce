import { createConnection } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Emulator } from '../../src/emulator/server.ts';
import { start } from './harness.ts';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await start({ countOnly: true });
});
afterEach(() => emulator.stop());

/** What comes back on a connection of its own until the server ends it. */
function answersTo(...requests: readonly string[]): Promise<string> {
  const socket = createConnection(Number(new URL(emulator.url).port));
  let text = '';
  socket.setEncoding('utf8').on('data', (piece) => {
    text += piece;
  });
  socket.write(requests.join(''));
  return new Promise((resolve, reject) => {
    socket.on('error', reject).on('end', () => resolve(text));
  });
}

const LAST = 'Host: h\r\nConnection: close\r\n\r\n';

it.each([
  ['http://127.0.0.1:1', 200],
  ['HTTP://user@emulator.test', 200],
  ['ftp://emulator.test', 401],
])('takes the address of a proxy, %s before the path', async (authority, status) => {
  const answer = await answersTo(`GET ${authority}/_stats HTTP/1.1\r\n${LAST}`);
  expect(answer.split('\r\n')[0]).toContain(`HTTP/1.1 ${status} `);
});

it('does the calls of a connection one after the other, however early they come', async () => {
  const rule = JSON.stringify({ route: 'commit', action: 'delay', ms: 1 });
  const add = `POST /_control HTTP/1.1\r\nHost: h\r\nContent-Length: ${rule.length}\r\n\r\n${rule}`;
  const answers = await answersTo(add, add, `GET /_control HTTP/1.1\r\n${LAST}`);
  const [, listed = ''] = /\r\n(\[.*\])\n$/.exec(answers) ?? [];
  expect(JSON.parse(listed)).toMatchObject([{ id: 1 }, { id: 2 }]);
});
