import { malformed } from '../errors.ts';
import { CRC_START, crcBytes, crcValue } from '../record/crc32c.ts';

const CRC_BYTES = 4;
const NONE: Buffer = Buffer.of();

export interface FrameReader {
  /** Takes the next bytes of the framed stream, cut anywhere; throws MalformedDataStream. */
  push(piece: Uint8Array): void;
  /** True when the stream held anything; throws MalformedDataStream when it is cut off or its checksum is wrong. */
  end(): boolean;
}

/**
 * Takes the frame off an Arrow body (protocol 7.1): the chunk size, a checksum after each full chunk, one of
 * all data at the end. The last four bytes are known only when nothing follows, so four are always held back.
 */
export function createFrameReader(onData: (bytes: Buffer) => void): FrameReader {
  let held: Buffer = NONE;
  let chunkBytes = 0;
  let filled = 0;
  let crcOfChunk = CRC_START;
  let crcOfAll = CRC_START;
  let chunks = 0;

  function push(piece: Uint8Array): void {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    held = held.length ? Buffer.concat([held, bytes]) : bytes;
    if (chunkBytes === 0 && !readChunkSize()) return;
    while (filled === chunkBytes ? checkChunk() : takeData());
    held = Buffer.from(held);
  }

  function readChunkSize(): boolean {
    if (held.length < CRC_BYTES) return false;
    chunkBytes = held.readUInt32BE(0);
    if (chunkBytes === 0) throw malformed('the Arrow frame has a chunk size of 0');
    held = held.subarray(CRC_BYTES);
    return true;
  }

  function takeData(): boolean {
    const size = Math.min(chunkBytes - filled, held.length - CRC_BYTES);
    if (size <= 0) return false;
    crcOfChunk = crcBytes(crcOfChunk, held, 0, size);
    crcOfAll = crcBytes(crcOfAll, held, 0, size);
    filled += size;
    const data = held.subarray(0, size);
    held = held.subarray(size);
    onData(data);
    return true;
  }

  /** A full chunk is followed by its checksum and by at least the checksum of all. */
  function checkChunk(): boolean {
    if (held.length < 2 * CRC_BYTES) return false;
    if (held.readUInt32BE(0) !== crcValue(crcOfChunk)) {
      throw malformed(`the checksum of chunk ${chunks} of the Arrow frame is wrong`);
    }
    held = held.subarray(CRC_BYTES);
    filled = 0;
    crcOfChunk = CRC_START;
    chunks += 1;
    return true;
  }

  function end(): boolean {
    if (chunkBytes === 0 && held.length === 0) return false;
    if (chunkBytes === 0 || filled === chunkBytes || held.length !== CRC_BYTES) {
      throw malformed('the Arrow frame is cut off');
    }
    if (held.readUInt32BE(0) !== crcValue(crcOfAll))
      throw malformed('the checksum of the Arrow frame is wrong');
    return true;
  }

  return { push, end };
}
