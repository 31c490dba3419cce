import { malformed } from '../errors.ts';
import { ByteSource, inBlocks } from './byte-source.ts';
import { deflateLz4, inflateLz4 } from './lz4-block.ts';
import { Xxh32, xxh32 } from './xxh32.ts';

const MAGIC = 0x184d2204;
const SKIPPABLE = 0x184d2a50;
const VERSION = 1;
/** Flags of the frame descriptor. */
const FLAG = { independent: 0x20, blockChecksum: 0x10, contentSize: 8, contentChecksum: 4, dictionary: 1 };
const HISTORY = 64 * 1024;
const STORED = 0x80000000;
const BLOCK_BYTES = 64 * 1024;

interface Frame {
  readonly flags: number;
  readonly maxBlock: number;
  readonly contentSize: bigint | undefined;
}

const damaged = (what: string) => malformed(`the LZ4 frame is damaged: ${what}`);

/** Inflates LZ4 frames, with linked or independent blocks, one frame after another; checks every checksum. */
export async function* decodeLz4(body: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  const source = new ByteSource(body, 'LZ4 frame');
  try {
    for (;;) {
      const magic = (await source.readOrEnd(4))?.readUInt32LE(0);
      if (magic === undefined) return;
      if (magic === MAGIC) yield* inflateFrame(source, await readDescriptor(source));
      else if ((magic & ~15) >>> 0 === SKIPPABLE) await source.skip((await source.read(4)).readUInt32LE(0));
      else
        throw malformed(`the body is no LZ4 frame: it begins with 0x${magic.toString(16).padStart(8, '0')}`);
    }
  } finally {
    await source.close();
  }
}

async function readDescriptor(source: ByteSource): Promise<Frame> {
  const start = await source.read(2);
  const flags = start[0]!;
  if (flags >> 6 !== VERSION) throw damaged(`version ${flags >> 6} is unknown`);
  if (flags & 2 || start[1]! & 0x8f) throw damaged('reserved bits are set');
  if (flags & FLAG.dictionary) throw malformed('LZ4 frames with a dictionary are not supported');
  const sizeCode = start[1]! >> 4;
  if (sizeCode < 4) throw damaged(`block size ${sizeCode} is unknown`);
  const size = await source.read(flags & FLAG.contentSize ? 8 : 0);
  const wanted = (xxh32(Buffer.concat([start, size])) >>> 8) & 255;
  if ((await source.read(1))[0] !== wanted) throw damaged('the checksum of the header is wrong');
  return {
    flags,
    maxBlock: 1 << (2 * sizeCode + 8),
    contentSize: size.length ? size.readBigUInt64LE(0) : undefined,
  };
}

async function* inflateFrame(source: ByteSource, frame: Frame): AsyncIterable<Buffer> {
  const { flags, maxBlock, contentSize } = frame;
  const checksum = new Xxh32();
  let total = 0n;
  let history: Buffer = Buffer.of();
  for (;;) {
    const header = (await source.read(4)).readUInt32LE(0);
    if (header === 0) break;
    const stored = header >= STORED;
    const size = stored ? header - STORED : header;
    if (size > maxBlock) throw damaged(`a block of ${size} bytes is larger than the frame allows`);
    const packed = await source.read(size);
    if (flags & FLAG.blockChecksum) await verify(source, xxh32(packed), 'a block');
    const whole = stored ? Buffer.concat([history, packed]) : inflateBlock(packed, history, maxBlock);
    const block = whole.subarray(history.length);
    total += BigInt(block.length);
    if (contentSize !== undefined && total > contentSize)
      throw damaged('there is more than its content size');
    if (flags & FLAG.contentChecksum) checksum.update(block);
    yield block;
    if (!(flags & FLAG.independent)) history = whole.subarray(Math.max(0, whole.length - HISTORY));
  }
  if (contentSize !== undefined && total !== contentSize) {
    throw damaged(`it holds ${total} bytes where its header says ${contentSize}`);
  }
  if (flags & FLAG.contentChecksum) await verify(source, checksum.digest(), 'the content');
}

async function verify(source: ByteSource, wanted: number, of: string): Promise<void> {
  if ((await source.read(4)).readUInt32LE(0) !== wanted) throw damaged(`the checksum of ${of} is wrong`);
}

/** The history, then the inflated block. */
function inflateBlock(packed: Buffer, history: Buffer, maxBlock: number): Buffer {
  const output = Buffer.allocUnsafe(history.length + maxBlock);
  output.set(history);
  return output.subarray(0, inflateLz4(packed, output, history.length));
}

/** One LZ4 frame with independent blocks: the only ones that the Java client reads. */
export async function* encodeLz4(body: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  const checksum = new Xxh32();
  yield frameHeader();
  for await (const block of inBlocks(body, BLOCK_BYTES)) {
    checksum.update(block);
    const packed = deflateLz4(block);
    const header = Buffer.allocUnsafe(4);
    header.writeUInt32LE(packed ? packed.length : block.length + STORED);
    yield Buffer.concat([header, packed ?? block]);
  }
  const end = Buffer.alloc(8);
  end.writeUInt32LE(checksum.digest(), 4);
  yield end;
}

function frameHeader(): Buffer {
  const header = Buffer.alloc(7);
  header.writeUInt32LE(MAGIC);
  header[4] = (VERSION << 6) | FLAG.independent | FLAG.contentChecksum;
  header[5] = 4 << 4;
  header[6] = (xxh32(header.subarray(4, 6)) >>> 8) & 255;
  return header;
}
