import { CRC_START, crcBytes, crcValue } from '../record/crc32c.ts';

const CHUNK_BYTES = 65536;

/**
 * Puts the frame of protocol 7.1 around a stream. PyODPS reads a size before all else: it stands before no byte, too. It
 * comes with the first bytes, not before them: what fails until then can still be answered.
 */
export async function* framed(stream: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let filled = 0;
  let head = [uint32(CHUNK_BYTES)];
  let crcOfChunk = CRC_START;
  let crcOfAll = CRC_START;
  for await (const piece of stream) {
    if (!piece.length) continue;
    const parts: Buffer[] = head;
    head = [];
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + CHUNK_BYTES - filled);
      crcOfChunk = crcBytes(crcOfChunk, part, 0, part.length);
      filled += part.length;
      at += part.length;
      parts.push(part);
      if (filled < CHUNK_BYTES) continue;
      parts.push(uint32(crcValue(crcOfChunk)));
      crcOfChunk = CRC_START;
      filled = 0;
    }
    crcOfAll = crcBytes(crcOfAll, piece, 0, piece.length);
    yield Buffer.concat(parts);
  }
  yield Buffer.concat([...head, uint32(crcValue(crcOfAll))]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
