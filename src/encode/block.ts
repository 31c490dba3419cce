import type { Compression } from '../mapping/plan.ts';
import { adler32, combineAdler32 } from './adler32.ts';
import { combineCrc32c } from './crc32c.ts';
import type { Piece } from './job.ts';

/** One upload request: pieces of one table partition, joined without looking into a row. */
export interface Block {
  /** In order; the request's body is their concatenation. */
  readonly body: readonly Uint8Array[];
  /** Content-Encoding; null: none. */
  readonly encoding: 'deflate' | 'zstd' | null;
  readonly rows: number;
  /** Bytes of the body. */
  readonly bytes: number;
}

/** Zlib, 32 KiB window, fastest level: what a piece was stripped of. */
const ZLIB_HEADER = Uint8Array.of(0x78, 0x01);
/** Tags 33554430 and 33554431, wire type 0 (protocol 5.2). */
const COUNT_TAG = [0xf0, 0xff, 0xff, 0x7f];
const CHECKSUM_TAG = [0xf8, 0xff, 0xff, 0x7f];

/** Pieces -> block, by numbers alone: counts add up, checksums combine. No pieces: a block of no rows. */
export function joinPieces(pieces: readonly Piece[], compression: Compression): Block {
  const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0);
  const crc = pieces.reduce((sum, piece) => combineCrc32c(sum, piece.crcOfCrcs, 4 * piece.rows), 0);
  const footer = footerBytes(rows, crc);
  const body = BODIES[compression](pieces, footer);
  return {
    body,
    encoding: compression === 'none' ? null : compression,
    rows,
    bytes: body.reduce((sum, part) => sum + part.length, 0),
  };
}

/** The end of a record stream (protocol 5.2): number of rows and checksum of their checksums. */
export function footerBytes(rows: number, crcOfCrcs: number): Uint8Array {
  return Uint8Array.from([...COUNT_TAG, ...varint(rows * 2), ...CHECKSUM_TAG, ...varint(crcOfCrcs)]);
}

type Join = (pieces: readonly Piece[], footer: Uint8Array) => Uint8Array[];

const BODIES: Record<Compression, Join> = {
  none: (pieces, footer) => [...pieces.map((piece) => piece.bytes), footer],
  zstd: (pieces, footer) => [...pieces.map((piece) => piece.bytes), zstdFrame(footer)],
  deflate: (pieces, footer) => [
    ZLIB_HEADER,
    ...pieces.map((piece) => piece.bytes),
    deflateEnd(footer, adlerOf(pieces, footer)),
  ],
};

function adlerOf(pieces: readonly Piece[], footer: Uint8Array): number {
  const rows = pieces.reduce((sum, piece) => combineAdler32(sum, piece.adler32, piece.rawBytes), 1);
  return adler32(footer, 0, footer.length, rows);
}

/** The final stored block (RFC 1951: 01, length, its complement) and the checksum of the whole (RFC 1950). */
function deflateEnd(footer: Uint8Array, adler: number): Uint8Array {
  const end = new Uint8Array(5 + footer.length + 4);
  const view = new DataView(end.buffer);
  end[0] = 1;
  view.setUint16(1, footer.length, true);
  view.setUint16(3, ~footer.length & 0xffff, true);
  end.set(footer, 5);
  view.setUint32(5 + footer.length, adler, false);
  return end;
}

/** A frame of one raw block (RFC 8878): magic, single segment, content size; for fewer than 256 bytes. */
function zstdFrame(content: Uint8Array): Uint8Array {
  const lastRawBlock = (content.length << 3) | 1;
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0x20, content.length, lastRawBlock & 255, lastRawBlock >> 8, 0];
  return Uint8Array.from([...header, ...content]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}
