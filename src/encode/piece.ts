import * as zlib from 'node:zlib';
import type { Compression } from '../mapping/plan.ts';
import { adler32 } from './adler32.ts';
import type { Piece } from './job.ts';
import type { RecordWriter } from './record-writer.ts';

/** Raw row bytes -> what a piece carries, in a buffer of its own that can be moved. */
type Compress = (raw: Uint8Array) => Uint8Array;

/** zlib's header; the block has one in front of its first piece. */
const ZLIB_HEADER_BYTES = 2;
/** Larger output steps save copies (performance: memLevel 9 and 256 KiB, 10 % faster). */
const OUTPUT_STEP = 256 * 1024;

interface ZstdOptions {
  readonly params: Record<number, number>;
}
type ZstdCompress = (raw: Uint8Array, options: ZstdOptions) => Uint8Array;

/** ZSTD_c_compressionLevel of the format's reference library. */
const ZSTD_LEVEL = 100;

/** In node:zlib since 22.15; null before. */
const zstdCompress = (zlib as { zstdCompressSync?: ZstdCompress }).zstdCompressSync ?? null;

/** Whether this Node can write zstd. */
export const zstdAvailable = zstdCompress !== null;

const COMPRESSORS: Record<Compression, Compress> = {
  deflate(raw) {
    const stream = zlib.deflateSync(raw, {
      level: 1,
      memLevel: 9,
      chunkSize: OUTPUT_STEP,
      // Ends on a byte boundary with the stream still open: the next piece can follow.
      finishFlush: zlib.constants.Z_SYNC_FLUSH,
    });
    return alone(stream.subarray(ZLIB_HEADER_BYTES));
  },
  zstd(raw) {
    if (!zstdCompress) throw new Error('zstd needs Node 22.15 or newer');
    return alone(zstdCompress(raw, { params: { [ZSTD_LEVEL]: 1 } }));
  },
  none: ownBuffer,
};

/** The compressor of a piece: synchronous, for a worker thread. */
export function compressor(compression: Compression): Compress {
  return COMPRESSORS[compression];
}

/** The rows of a writer as a piece, or null when it has none. The writer can be used again at once. */
export function makePiece(
  tablePartition: string,
  writer: RecordWriter,
  compression: Compression,
): Piece | null {
  if (writer.rows === 0) return null;
  const raw = writer.view();
  return {
    tablePartition,
    bytes: COMPRESSORS[compression](raw),
    rows: writer.rows,
    rawBytes: raw.length,
    oldestEvent: writer.oldestEvent,
    newestEvent: writer.newestEvent,
    crcOfCrcs: writer.crcOfCrcs,
    adler32: compression === 'deflate' ? adler32(raw, 0, raw.length) : 1,
  };
}

/** Large output of zlib fills a buffer of its own: no copy is needed. Small output shares one. */
function alone(output: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = output;
  const spare = buffer.byteLength - length;
  if (length < OUTPUT_STEP || spare > ZLIB_HEADER_BYTES) return ownBuffer(output);
  return new Uint8Array(buffer, byteOffset, length);
}

/** A copy that is alone in its ArrayBuffer: moving it moves nothing else and pins nothing. */
function ownBuffer(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return new Uint8Array(copy.buffer, 0, bytes.length);
}
