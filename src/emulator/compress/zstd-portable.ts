import { malformed } from '../errors.ts';
import { inBlocks } from './byte-source.ts';
import { cutAtBlockEnds } from './zstd-frames.ts';

const BLOCK_BYTES = 128 * 1024;
/** Magic number, no content size, a window of 128 KiB (RFC 8878, 3.1.1). */
const FRAME_HEADER = Buffer.from('28b52ffd0038', 'hex');

/** Inflates zstd frames where Node cannot. A piece is one block at most: nothing inflates beyond what is asked. */
export async function* decodeZstd(body: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const { Decompress } = await loadDecoder();
  let inflated: Buffer[] = [];
  const decoder = new Decompress((bytes) => inflated.push(Buffer.from(bytes)));
  const push = (piece: Buffer, last: boolean) => {
    try {
      decoder.push(piece, last);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw malformed(`the zstd stream is ${last ? 'cut off' : 'damaged'}: ${text}`);
    }
  };
  for await (const piece of cutAtBlockEnds(body)) {
    push(piece, false);
    yield* inflated;
    inflated = [];
  }
  push(Buffer.of(), true);
  yield* inflated;
}

const MISSING = 'zstd needs Node 22.15 or later, or the package fzstd (npm install fzstd)';

async function loadDecoder() {
  try {
    return await import('fzstd');
  } catch (error) {
    throw Object.assign(malformed(MISSING), { cause: error });
  }
}

/** One zstd frame of blocks as they are: what a client asks for in zstd is zstd, if not smaller. */
export async function* encodeZstd(body: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  yield FRAME_HEADER;
  for await (const block of inBlocks(body, BLOCK_BYTES))
    yield Buffer.concat([blockHeader(block.length), block]);
  yield blockHeader(0, true);
}

function blockHeader(size: number, last = false): Buffer {
  const header = Buffer.allocUnsafe(3);
  header.writeUIntLE((size << 3) | (last ? 1 : 0), 0, 3);
  return header;
}
