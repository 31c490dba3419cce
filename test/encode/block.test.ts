import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { footerBytes, joinPieces } from '../../src/encode/block.ts';
import type { Piece } from '../../src/encode/job.ts';
import { makePiece, zstdAvailable } from '../../src/encode/piece.ts';
import { RecordWriter } from '../../src/encode/record-writer.ts';
import type { Compression } from '../../src/mapping/plan.ts';
import type { Row } from './stream.ts';
import { anyRow, readStream, writeRow } from './stream.ts';

const rowsInPieces = fc.array(fc.array(anyRow, { maxLength: 5 }), { maxLength: 6 });

function writerOf(rows: readonly Row[]): RecordWriter {
  const writer = new RecordWriter();
  for (const row of rows) writeRow(writer, row);
  return writer;
}

function piecesOf(parts: readonly (readonly Row[])[], compression: Compression): Piece[] {
  return parts.flatMap((rows) => makePiece('dt=1', writerOf(rows), compression) ?? []);
}

/** The same rows through one writer, with the footer: what the block must unpack to. */
function wholeStream(parts: readonly (readonly Row[])[]): Buffer {
  const writer = writerOf(parts.flat());
  return Buffer.concat([writer.view(), footerBytes(writer.rows, writer.crcOfCrcs)]);
}

const unpack: Record<Compression, (body: Buffer) => Buffer> = {
  none: (body) => body,
  deflate: (body) => zlib.inflateSync(body),
  zstd: unpackFrames,
};

type Unpack = (body: Buffer, options: { info: true }) => { buffer: Buffer; engine: { bytesWritten: number } };

/** Node's decoder ends with the first frame; a block has one for each piece. */
function unpackFrames(body: Buffer): Buffer {
  const { zstdDecompressSync } = zlib as unknown as { zstdDecompressSync: Unpack };
  const contents: Buffer[] = [];
  for (let rest = body; rest.length > 0; ) {
    const { buffer, engine } = zstdDecompressSync(rest, { info: true });
    contents.push(buffer);
    rest = rest.subarray(engine.bytesWritten);
  }
  return Buffer.concat(contents);
}

describe.each(['none', 'deflate', 'zstd'] as const)('a block of pieces, compression %s', (compression) => {
  if (compression === 'zstd' && !zstdAvailable) {
    it('is refused where Node has no zstd', () => {
      expect(() => piecesOf([[[]]], compression)).toThrow('zstd needs Node 22.15');
    });
    return;
  }

  it('is the stream of one writer, byte by byte, however the rows are split', () => {
    fc.assert(
      fc.property(rowsInPieces, (parts) => {
        const block = joinPieces(piecesOf(parts, compression), compression);
        const body = Buffer.concat(block.body);
        expect(unpack[compression](body).equals(wholeStream(parts))).toBe(true);
        expect(block.rows).toBe(parts.flat().length);
        expect(block.bytes).toBe(body.length);
        expect(block.encoding).toBe(compression === 'none' ? null : compression);
      }),
    );
  });

  it('holds large pieces', () => {
    const row: Row = [{ column: 4, kind: 'bytes', value: '0123456789abcdef'.repeat(20_000) }];
    const parts = [[row, row], [row], [row, row, row]];
    const block = joinPieces(piecesOf(parts, compression), compression);
    expect(readStream(unpack[compression](Buffer.concat(block.body)))).toEqual(parts.flat());
  });
});

describe('a piece', () => {
  it('is not made of a writer without rows', () => {
    expect(makePiece('', new RecordWriter(), 'deflate')).toBeNull();
  });

  it('has a buffer of its own, exactly sized, and leaves the writer usable', () => {
    for (const compression of ['none', 'deflate'] as const) {
      const writer = writerOf([[{ column: 1, kind: 'integer', value: 7n }]]);
      const piece = makePiece('dt=1', writer, compression)!;
      const before = Buffer.from(piece.bytes);
      expect(piece.bytes.buffer.byteLength).toBe(piece.bytes.length);
      writer.reset();
      writeRow(writer, [{ column: 1, kind: 'integer', value: 8n }]);
      expect(before.equals(piece.bytes)).toBe(true);
    }
  });
});

describe('the footer', () => {
  it('of no rows is the empty block of protocol 4.3', () => {
    const { body } = joinPieces([], 'none');
    expect(Buffer.concat(body).toString('hex')).toBe('f0ffff7f00f8ffff7f00');
    expect(zlib.inflateSync(Buffer.concat(joinPieces([], 'deflate').body)).toString('hex')).toBe(
      'f0ffff7f00f8ffff7f00',
    );
  });

  it('counts beyond 31 bits', () => {
    expect(Buffer.from(footerBytes(2 ** 32, 0)).toString('hex')).toBe('f0ffff7f8080808020f8ffff7f00');
  });
});

describe('the zstd footer frame', () => {
  it('is a raw frame that any decoder reads', () => {
    const [frame] = joinPieces([], 'zstd').body;
    // RFC 8878: magic, single segment, size 10, last raw block of 10 bytes.
    expect(Buffer.from(frame!).toString('hex')).toBe('28b52ffd200a510000f0ffff7f00f8ffff7f00');
  });
});
