import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutAtFrameEnds } from '../../../src/emulator/compress/zstd-frames.ts';

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

interface FrameShape {
  /** Content of each block; `repeat` makes it one byte for so many. */
  readonly blocks: readonly { readonly content: Uint8Array; readonly repeat: boolean }[];
  readonly single: boolean;
  readonly checksum: boolean;
  readonly dictionary: number;
  readonly contentSize: number;
}

/** A frame by RFC 8878, 3.1.1, with raw and RLE blocks; sizes and checksums hold anything. */
function frame({ blocks, single, checksum, dictionary, contentSize }: FrameShape): Buffer {
  const descriptor = (contentSize << 6) | (single ? 0x20 : 0) | (checksum ? 4 : 0) | dictionary;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][contentSize]!;
  const fields = (single ? 0 : 1) + [0, 1, 2, 4][dictionary]! + sizeBytes;
  const bodies = blocks.map(({ content, repeat }, index) => {
    const header = (content.length << 3) | (repeat ? 2 : 0) | (index === blocks.length - 1 ? 1 : 0);
    const bytes = repeat ? Buffer.alloc(1) : Buffer.from(content);
    return Buffer.concat([Buffer.from([header & 255, (header >> 8) & 255, header >> 16]), bytes]);
  });
  const start = Buffer.from([...MAGIC, descriptor]);
  return Buffer.concat([start, Buffer.alloc(fields), ...bodies, Buffer.alloc(checksum ? 4 : 0)]);
}

const anyFrame = fc
  .record({
    blocks: fc.array(fc.record({ content: fc.uint8Array({ maxLength: 700 }), repeat: fc.boolean() }), {
      ...{ minLength: 1, maxLength: 3 },
    }),
    single: fc.boolean(),
    checksum: fc.boolean(),
    dictionary: fc.nat(3),
    contentSize: fc.nat(3),
  })
  .map(frame);

async function* inPieces(body: Buffer, size: number): AsyncIterable<Buffer> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
}

async function cuts(body: Buffer, size: number): Promise<{ bytes: Buffer; ends: Set<number> }> {
  const pieces: Buffer[] = [];
  const ends = new Set<number>();
  let at = 0;
  for await (const piece of cutAtFrameEnds(inPieces(body, size))) {
    at += piece.length;
    pieces.push(piece);
    ends.add(at);
  }
  return { bytes: Buffer.concat(pieces), ends };
}

describe('zstd frames', () => {
  it('are cut where they end, however the body arrives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFrame, { maxLength: 5 }),
        fc.integer({ min: 1, max: 900 }),
        async (frames, size) => {
          const body = Buffer.concat(frames);
          const { bytes, ends } = await cuts(body, size);
          expect(bytes.equals(body)).toBe(true);
          let end = 0;
          for (const one of frames) {
            end += one.length;
            expect(ends).toContain(end);
          }
        },
      ),
    );
  });

  it('leave alone what is none', async () => {
    const body = Buffer.from('neither zstd nor anything else');
    expect(await cuts(body, 100)).toEqual({ bytes: body, ends: new Set([body.length]) });
  });

  const { zstdCompressSync: pack, createZstdDecompress: unpacker } = zlib as unknown as {
    zstdCompressSync?: (raw: Buffer) => Buffer;
    createZstdDecompress?: typeof zlib.createInflate;
  };
  if (pack && unpacker) {
    it('of the real encoder are all unpacked', async () => {
      const contents = [1, 10, 300_000].map((n) => Buffer.from('数据 row '.repeat(n)));
      const unpacked: Buffer[] = [];
      await pipeline(
        cutAtFrameEnds(inPieces(Buffer.concat(contents.map(pack)), 64 * 1024)),
        unpacker(),
        async (bytes: AsyncIterable<Buffer>) => {
          for await (const piece of bytes) unpacked.push(piece);
        },
      );
      expect(Buffer.concat(unpacked).equals(Buffer.concat(contents))).toBe(true);
    });
  }
});
