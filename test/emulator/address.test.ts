import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { createAddresses } from '../../src/emulator/address.ts';

const from = (host: string | undefined, localAddress = '::ffff:172.17.0.2'): IncomingMessage =>
  ({ headers: { host }, socket: { localAddress, localPort: 8090 } }) as unknown as IncomingMessage;

it('is what the client named: the published port of a container leads here', () => {
  const addressOf = createAddresses(undefined);
  expect(addressOf(from('localhost:18090'))).toBe('localhost:18090');
  expect(addressOf(from('[::1]:18090'))).toBe('[::1]:18090');
});

it('keeps the port for the one call that leaves it out', () => {
  const addressOf = createAddresses(undefined);
  addressOf(from('127.0.0.1:18090'));
  addressOf(from('other:1'));
  expect(addressOf(from('127.0.0.1'))).toBe('127.0.0.1:18090');
});

it('is where the call came in when nothing usable was named', () => {
  const addressOf = createAddresses(undefined);
  for (const host of [undefined, 'emulator', 'a b:1', 'x:port', 'x:1/../y'])
    expect(addressOf(from(host))).toBe('172.17.0.2:8090');
  expect(addressOf(from('mc', '::1'))).toBe('[::1]:8090');
});

it('is the public one where it was given', () => {
  expect(createAddresses('mc.example:81')(from('localhost:18090'))).toBe('mc.example:81');
});
