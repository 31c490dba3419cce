import { malformed } from '../errors.ts';
import { copyBack, findMatches } from './matches.ts';

const damaged = (what: string) => malformed(`the snappy stream is damaged: ${what}`);

/** Inflates one snappy block that must not be larger than `limit`. */
export function inflateSnappy(block: Buffer, limit: number): Buffer {
  const { value: size, at: start } = readSize(block);
  if (size > limit) throw damaged(`a chunk of ${size} bytes is larger than ${limit}`);
  const output = Buffer.allocUnsafe(size);
  let at = start;
  let to = 0;
  const number = (bytes: number): number => {
    if (at + bytes > block.length) throw damaged('an element is cut off');
    const value = block.readUIntLE(at, bytes);
    at += bytes;
    return value;
  };
  const checkRoom = (length: number) => {
    if (length > size - to) throw damaged('a chunk holds more than it says');
  };
  const literals = (code: number) => {
    const length = (code < 60 ? code : number(code - 59)) + 1;
    if (length > block.length - at) throw damaged('literals are cut off');
    checkRoom(length);
    to += block.copy(output, to, at, at + length);
    at += length;
  };
  const copy = (offset: number, length: number) => {
    if (offset === 0 || offset > to) throw damaged('an offset points before the data');
    checkRoom(length);
    copyBack(output, to, offset, length);
    to += length;
  };
  while (at < block.length) {
    const tag = block[at++]!;
    const kind = tag & 3;
    if (kind === 0) literals(tag >> 2);
    else if (kind === 1) copy(((tag >> 5) << 8) | number(1), ((tag >> 2) & 7) + 4);
    else copy(number(kind === 2 ? 2 : 4), (tag >> 2) + 1);
  }
  if (to !== size) throw damaged(`a chunk holds ${to} bytes where it says ${size}`);
  return output;
}

function readSize(block: Buffer): { value: number; at: number } {
  let value = 0;
  for (let at = 0; at < Math.min(block.length, 5); at += 1) {
    value += (block[at]! & 127) * 2 ** (7 * at);
    if (block[at]! < 128) return { value, at: at + 1 };
  }
  throw damaged('a chunk has no size');
}

/** The block of at most 64 KiB as a snappy block, or undefined when that is no smaller. */
export function deflateSnappy(block: Buffer): Buffer | undefined {
  const output = Buffer.allocUnsafe(block.length + Math.ceil(block.length / 6) + 32);
  let to = writeSize(output, block.length);
  const literals = (from: number, end: number) => {
    const length = end - from - 1;
    if (length < 0) return;
    const bytes = length < 60 ? 0 : length < 256 ? 1 : 2;
    output[to++] = (bytes ? 59 + bytes : length) << 2;
    if (bytes) to = output.writeUIntLE(length, to, bytes);
    to += block.copy(output, to, from, end);
  };
  const rest = findMatches(block, (from, end, offset, length) => {
    literals(from, end);
    for (let left = length; left > 0; left -= 64) {
      output[to++] = ((Math.min(left, 64) - 1) << 2) | 2;
      to = output.writeUInt16LE(offset, to);
    }
  });
  literals(rest, block.length);
  return to < block.length ? output.subarray(0, to) : undefined;
}

function writeSize(output: Buffer, size: number): number {
  let at = 0;
  let rest = size;
  for (; rest > 127; rest >>= 7) output[at++] = (rest & 127) | 128;
  output[at++] = rest;
  return at;
}
