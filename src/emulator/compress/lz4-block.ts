import { malformed } from '../errors.ts';
import { copyBack, findMatches } from './matches.ts';

const SHORTEST = 4;
const damaged = (what: string) => malformed(`the LZ4 frame is damaged: ${what}`);

/**
 * Inflates one LZ4 block into `output` from `start` on; matches may reach back to the beginning of `output`,
 * where the former block of a linked frame stands. Answers where the block ends.
 */
export function inflateLz4(block: Buffer, output: Buffer, start: number): number {
  let at = 0;
  let to = start;
  const extended = (short: number): number => {
    let length = short;
    for (let byte = short === 15 ? 255 : 0; byte === 255; length += byte) {
      if (at >= block.length) throw damaged('a length is cut off');
      byte = block[at++]!;
    }
    return length;
  };
  for (;;) {
    if (at >= block.length) throw damaged('a block ends without its last literals');
    const token = block[at++]!;
    const literals = extended(token >> 4);
    if (literals > block.length - at) throw damaged('literals reach beyond their block');
    if (literals > output.length - to) throw damaged('a block is larger than the frame allows');
    copyLiterals(block, at, output, to, literals);
    at += literals;
    to += literals;
    if (at === block.length) return to;
    if (at + 2 > block.length) throw damaged('an offset is cut off');
    const offset = block[at]! | (block[at + 1]! << 8);
    at += 2;
    const length = extended(token & 15) + SHORTEST;
    if (offset === 0 || offset > to) throw damaged('an offset points before the data');
    if (length > output.length - to) throw damaged('a block is larger than the frame allows');
    copyBack(output, to, offset, length);
    to += length;
  }
}

/** A call for a few bytes costs more than the bytes. */
function copyLiterals(block: Buffer, from: number, output: Buffer, to: number, length: number): void {
  if (length > 32) block.copy(output, to, from, from + length);
  else for (let index = 0; index < length; index += 1) output[to + index] = block[from + index]!;
}

/** The block of at most 64 KiB as an LZ4 block, or undefined when that is no smaller. */
export function deflateLz4(block: Buffer): Buffer | undefined {
  const output = Buffer.allocUnsafe(block.length + Math.ceil(block.length / 255) + 16);
  let to = 0;
  const extended = (length: number) => {
    let rest = length - 15;
    if (rest < 0) return;
    for (; rest >= 255; rest -= 255) output[to++] = 255;
    output[to++] = rest;
  };
  const literals = (from: number, end: number, matchCode: number) => {
    output[to++] = (Math.min(end - from, 15) << 4) | Math.min(matchCode, 15);
    extended(end - from);
    to += block.copy(output, to, from, end);
  };
  const rest = findMatches(block, (from, end, offset, length) => {
    literals(from, end, length - SHORTEST);
    output[to++] = offset & 255;
    output[to++] = offset >> 8;
    extended(length - SHORTEST);
  });
  literals(rest, block.length, 0);
  return to < block.length ? output.subarray(0, to) : undefined;
}
