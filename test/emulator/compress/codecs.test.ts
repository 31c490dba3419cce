import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoderOf, encoderOf } from '../../../src/emulator/compress/codecs.ts';
import { decodeZstd, encodeZstd } from '../../../src/emulator/compress/zstd-portable.ts';

interface Foreign {
  name: string;
  encoding: string;
  base64: string;
}

const foreign: Foreign[] = JSON.parse(
  readFileSync(new URL('./foreign.json', import.meta.url), 'utf8'),
).vectors;
const line = (i: number) =>
  `row ${i % 7}: 数据 of the same columns comes again and again in each of the rows\n`;
const CONTENT = Buffer.from(Array.from({ length: 2000 }, (_, i) => line(i)).join(''));
const ENCODINGS = ['deflate', 'zstd', 'x-lz4-frame', 'x-odps-lz4-frame', 'x-snappy-framed'];

async function* inPieces(bytes: Buffer, size = bytes.length || 1): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const list: Buffer[] = [];
  for await (const piece of pieces) list.push(Buffer.from(piece));
  return Buffer.concat(list);
}

const pack = (encoding: string, content: Buffer, size?: number) =>
  all(encoderOf(encoding).encode(inPieces(content, size)));
const unpack = (encoding: string, packed: Buffer, size?: number) =>
  all(decoderOf(encoding)(inPieces(packed, size)));

/** The content, or the code of the refusal; any other error is one of the decoder's own. */
const outcome = (encoding: string, packed: Buffer) =>
  unpack(encoding, packed).then(
    (content) => content,
    (error) => {
      expect(error).toMatchObject({ status: 400, code: 'MalformedDataStream' });
      return String(error.message);
    },
  );

describe('decoders', () => {
  it.each(foreign.map((vector) => [vector.name, vector] as const))('read %s', async (_, vector) => {
    const packed = Buffer.from(vector.base64, 'base64');
    expect((await unpack(vector.encoding, packed)).equals(CONTENT)).toBe(true);
    expect((await unpack(vector.encoding, packed, 7)).equals(CONTENT)).toBe(true);
    if (vector.encoding !== 'zstd') return;
    expect((await all(decodeZstd(inPieces(packed)))).equals(CONTENT)).toBe(true);
    expect((await all(decodeZstd(inPieces(packed, 7)))).equals(CONTENT)).toBe(true);
  });

  it.each(foreign.map((vector) => [vector.name, vector] as const))(
    'refuse damage, missing and more bytes in %s',
    async (_, { encoding, base64 }) => {
      const packed = Buffer.from(base64, 'base64');
      const cuts = [1, 3, 6, 11, packed.length >> 1, packed.length - 5, packed.length - 1];
      for (const cut of cuts)
        expect(typeof (await outcome(encoding, packed.subarray(0, cut)))).toBe('string');
      expect(await outcome(encoding, Buffer.concat([packed, Buffer.from('garbage after it')]))).toEqual(
        expect.any(String),
      );
      for (let at = 0; at < packed.length; at += Math.ceil(packed.length / 60)) {
        const damaged = Buffer.from(packed);
        damaged[at]! ^= 1 << (at & 7);
        // Without a checksum inside a changed literal passes; nothing else than the client's error may come of it.
        await outcome(encoding, damaged);
      }
    },
  );

  it('answer every mistake with what is wrong', async () => {
    const lz4 = await pack('x-lz4-frame', CONTENT);
    const changed = (at: number) => {
      const copy = Buffer.from(lz4);
      copy[at]! ^= 0x40;
      return copy;
    };
    expect(await outcome('x-lz4-frame', changed(0))).toMatch(/no LZ4 frame: it begins with 0x184d2244/);
    expect(await outcome('x-lz4-frame', changed(6))).toMatch(/checksum of the header/);
    expect(await outcome('x-lz4-frame', changed(lz4.length - 1))).toMatch(/checksum of the content/);
    expect(await outcome('x-lz4-frame', lz4.subarray(0, -1))).toMatch(/LZ4 frame is cut off/);
    expect(await outcome('x-snappy-framed', lz4)).toMatch(/no snappy stream/);
    expect(await outcome('deflate', lz4)).toMatch(/zlib stream is damaged/);
    expect(await outcome('deflate', deflateSync(CONTENT).subarray(0, 50))).toMatch(/zlib stream is cut off/);
    const twice = [deflateSync(CONTENT), Buffer.of(0)];
    expect(await outcome('deflate', Buffer.concat(twice))).toMatch(/bytes after the zlib stream/);
    await expect(all(decoderOf('deflate')(iterate(twice)))).rejects.toThrow(/bytes after the zlib stream/);
    expect(() => decoderOf('gzip')).toThrow(/Content-Encoding gzip is unknown: deflate, zstd/);
  });

  it('take an empty body as empty, and no encoding or identity as plain', async () => {
    for (const encoding of ENCODINGS) expect(await unpack(encoding, Buffer.of())).toEqual(Buffer.of());
    expect(await unpack('identity', CONTENT)).toEqual(CONTENT);
    expect(await all(decoderOf(undefined)(inPieces(CONTENT)))).toEqual(CONTENT);
  });

  it('pass on the error of a body that breaks', async () => {
    async function* broken(packed: Buffer): AsyncIterable<Buffer> {
      yield packed.subarray(0, packed.length >> 1);
      throw new Error('the connection is gone');
    }
    for (const encoding of ENCODINGS) {
      const packed = await pack(encoding, CONTENT);
      await expect(all(decoderOf(encoding)(broken(packed)))).rejects.toThrow('the connection is gone');
    }
    await expect(all(decodeZstd(broken(await all(encodeZstd(inPieces(CONTENT))))))).rejects.toThrow(
      'the connection is gone',
    );
  });
});

