import { pipeline, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { malformed } from '../errors.ts';
import { cutAtFrameEnds } from './zstd-frames.ts';

type Bytes = AsyncIterable<Buffer>;
type MakeTransform = (options: {
  readonly chunkSize: number;
}) => Transform & { readonly bytesWritten: number };

/** Larger pieces than the 16 KiB default: fewer turns between the threads. */
const PIECE_BYTES = 256 * 1024;

/** Node has zstd since 22.15; the types are of an earlier one. */
const native = zlib as typeof zlib & {
  readonly createZstdDecompress?: MakeTransform;
  readonly createZstdCompress?: MakeTransform;
};

/** `deflate` is the zlib container (protocol 6). */
export const decodeDeflate = (body: Bytes): Bytes => inflate(body, zlib.createInflate, 'zlib stream');

export const encodeDeflate = (body: Bytes): Bytes =>
  through(body, zlib.createDeflate({ chunkSize: PIECE_BYTES, level: 1 }));

/** Undefined where this Node has no zstd. */
export const nodeZstd = native.createZstdDecompress && {
  decode: (body: Bytes): Bytes => inflate(cutAtFrameEnds(body), native.createZstdDecompress!, 'zstd stream'),
  encode: (body: Bytes): Bytes => through(body, native.createZstdCompress!({ chunkSize: PIECE_BYTES })),
};

async function* inflate(body: Bytes, make: MakeTransform, what: string): Bytes {
  const pieces = body[Symbol.asyncIterator]();
  let given = 0;
  const next = async () => {
    const { done, value } = await pieces.next();
    if (!done) given += value.length;
    return done ? undefined : value;
  };
  const transform = make({ chunkSize: PIECE_BYTES });
  try {
    yield* through(piecesOf(next), transform);
    // The decoder ends with the stream, whatever follows.
    while ((await next()) !== undefined);
    if (given > transform.bytesWritten) throw malformed(`there are bytes after the ${what}`);
  } catch (error) {
    throw isDamage(error) ? malformed(`the ${what} is ${damageText(error)}`) : error;
  } finally {
    await pieces.return?.();
  }
}

async function* piecesOf(next: () => Promise<Buffer | undefined>): Bytes {
  for (let piece = await next(); piece !== undefined; piece = await next()) yield piece;
}

async function* through(body: Bytes, transform: Transform): Bytes {
  // Errors reach whoever reads the transform.
  pipeline(body, transform, () => {});
  yield* transform as AsyncIterable<Buffer>;
}

/** Errors of the decompressor: `Z_DATA_ERROR`, `Z_BUF_ERROR` (cut off), `ZSTD_error_...`. */
function isDamage(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && /^(Z_|ZSTD_)/.test(String(error.code));
}

const damageText = (error: Error & { readonly code: string }): string =>
  error.code === 'Z_BUF_ERROR' ? `cut off: ${error.message}` : `damaged: ${error.message}`;
