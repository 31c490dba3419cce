import type { DeadLetter } from '../deadletter/dead-letter.ts';
import type { EncodeResult, Piece } from '../encode/job.ts';
import type { OffsetRange, SourceChunk } from '../source/source.ts';
import { type LeftOut, leftOutOf, NOTHING_LEFT_OUT } from './left-out.ts';
import { lettersBytes, toDeadLetter } from './letters.ts';
import { rangesBetween } from './ranges.ts';

/** What became of some consecutive records of one chunk. Its bytes are charged to the budget until they are uploaded. */
export interface Part {
  readonly ranges: readonly OffsetRange[];
  readonly pieces: readonly Piece[];
  readonly letters: readonly DeadLetter[];
  readonly leftOut: LeftOut;
  readonly records: number;
  /** Rows beyond the first of their record. */
  readonly extraRows: number;
  readonly polledAt: number;
  /** Hashed keys of its rows, 4 words each; null: rows are not compared. */
  readonly keys: Uint32Array | null;
}

/** A part of no records. */
export function emptyPart(ranges: readonly OffsetRange[], polledAt: number): Part {
  return {
    ...{
      ranges,
      polledAt,
      pieces: [],
      letters: [],
      leftOut: NOTHING_LEFT_OUT,
      records: 0,
      extraRows: 0,
      keys: null,
    },
  };
}

export function toPart(chunk: SourceChunk, from: number, result: EncodeResult): Part {
  return {
    ranges: rangesBetween(chunk, from, result.upTo),
    pieces: result.pieces,
    letters: result.rejections.map((rejection) => toDeadLetter(chunk, rejection)),
    leftOut: leftOutOf(chunk, result),
    records: result.upTo - from,
    extraRows: result.extraRows,
    polledAt: chunk.polledAt,
    keys: result.keys ?? null,
  };
}

export const piecesBytes = (pieces: readonly Piece[]): number =>
  pieces.reduce((bytes, piece) => bytes + piece.bytes.byteLength, 0);

/** Bytes that it holds in memory until it joins a batch. */
export const partBytes = ({ letters, pieces }: Part): number => lettersBytes(letters) + piecesBytes(pieces);
