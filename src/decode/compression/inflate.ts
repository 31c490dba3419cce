import { gunzipSync } from 'node:zlib';
import { LIMITS } from '../../limits.ts';
import type { Dirty } from '../cell/cell.ts';
import type { Decoder, SchemaCache } from '../decoder.ts';
import type { Compression } from '../format.ts';
import { wrapDecoder } from '../wrap.ts';
import { unzstd } from './zstd.ts';

/** Inflates a whole value, or throws an Error that says why not. */
type Inflate = (bytes: Uint8Array) => Uint8Array;

const INFLATE: Record<Exclude<Compression, 'none'>, Inflate> = { gzip: gunzip, zstd: unzstd };

/** Inflates a value (gzip with any number of members, zstd with any number of frames) before the decoder inside reads it. */
export function decompressing(compression: Compression | undefined, inner: Decoder): Decoder {
  if (compression === undefined || compression === 'none') return inner;
  const decode: Decoder['decode'] = (bytes, start, end, cells) => {
    const value = inflated(compression, bytes.subarray(start, end));
    return 'code' in value ? value : inner.decode(value, 0, value.length, cells);
  };
  const { schemas } = inner;
  if (schemas === undefined) return wrapDecoder(inner, { decode });
  const unknown: SchemaCache['unknown'] = (bytes, start, end) => {
    const value = inflated(compression, bytes.subarray(start, end));
    return 'code' in value ? null : schemas.unknown(value, 0, value.length);
  };
  return wrapDecoder(inner, { decode, schemas: { ...schemas, unknown } });
}

function inflated(compression: keyof typeof INFLATE, bytes: Uint8Array): Uint8Array | Dirty {
  try {
    return INFLATE[compression](bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      code: 'bad_compression',
      message: `the value cannot be inflated with ${compression}: ${reason}`,
    };
  }
}

const GZIP_MAGIC = [0x1f, 0x8b] as const;

function gunzip(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== GZIP_MAGIC[0] || bytes[1] !== GZIP_MAGIC[1])
    throw new Error('it does not begin with 1f 8b');
  try {
    return gunzipSync(bytes, { maxOutputLength: LIMITS.inflatedBytes, chunkSize: chunkSize(bytes) });
  } catch (error) {
    const tooLong = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw tooLong ? new Error(`it is longer than ${LIMITS.inflatedBytes} bytes when inflated`) : error;
  }
}

/** The last four bytes say how long the last member is; they are only believed as a size of the first piece of memory. */
function chunkSize(bytes: Uint8Array): number {
  const at = bytes.length - 4;
  const said = at < 0 ? 0 : new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
  return Math.min(Math.max(said, CHUNK_MIN), CHUNK_MAX);
}

const CHUNK_MIN = 256;
const CHUNK_MAX = 1024 * 1024;
