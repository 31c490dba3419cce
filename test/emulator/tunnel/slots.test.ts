import { expect, it } from 'vitest';
import type { Call } from '../../../src/emulator/core.ts';
import { slotAddress, slotHeaders } from '../../../src/emulator/tunnel/slots.ts';

const reached = (address: string) => ({ address }) as Call;

it('slots are at the address of the listener, with one colon in it', () => {
  expect(slotAddress(reached('10.0.0.1:8080'))).toBe('10.0.0.1:8080');
  expect(slotAddress(reached('emulator:80'))).toBe('emulator:80');
  expect(slotAddress(reached('[::1]:8080'))).toBe('localhost:8080');
  expect(slotHeaders(reached('[::1]:1'), 2)).toEqual({
    'odps-tunnel-routed-server': 'localhost:1',
    'odps-tunnel-slot-num': '2',
  });
});
