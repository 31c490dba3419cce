import { malformed } from '../errors.ts';

/** Magic number, then the frame header's descriptor (RFC 8878, 3.1.1). */
const START_BYTES = 5;
/** What a skippable frame has of its length after them (RFC 8878, 3.1.2). */
const SKIPPABLE_REST_BYTES = 3;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const RLE = 1;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
/** Memory that a frame may ask for: the reference decoder's own limit. */
const LARGEST_WINDOW = 128 * 1024 * 1024;

/**
 * The same bytes in pieces that end where a zstd frame ends. A body may be several frames one after another
 * (RFC 8878, 3); Node's decoder goes on with the next one, but drops what follows a frame in the same piece.
 */
export const cutAtFrameEnds = (body: AsyncIterable<Buffer>): AsyncIterable<Buffer> => cut(body, false);

/** The same with the end of each block: a piece inflates to 128 KiB at most. */
export const cutAtBlockEnds = (body: AsyncIterable<Buffer>): AsyncIterable<Buffer> => cut(body, true);

async function* cut(body: AsyncIterable<Buffer>, atBlocks: boolean): AsyncIterable<Buffer> {
  const findEnds = frameEnds(atBlocks);
  for await (const piece of body) {
    let from = 0;
    for (const end of findEnds(piece)) {
      if (end > from) yield piece.subarray(from, end);
      from = end;
    }
    if (from < piece.length) yield piece.subarray(from);
  }
}

type State = 'start' | 'fields' | 'skippable' | 'block' | 'end';

/** Walks over headers, piece by piece; what is no frame has no ends: the decoder will say so. */
function frameEnds(atBlocks: boolean): (piece: Buffer) => number[] {
  let state: State = 'start';
  let skip = 0;
  let wanted = START_BYTES;
  let held: number[] = [];
  let descriptor = 0;

  const go = (next: State, bytes: number) => {
    state = next;
    wanted = bytes;
  };
  const readStart = () => {
    const magic = Buffer.from(held).readUInt32LE(0);
    descriptor = held[4]!;
    if ((magic & ~15) >>> 0 === SKIPPABLE) return go('skippable', SKIPPABLE_REST_BYTES);
    if (magic !== MAGIC) skip = Number.POSITIVE_INFINITY;
    go('fields', fieldBytes(descriptor));
  };
  const readBlock = () => {
    const header = held[0]! | (held[1]! << 8) | (held[2]! << 16);
    const last = (header & 1) !== 0;
    skip = ((header >> 1) & 3) === RLE ? 1 : header >> 3;
    if (last && descriptor & 4) skip += CHECKSUM_BYTES;
    go(last ? 'end' : 'block', last ? 0 : BLOCK_HEADER_BYTES);
  };
  const read = () => {
    if (state === 'start') readStart();
    else if (state === 'block') readBlock();
    else if (state === 'skippable') {
      skip = descriptor + Buffer.from(held).readUIntLE(0, 3) * 256;
      go('end', 0);
    } else if (state === 'fields') {
      checkWindow(descriptor, Buffer.from(held));
      go('block', BLOCK_HEADER_BYTES);
    } else go('start', START_BYTES);
    held = [];
  };

  return (piece) => {
    const ends: number[] = [];
    for (let at = 0; ; ) {
      const passed = Math.min(skip, piece.length - at);
      skip -= passed;
      at += passed;
      if (skip > 0) return ends;
      if (state === 'end' || (atBlocks && state === 'block' && held.length === 0)) ends.push(at);
      while (held.length < wanted && at < piece.length) held.push(piece[at++]!);
      if (held.length < wanted) return ends;
      read();
    }
  };
}

const isSingle = (descriptor: number): boolean => (descriptor & 0x20) !== 0;

/** Window, dictionary and content size, which follow the descriptor. */
function fieldBytes(descriptor: number): number {
  const contentSize =
    CONTENT_SIZE_BYTES[(descriptor >> 6) as 0 | 1 | 2 | 3] || (isSingle(descriptor) ? 1 : 0);
  return (
    (isSingle(descriptor) ? 0 : 1) + DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3] + contentSize
  );
}

/** A header of a few bytes may ask for any amount of memory. */
function checkWindow(descriptor: number, fields: Buffer): void {
  const window = isSingle(descriptor) ? contentSize(descriptor, fields) : windowSize(fields[0]!);
  if (window <= LARGEST_WINDOW) return;
  throw malformed(`the zstd frame needs a window of ${window} bytes; at most ${LARGEST_WINDOW} are given`);
}

const windowSize = (byte: number): number => 2 ** (10 + (byte >> 3)) * (1 + (byte & 7) / 8);

function contentSize(descriptor: number, fields: Buffer): number {
  const size = fields.subarray(DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3]);
  return size.reduceRight((sum, byte) => sum * 256 + byte, 0);
}
