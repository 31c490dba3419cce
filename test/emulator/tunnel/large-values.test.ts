import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, sql, start } from '../harness.ts';

const ROWS = 300;
const SIZE = 1_000_000;

let emulator: Emulator;
beforeEach(async () => {
  emulator = await start();
});
afterEach(() => emulator.stop());

function* ids(stream: Buffer): Generator<number> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = stream[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  // A row: column 1, column 2 with its length, the checksum (protocol 5.2).
  while (varint() === 1 * 8) {
    yield varint() / 2;
    expect(varint()).toBe(2 * 8 + 2);
    const length = varint();
    at += length;
    varint();
    varint();
  }
}

describe('rows larger than the memory that DuckDB has for a vector of them', () => {
  it('are downloaded whole and in order', { timeout: 180_000 }, async () => {
    await sql(emulator, 'CREATE TABLE big (id BIGINT, text STRING);');
    const some = `SELECT n, repeat('x', ${SIZE}) FROM (SELECT explode(sequence(1, ${ROWS})) AS n) q`;
    expect(await sql(emulator, `INSERT INTO big ${some};`)).toEqual({ status: 'Success', text: '' });
    const path = '/projects/demo/tables/big';
    const { json } = await call(emulator.tunnelEndpoint, path, { method: 'POST', query: { downloads: '' } });
    const downloadid = String(json.DownloadID);
    const query = { data: '', downloadid, rowrange: `(0,${ROWS})` };
    const answer = await call(emulator.tunnelEndpoint, path, { query });
    expect(answer.status).toBe(200);
    expect([...ids(answer.bytes)]).toEqual(Array.from({ length: ROWS }, (_none, at) => at + 1));
  });
});
