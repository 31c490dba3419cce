import { deflateSync } from 'node:zlib';
import type { Emulator } from '../../src/emulator/server.ts';
import { footerBytes } from '../../src/encode/block.ts';
import { RecordWriter } from '../../src/encode/record-writer.ts';
import { commitUpload, createUpload, putBlock, sql } from '../emulator/harness.ts';
import { ORDERS_COLUMNS, order } from '../support/orders.ts';
import { startEmulatorChild, type TempDir } from '../support/process.ts';
import { cpuOf } from './sample.ts';

/** The local MaxCompute as it takes rows and keeps them on disk. */
export interface EmulatorLoad {
  readonly rows: number;
  /** Of a row in the record format. */
  readonly rowBytes: number;
  /** From the first block to the answer of the commit. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

interface Block {
  readonly rows: number;
  readonly rawBytes: number;
  readonly body: Uint8Array;
}

const BLOCK_BYTES = 64 * 1024 * 1024;
/** Blocks that are made; the rest of the rows are the same ones again. */
const DISTINCT = 3;
const AT_ONCE = 2;
const TABLE = 'loaded';

/** The columns that the service fills in the same run: those of the orders, and the whole order of 1 KB. */
export const LOADED_COLUMNS = `${ORDERS_COLUMNS}, whole STRING`;

/** Loads `rows` orders of 1 KB in blocks of 64 MiB, compressed by deflate, and commits them. */
export async function emulatorLoad(rows: number, folder: TempDir): Promise<EmulatorLoad> {
  const blocks = makeBlocks(rows);
  const child = await startEmulatorChild(['--data', `${folder.path}/loaded`]);
  try {
    const { endpoint, tunnelEndpoint } = child;
    const emulator = { endpoint, tunnelEndpoint } as Emulator;
    await sql(emulator, `CREATE TABLE ${TABLE} (${LOADED_COLUMNS});`);
    const before = cpuOf(child.pid).total;
    const started = performance.now();
    const sent = await send(emulator, blocks, rows);
    const seconds = (performance.now() - started) / 1000;
    const { total, peakRssBytes } = cpuOf(child.pid);
    const rowBytes = blocks.reduce((sum, { rawBytes }) => sum + rawBytes, 0) / countOf(blocks);
    return { rows: sent, rowBytes, seconds, cpuSeconds: total - before, peakRssBytes };
  } finally {
    await child.stop();
  }
}

async function send(emulator: Emulator, blocks: readonly Block[], rows: number): Promise<number> {
  const target = { table: TABLE };
  const id = String((await createUpload(emulator, target)).json.UploadID);
  let next = 0;
  let sent = 0;
  const sender = async () => {
    while (sent < rows) {
      const number = next++;
      const block = blocks[number % blocks.length]!;
      sent += block.rows;
      const answer = await putBlock(emulator, target, id, number, block.body, {
        'Content-Encoding': 'deflate',
      });
      if (answer.status !== 200) throw new Error(answer.body);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  const committed = await commitUpload(emulator, target, id);
  if (committed.status !== 200) throw new Error(committed.body);
  return sent;
}

const countOf = (blocks: readonly Block[]): number => blocks.reduce((sum, { rows }) => sum + rows, 0);

function makeBlocks(limit: number): Block[] {
  const writer = new RecordWriter();
  const blocks: Block[] = [];
  for (let i = 0; blocks.length < DISTINCT && countOf(blocks) < limit; i++) {
    writeOrder(writer, order(i));
    if (writer.rawBytes < BLOCK_BYTES && countOf(blocks) + writer.rows < limit) continue;
    const raw = Buffer.concat([writer.view(), footerBytes(writer.rows, writer.crcOfCrcs)]);
    blocks.push({ rows: writer.rows, rawBytes: raw.length, body: deflateSync(raw, { level: 1 }) });
    writer.reset();
  }
  return blocks;
}

interface Order {
  readonly order_id: number;
  readonly created_at: string;
  readonly buyer: { readonly name: string; readonly address: { readonly city: string } };
  readonly title: string;
  readonly status: string;
  readonly amount: number;
  readonly weight: number;
  readonly paid: boolean;
  readonly updated_at: string;
}

function writeOrder(writer: RecordWriter, value: Buffer): void {
  const row = JSON.parse(value.toString()) as Order;
  const text = (column: number, bytes: Buffer) => writer.bytes(column, bytes, 0, bytes.length);
  const updated = Date.parse(row.updated_at);
  writer.begin();
  writer.integer(1, row.order_id);
  writer.integer(2, Date.parse(row.created_at));
  text(3, Buffer.from(row.buyer.name));
  text(4, Buffer.from(row.buyer.address.city));
  text(5, Buffer.from(row.title));
  text(6, Buffer.from(row.status));
  text(7, Buffer.from(row.amount.toFixed(4)));
  writer.double(8, row.weight);
  writer.boolean(9, row.paid ? 1 : 0);
  writer.timestamp(10, Math.floor(updated / 1000), (updated % 1000) * 1e6);
  text(11, value);
  writer.end();
}