async function* iterate(pieces: Buffer[]): AsyncIterable<Buffer> {
  yield* pieces;
}

describe('bombs', () => {
  /** 64 MiB of one byte. */
  async function* zeros(): AsyncIterable<Buffer> {
    for (let piece = 0; piece < 64; piece += 1) yield Buffer.alloc(1024 * 1024);
  }

  it.each(ENCODINGS)('of %s inflate no further than they are read', async (encoding) => {
    const packed = await all(encoderOf(encoding).encode(zeros()));
    let inflated = 0;
    for await (const piece of decoderOf(encoding)(inPieces(packed))) {
      expect(piece.length).toBeLessThanOrEqual(4 * 1024 * 1024);
      inflated += piece.length;
      if (inflated > 1024 * 1024) break;
    }
    expect(inflated).toBeLessThan(8 * 1024 * 1024);
  });

  it('of zstd blocks that repeat a byte come in pieces of one block', async () => {
    const blocks = Array.from({ length: 1000 }, (_, index) => {
      const block = Buffer.alloc(4);
      block.writeUIntLE((131072 << 3) | 2 | (index === 999 ? 1 : 0), 0, 3);
      return block;
    });
    const packed = Buffer.concat([Buffer.from('28b52ffd0038', 'hex'), ...blocks]);
    let pieces = 0;
    for await (const piece of decodeZstd(inPieces(packed))) {
      expect(piece.length).toBe(131072);
      pieces += 1;
      if (pieces === 3) break;
    }
    expect(pieces).toBe(3);
  });

  it('that ask for a large window are refused before it is made', async () => {
    const window = Buffer.from('28b52ffd00b0010000', 'hex');
    expect(await outcome('zstd', window)).toMatch(/window/);
    await expect(all(decodeZstd(inPieces(window)))).rejects.toThrow(/window of 4294967296 bytes/);
    const content = Buffer.from('28b52ffde0000000000000ff00010000', 'hex');
    await expect(all(decodeZstd(inPieces(content)))).rejects.toThrow(/window of/);
  });

  it('that name a size which their bytes do not have are refused', async () => {
    const snappy = Buffer.from('ff060000734e6150705900080000000000008080800400', 'hex');
    expect(await outcome('x-snappy-framed', snappy)).toMatch(/larger than 65536|cut off/);
    const lz4 = Buffer.concat([(await pack('x-lz4-frame', CONTENT)).subarray(0, 7), Buffer.alloc(4, 0x7f)]);
    expect(await outcome('x-lz4-frame', lz4)).toMatch(/larger than the frame allows/);
  });
});

describe('encoders', () => {
  const contents = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ minLength: 60_000, maxLength: 150_000 }),
    fc
      .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 20_000 })), {
        maxLength: 6,
      })
      .map((runs) =>
        Buffer.concat(runs.map(([run, times]) => Buffer.alloc(Math.min(90_000, times * run.length), run))),
      ),
  );

  it.each(ENCODINGS)('write %s that is read again', async (encoding) => {
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 70_000 }), async (bytes, size) => {
        const content = Buffer.from(bytes);
        const packed = await pack(encoding, content, Math.max(size, content.length >> 6, 1));
        expect((await unpack(encoding, packed, Math.max(size, packed.length >> 6))).equals(content)).toBe(
          true,
        );
      }),
      { numRuns: 40 },
    );
  });

  it('write zstd where Node has none', async () => {
    for (const content of [Buffer.of(), Buffer.of(7), CONTENT]) {
      const packed = await all(encodeZstd(inPieces(content)));
      expect((await all(decodeZstd(inPieces(packed)))).equals(content)).toBe(true);
      expect((await unpack('zstd', packed)).equals(content)).toBe(true);
    }
  });

  it.each(['deflate', 'x-lz4-frame', 'x-snappy-framed'])('really compress with %s', async (encoding) => {
    expect((await pack(encoding, CONTENT)).length).toBeLessThan(CONTENT.length / 5);
  });

  it.each(ENCODINGS)('write nothing of %s when the first piece cannot be read', async (encoding) => {
    async function* failing(): AsyncIterable<Buffer> {
      yield Buffer.of();
      throw new Error('no such row');
    }
    let written = 0;
    const read = async () => {
      for await (const piece of encoderOf(encoding).encode(failing())) written += piece.length;
    };
    await expect(read()).rejects.toThrow('no such row');
    expect(written).toBe(0);
  });

  it('write independent LZ4 blocks, marked as such', async () => {
    const header = (await pack('x-lz4-frame', CONTENT)).subarray(0, 7).toString('hex');
    expect(header).toMatch(/^04224d186440/);
  });

  it('answer what was asked for, plain for everything else', () => {
    for (const name of ENCODINGS) expect(encoderOf(name).encoding).toBe(name);
    expect(encoderOf('gzip, deflate, br').encoding).toBe('deflate');
    expect(encoderOf('deflate;q=0, ZSTD;q=0.5').encoding).toBe('zstd');
    for (const name of [undefined, '', 'identity', 'gzip', '*', 'deflate;q=0', 'identity, deflate'])
      expect(encoderOf(name).encoding).toBeUndefined();
  });
});
