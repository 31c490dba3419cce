import { malformed } from '../errors.ts';
import { CRC_START, crcBytes, crcValue } from '../record/crc32c.ts';
import { ByteSource, inBlocks } from './byte-source.ts';
import { deflateSnappy, inflateSnappy } from './snappy-block.ts';

const CHUNK = { compressed: 0, stored: 1, firstSkippable: 0x80, identifier: 0xff };
const IDENTIFIER = Buffer.from('sNaPpY');
/** A chunk holds at most 64 KiB of data, which is at most so many bytes with its checksum. */
const CHUNK_BYTES = 64 * 1024;
const LARGEST_CHUNK = 4 + 32 + CHUNK_BYTES + Math.ceil(CHUNK_BYTES / 6);

const damaged = (what: string) => malformed(`the snappy stream is damaged: ${what}`);

/** Inflates the snappy framing format; checks every chunk's checksum. */
export async function* decodeSnappy(body: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  const source = new ByteSource(body, 'snappy stream');
  try {
    for (let first = true; ; first = false) {
      const header = await source.readOrEnd(4);
      if (!header) return;
      const kind = header[0]!;
      const size = header.readUIntLE(1, 3);
      if (first && kind !== CHUNK.identifier)
        throw malformed('the body is no snappy stream: it has no identifier');
      if (kind === CHUNK.compressed || kind === CHUNK.stored) yield await readChunk(source, kind, size);
      else if (kind === CHUNK.identifier) await readIdentifier(source, size);
      else if (kind >= CHUNK.firstSkippable) await source.skip(size);
      else throw damaged(`chunk type ${kind} is unknown`);
    }
  } finally {
    await source.close();
  }
}

async function readIdentifier(source: ByteSource, size: number): Promise<void> {
  const right = size === IDENTIFIER.length && (await source.read(size)).equals(IDENTIFIER);
  if (!right) throw malformed('the body is no snappy stream: its identifier is wrong');
}

async function readChunk(source: ByteSource, kind: number, size: number): Promise<Buffer> {
  if (size < 4 || size > LARGEST_CHUNK) throw damaged(`a chunk of ${size} bytes is not possible`);
  const chunk = await source.read(size);
  const content = chunk.subarray(4);
  const data = kind === CHUNK.stored ? content : inflateSnappy(content, CHUNK_BYTES);
  if (data.length > CHUNK_BYTES)
    throw damaged(`a chunk of ${data.length} bytes is larger than ${CHUNK_BYTES}`);
  if (chunk.readUInt32LE(0) !== maskedCrc(data)) throw damaged('the checksum of a chunk is wrong');
  return data;
}

/** The format masks checksums, so that those of data with checksums inside differ. */
function maskedCrc(data: Buffer): number {
  const crc = crcValue(crcBytes(CRC_START, data, 0, data.length));
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One stream in the snappy framing format. */
export async function* encodeSnappy(body: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  yield Buffer.concat([chunkHeader(CHUNK.identifier, IDENTIFIER.length), IDENTIFIER]);
  for await (const block of inBlocks(body, CHUNK_BYTES)) {
    const packed = deflateSnappy(block);
    const content = packed ?? block;
    const checksum = Buffer.allocUnsafe(4);
    checksum.writeUInt32LE(maskedCrc(block));
    const header = chunkHeader(packed ? CHUNK.compressed : CHUNK.stored, content.length + 4);
    yield Buffer.concat([header, checksum, content]);
  }
}

function chunkHeader(kind: number, size: number): Buffer {
  const header = Buffer.allocUnsafe(4);
  header[0] = kind;
  header.writeUIntLE(size, 1, 3);
  return header;
}
