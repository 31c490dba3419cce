import { LIMITS } from '../../limits.ts';
import { corrupt } from './zstd-bits.ts';
import { type HuffmanTable, littleEndian, readLiterals } from './zstd-literals.ts';
import { type Output, runSequences, type SequenceState } from './zstd-sequences.ts';

const MAGIC = 0xfd2fb528;
const SKIPPED_MAGIC = 0x184d2a5;
const BLOCK_MAX = 128 * 1024;
/** Memory to begin with, as a multiple of the input. */
const FIRST_TIMES = 4;

/**
 * Inflates zstd data (RFC 8878): any number of frames, skippable ones between them. Every length is checked before
 * it is believed, so that time and memory are bounded by the input and by {@link LIMITS.inflatedBytes}. Checksums are
 * passed over: Kafka has its own. Of our own, because Node has zstd from 22.15 only, and the JavaScript port of
 * the reference writes without end for some broken input.
 *
 * @throws Error that says why the bytes cannot be inflated
 */
export function unzstd(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw corrupt('it is empty');
  const out = new Growing(FIRST_TIMES * bytes.length);
  let at = 0;
  while (at < bytes.length) at = readFrame(bytes, at, out);
  return out.taken();
}

/** Up to this length a loop copies faster than a call into native code. */
const SHORT = 24;

/** What was inflated so far. */
class Growing {
  bytes: Uint8Array;
  length = 0;

  constructor(first: number) {
    this.bytes = new Uint8Array(Math.min(first, LIMITS.inflatedBytes));
  }

  /** Makes room for `count` bytes more. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > LIMITS.inflatedBytes)
      throw new Error(`it is longer than ${LIMITS.inflatedBytes} bytes when inflated`);
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.min(Math.max(needed, this.bytes.length * 2), LIMITS.inflatedBytes));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** Bytes [from, to) of `source`. */
  append(source: Uint8Array, from: number, to: number): void {
    const count = to - from;
    this.reserve(count);
    const { bytes, length } = this;
    if (count > SHORT) bytes.set(source.subarray(from, to), length);
    else for (let i = 0; i < count; i++) bytes[length + i] = source[from + i]!;
    this.length = length + count;
  }

  fill(byte: number, count: number): void {
    this.reserve(count);
    this.bytes.fill(byte, this.length, this.length + count);
    this.length += count;
  }

  taken(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

interface Frame extends SequenceState {
  huffman: HuffmanTable | null;
  /** Where its output begins: matches reach back no further. */
  readonly start: number;
}

/** Returns the position behind the frame at `at`. */
function readFrame(bytes: Uint8Array, at: number, out: Growing): number {
  const magic = littleEndian(bytes, at, 4);
  if (Math.floor(magic / 16) === SKIPPED_MAGIC) return within(bytes, at + 8 + littleEndian(bytes, at + 4, 4));
  if (magic !== MAGIC) throw corrupt('it does not begin with 28 b5 2f fd');
  const descriptor = bytes[at + 4] ?? 0;
  let next = within(bytes, at + 5 + headerBytes(descriptor, bytes, at + 5));
  const frame: Frame = { huffman: null, tables: null, repeats: [1, 4, 8], start: out.length };
  for (let last = false; !last; ) {
    const header = littleEndian(bytes, next, 3);
    next = within(bytes, next + 3);
    last = (header & 1) === 1;
    next = readBlock(bytes, next, (header >> 1) & 3, header >> 3, frame, out);
  }
  return within(bytes, next + ((descriptor & 4) === 0 ? 0 : 4));
}

function within(bytes: Uint8Array, at: number): number {
  if (at > bytes.length) throw corrupt('it ends too early');
  return at;
}

/** Bytes of window, dictionary id and content size: the blocks say themselves how long they are. */
function headerBytes(descriptor: number, bytes: Uint8Array, at: number): number {
  if ((descriptor & 8) !== 0) throw corrupt('a frame of an unknown kind');
  const single = (descriptor >> 5) & 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  if (littleEndian(bytes, at + 1 - single, dictionary) !== 0) throw corrupt('it needs a dictionary');
  const size = [single, 2, 4, 8][descriptor >> 6]!;
  return 1 - single + dictionary + size;
}

function readBlock(
  bytes: Uint8Array,
  at: number,
  type: number,
  size: number,
  frame: Frame,
  out: Growing,
): number {
  if (size > BLOCK_MAX || type === 3) throw corrupt('a block of an unknown kind');
  const end = within(bytes, at + (type === 1 ? 1 : size));
  if (type === 0) out.append(bytes, at, end);
  else if (type === 1) out.fill(bytes[at]!, size);
  else readCompressed(bytes, at, end, frame, out);
  return end;
}

function readCompressed(bytes: Uint8Array, at: number, end: number, frame: Frame, out: Growing): void {
  if (end - at < 2) throw corrupt('a block is too short');
  const literals = readLiterals(bytes, at, end, frame.huffman);
  frame.huffman = literals.table;
  if (literals.end >= end) throw corrupt('a block without sequences');
  const limit = out.length + BLOCK_MAX;
  let used = 0;
  const output: Output = {
    literals(count) {
      if (count > literals.bytes.length - used) throw corrupt('there are not so many literals');
      out.append(literals.bytes, used, used + count);
      used += count;
    },
    match(offset, count) {
      if (offset <= 0 || offset > out.length - frame.start)
        throw corrupt('an offset points before the beginning');
      if (out.length + count > limit) throw corrupt('a block is too long');
      copyMatch(out, offset, count);
    },
  };
  runSequences(bytes, literals.end, end, frame, output);
  output.literals(literals.bytes.length - used);
  if (out.length > limit) throw corrupt('a block is too long');
}

/** The copy may overlap what it writes. */
function copyMatch(out: Growing, offset: number, count: number): void {
  out.reserve(count);
  const { bytes, length } = out;
  if (offset >= count && count > SHORT) bytes.copyWithin(length, length - offset, length - offset + count);
  else for (let at = length; at < length + count; at++) bytes[at] = bytes[at - offset]!;
  out.length = length + count;
}
