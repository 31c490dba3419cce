import type { Call } from '../core.ts';

/**
 * The address of a slot: the listener's as the client reached it. PyODPS allows one colon in it: the own
 * IPv6 address is given by its name.
 */
export const slotAddress = (call: Call): string => call.address.replace(/^\[.*\](?=:)/, 'localhost');

/** Headers that both clients need on the answer to a flush (requests 14, 15). */
export const slotHeaders = (call: Call, slots: number): Record<string, string> => ({
  'odps-tunnel-routed-server': slotAddress(call),
  'odps-tunnel-slot-num': String(slots),
});
