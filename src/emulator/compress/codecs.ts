import { malformed } from '../errors.ts';
import { decodeLz4, encodeLz4 } from './lz4-frame.ts';
import { decodeSnappy, encodeSnappy } from './snappy-framed.ts';
import { decodeDeflate, encodeDeflate, nodeZstd } from './zlib-codecs.ts';
import { decodeZstd, encodeZstd } from './zstd-portable.ts';

type Bytes = AsyncIterable<Buffer>;

/** Inflates a body as it comes; throws MalformedDataStream for what is damaged, cut off or too long. */
export type Decode = (body: Bytes) => Bytes;

export interface Encoder {
  /** For the answer's Content-Encoding; undefined for plain. */
  readonly encoding: string | undefined;
  readonly encode: (body: Bytes) => Bytes;
}

interface Codec {
  readonly decode: Decode;
  readonly encode: (body: Bytes) => Bytes;
}

const LZ4: Codec = { decode: decodeLz4, encode: encodeLz4 };

/** By Content-Encoding (protocol 6). Clients compare the names exactly. */
const CODECS: ReadonlyMap<string, Codec> = new Map([
  ['deflate', { decode: decodeDeflate, encode: encodeDeflate }],
  ['zstd', nodeZstd ?? { decode: decodeZstd, encode: encodeZstd }],
  ['x-lz4-frame', LZ4],
  ['x-odps-lz4-frame', LZ4],
  ['x-snappy-framed', { decode: decodeSnappy, encode: encodeSnappy }],
]);

const PLAIN: Codec = { decode: (body) => body, encode: (body) => body };

/** How to inflate a body with this Content-Encoding; throws MalformedDataStream for one that is unknown. */
export function decoderOf(encoding: string | undefined): Decode {
  const name = (encoding ?? '').trim().toLowerCase();
  if (!name || name === 'identity') return PLAIN.decode;
  const codec = CODECS.get(name);
  if (!codec)
    throw malformed(`Content-Encoding ${encoding} is unknown: ${[...CODECS.keys()].join(', ')} are known`);
  return (body) => unlessEmpty(body, codec.decode);
}

/** No byte at all is an empty body in any encoding: the Java client writes it for an Arrow block without rows. */
async function* unlessEmpty(body: Bytes, decode: Decode): Bytes {
  const pieces = body[Symbol.asyncIterator]();
  const first = await nextPiece(pieces);
  if (first) yield* decode(continued(first, pieces));
}

/** Nothing is written before the first piece is here: what fails until then can still be answered as an error. */
async function* afterFirst(body: Bytes, encode: (body: Bytes) => Bytes): Bytes {
  const pieces = body[Symbol.asyncIterator]();
  const first = await nextPiece(pieces);
  yield* encode(continued(first, pieces));
}

async function nextPiece(pieces: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) return undefined;
    if (value.length) return value;
  }
}

async function* continued(first: Buffer | undefined, pieces: AsyncIterator<Buffer>): Bytes {
  try {
    for (let piece = first; piece; piece = await nextPiece(pieces)) yield piece;
  } finally {
    await pieces.return?.();
  }
}

/** The first encoding in Accept-Encoding that is known and not refused by `q=0`, else plain. */
export function encoderOf(accepted: string | undefined): Encoder {
  for (const item of (accepted ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
    const codec = CODECS.get(name);
    if (name === 'identity') break;
    if (codec && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)))
      return { encoding: name, encode: (body) => afterFirst(body, codec.encode) };
  }
  return { encoding: undefined, encode: PLAIN.encode };
}
