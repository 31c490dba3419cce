/** Magic number, then the frame header's descriptor (RFC 8878, 3.1.1). */
const START_BYTES = 5;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const MAGIC = 0xfd2fb528;
const RLE = 1;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

/**
 * The same bytes in pieces that end where a zstd frame ends. A body may be several frames one after another
 * (RFC 8878, 3); Node's decoder goes on with the next one, but drops what follows a frame in the same piece.
 */
export async function* cutAtFrameEnds(body: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const findEnds = frameEnds();
  for await (const piece of body) {
    let from = 0;
    for (const end of findEnds(piece)) {
      yield piece.subarray(from, end);
      from = end;
    }
    if (from < piece.length) yield piece.subarray(from);
  }
}

/** Walks over headers, piece by piece; what is no frame has no ends: the decoder will say so. */
function frameEnds(): (piece: Buffer) => number[] {
  let skip = 0;
  let wanted = START_BYTES;
  let held: number[] = [];
  let checksum = false;
  let last = false;

  const readStart = () => {
    const descriptor = held[4]!;
    const single = (descriptor & 0x20) !== 0;
    checksum = (descriptor & 4) !== 0;
    const contentSize = CONTENT_SIZE_BYTES[descriptor >> 6]! || (single ? 1 : 0);
    skip = (single ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3]! + contentSize;
    if (Buffer.from(held).readUInt32LE(0) !== MAGIC) skip = Number.POSITIVE_INFINITY;
    wanted = BLOCK_HEADER_BYTES;
  };
  const readBlockHeader = () => {
    const header = held[0]! | (held[1]! << 8) | (held[2]! << 16);
    last = (header & 1) !== 0;
    skip = ((header >> 1) & 3) === RLE ? 1 : header >> 3;
    if (last && checksum) skip += CHECKSUM_BYTES;
  };

  return (piece) => {
    const ends: number[] = [];
    for (let at = 0; ; ) {
      const passed = Math.min(skip, piece.length - at);
      skip -= passed;
      at += passed;
      if (skip > 0) return ends;
      if (last) {
        ends.push(at);
        last = false;
        wanted = START_BYTES;
      }
      while (held.length < wanted && at < piece.length) held.push(piece[at++]!);
      if (held.length < wanted) return ends;
      if (wanted === START_BYTES) readStart();
      else readBlockHeader();
      held = [];
    }
  };
}
