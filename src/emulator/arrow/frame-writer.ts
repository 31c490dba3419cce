import { CRC_START, crcBytes, crcValue } from '../record/crc32c.ts';

const CHUNK_BYTES = 65536;

/** Puts the frame of protocol 7.1 around a stream; a stream without a byte stays empty. */
export async function* framed(stream: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let filled = 0;
  let started = false;
  let crcOfChunk = CRC_START;
  let crcOfAll = CRC_START;
  for await (const piece of stream) {
    const parts: Buffer[] = started || !piece.length ? [] : [uint32(CHUNK_BYTES)];
    started ||= piece.length > 0;
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
    if (parts.length) yield Buffer.concat(parts);
  }
  if (started) yield uint32(crcValue(crcOfAll));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
