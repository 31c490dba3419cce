import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CRC_START, crcBytes, crcInt32, crcValue } from '../../../src/emulator/record/crc32c.ts';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, createUpload, encode, putBlock, start, upload } from '../harness.ts';
import { open } from './download-calls.ts';

const t = { table: 't' };
const ROWS = [[1], [2]];
const COSTS = ['PanguIOCost', 'RateLimitCost', 'ServerIOCost', 'ServerTotalCost'];

let emulator: Emulator;
beforeEach(async () => {
  emulator = await start({ tables: ['CREATE TABLE t (id BIGINT)'] });
});
afterEach(() => emulator.stop());

/** Java reads a map of whole numbers. */
function expectCosts(text: string): void {
  const costs = JSON.parse(text) as Record<string, number>;
  expect(Object.keys(costs).sort()).toEqual(COSTS);
  expect(Object.values(costs).every(Number.isInteger)).toBe(true);
  expect(costs.ServerTotalCost!).toBeGreaterThan(costs.ServerIOCost!);
}

describe('what a call took', () => {
  it('is told with the answer to a block and to a flush', async () => {
    const session = String((await createUpload(emulator, t)).json.UploadID);
    const block = await putBlock(emulator, t, session, 0, encode(ROWS));
    expectCosts(String(block.headers['odps-tunnel-metrics']));
    const path = '/projects/demo/tables/t/streams';
    const { json } = await call(emulator.tunnelEndpoint, path, { method: 'POST' });
    const flush = await call(emulator.tunnelEndpoint, path, {
      ...{ method: 'PUT', query: { uploadid: String(json.session_name), slotid: '0' }, body: encode(ROWS) },
    });
    expect(flush.status).toBe(200);
    expectCosts(String(flush.headers['odps-tunnel-metrics']));
  });

  it('stands behind the rows of a download, with a checksum of its own', async () => {
    await upload(emulator, t, encode(ROWS));
    const whole = (await download('6')).subarray(0);
    const plain = encode(ROWS);
    // Count before, checksum of checksums after: 5 bytes and 4 of tag with up to 5 of number.
    const at = plain.indexOf(Buffer.from('f0ffff7f04', 'hex')) + 5;
    expect(whole.subarray(0, at)).toEqual(plain.subarray(0, at));
    expect(whole[at]).toBe(10);
    const length = whole[at + 1]!;
    const text = whole.subarray(at + 2, at + 2 + length);
    expectCosts(text.toString());
    const crc = crcValue(crcBytes(crcInt32(CRC_START, 1), text, 0, length));
    const rest = whole.subarray(at + 2 + length);
    expect(rest.subarray(0, 4).toString('hex')).toBe('80f0ff7f');
    expect(varint(rest, 4)).toBe(crc >>> 0);
    expect(rest.subarray(rest.length - (plain.length - at))).toEqual(plain.subarray(at));
  });

  it('is not told to clients of older versions: they would take it for damage', async () => {
    await upload(emulator, t, encode(ROWS));
    expect(await download('5')).toEqual(encode(ROWS));
  });
});

async function download(version: string): Promise<Buffer> {
  const { id } = await open(emulator, t);
  const query = { data: '', downloadid: id, rowrange: '(0,2)' };
  const headers = { 'x-odps-tunnel-version': version };
  return (await call(emulator.tunnelEndpoint, '/projects/demo/tables/t', { query, headers })).bytes;
}

function varint(bytes: Buffer, from: number): number {
  let value = 0;
  for (let at = from, shift = 0; ; at += 1, shift += 7) {
    value += (bytes[at]! & 127) * 2 ** shift;
    if (bytes[at]! < 128) return value;
  }
}
