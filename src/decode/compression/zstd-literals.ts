import { BackwardBits, corrupt } from './zstd-bits.ts';
import { type FseTable, readFse } from './zstd-fse.ts';

/** A Huffman table: for the next `log` bits the symbol and how many of them are its code. */
export interface HuffmanTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
}

const LOG_MAX = 11;
/** Literals of one block, bytes. */
const LITERALS_MAX = 128 * 1024;

export interface Literals {
  readonly bytes: Uint8Array;
  /** Behind the section. */
  readonly end: number;
  /** For blocks that use the table of the one before. */
  readonly table: HuffmanTable | null;
}

/** The literals section of a block (RFC 8878, 3.1.1.3.1). */
export function readLiterals(
  bytes: Uint8Array,
  from: number,
  to: number,
  former: HuffmanTable | null,
): Literals {
  const type = bytes[from]! & 3;
  return type < 2
    ? plainLiterals(bytes, from, to, type === 1, former)
    : codedLiterals(bytes, from, to, type === 3 ? former : null, type === 3);
}

function plainLiterals(
  bytes: Uint8Array,
  from: number,
  to: number,
  repeated: boolean,
  table: HuffmanTable | null,
): Literals {
  const format = (bytes[from]! >> 2) & 3;
  const header = format === 1 ? 2 : format === 3 ? 3 : 1;
  const size = littleEndian(bytes, from, header) >> (header === 1 ? 3 : 4);
  const start = from + header;
  const end = start + (repeated ? 1 : size);
  if (end > to || size > LITERALS_MAX) throw corrupt('literals do not fit their block');
  const literals = repeated ? new Uint8Array(size).fill(bytes[start]!) : bytes.subarray(start, end);
  return { bytes: literals, end, table };
}

function codedLiterals(
  bytes: Uint8Array,
  from: number,
  to: number,
  former: HuffmanTable | null,
  treeless: boolean,
): Literals {
  const format = (bytes[from]! >> 2) & 3;
  const width = [10, 10, 14, 18][format]!;
  const header = [3, 3, 4, 5][format]!;
  const sizes = littleEndian(bytes, from, header);
  const size = Math.floor(sizes / 16) % 2 ** width;
  const end = from + header + Math.floor(sizes / 2 ** (4 + width));
  if (end > to || size > LITERALS_MAX) throw corrupt('literals do not fit their block');
  let at = from + header;
  let table = former;
  if (!treeless) ({ table, end: at } = readHuffman(bytes, at, end));
  if (table === null) throw corrupt('literals without a table');
  const literals = new Uint8Array(size);
  if (format === 0) readStream(bytes, at, end, table, literals);
  else readFourStreams(bytes, at, end, table, literals);
  return { bytes: literals, end, table };
}

function readFourStreams(
  bytes: Uint8Array,
  from: number,
  to: number,
  table: HuffmanTable,
  out: Uint8Array,
): void {
  const part = (out.length + 3) >> 2;
  if (to - from < 10 || part * 3 > out.length) throw corrupt('literals without their four streams');
  let at = from + 6;
  for (let stream = 0; stream < 4; stream++) {
    const end = stream < 3 ? at + littleEndian(bytes, from + 2 * stream, 2) : to;
    if (end > to) throw corrupt('a stream of literals does not fit');
    readStream(
      bytes,
      at,
      end,
      table,
      out.subarray(part * stream, stream < 3 ? part * (stream + 1) : out.length),
    );
    at = end;
  }
}

function readStream(
  bytes: Uint8Array,
  from: number,
  to: number,
  { log, symbols, bits }: HuffmanTable,
  out: Uint8Array,
): void {
  const reader = new BackwardBits(bytes, from, to);
  for (let i = 0; i < out.length; i++) {
    const code = reader.peek(log);
    out[i] = symbols[code]!;
    reader.skip(bits[code]!);
  }
  if (reader.left !== 0) throw corrupt('a stream of literals is too long');
}

function readHuffman(bytes: Uint8Array, from: number, to: number): { table: HuffmanTable; end: number } {
  const header = bytes[from]!;
  const start = from + 1;
  const end = header < 128 ? start + header : start + ((header - 126) >> 1);
  if (end > to) throw corrupt('a Huffman table does not fit');
  const weights =
    header < 128
      ? codedWeights(bytes, start, end)
      : Array.from(
          { length: header - 127 },
          (_, i) => (bytes[start + (i >> 1)]! >> (i % 2 === 0 ? 4 : 0)) & 15,
        );
  return { table: buildHuffman(weights), end };
}

const WEIGHTS_MAX = 255;

/** Weights as two interleaved states that end when the bits do. */
function codedWeights(bytes: Uint8Array, from: number, to: number): number[] {
  const { table, end } = readFse(bytes, from, to, 6, LOG_MAX + 1);
  const reader = new BackwardBits(bytes, end, to);
  const states = [reader.read(table.log), reader.read(table.log)];
  const weights: number[] = [];
  for (let turn = 0; weights.length < WEIGHTS_MAX; turn ^= 1) {
    const state = states[turn]!;
    weights.push(table.symbols[state]!);
    if (reader.left < table.bits[state]!) return [...weights, lastOf(table, states[turn ^ 1]!)];
    states[turn] = table.base[state]! + reader.read(table.bits[state]!);
  }
  throw corrupt('a Huffman table has too many weights');
}

const lastOf = (table: FseTable, state: number): number => table.symbols[state]!;

/** The weight of the last symbol is what is missing to a power of two. */
function buildHuffman(weights: readonly number[]): HuffmanTable {
  const sum = weights.reduce((total, weight) => total + (weight > 0 ? 1 << (weight - 1) : 0), 0);
  const log = 32 - Math.clz32(sum);
  const rest = (1 << log) - sum;
  if (sum === 0 || log > LOG_MAX || (rest & (rest - 1)) !== 0) throw corrupt('a Huffman table that is none');
  const all = [...weights, 32 - Math.clz32(rest)];
  const symbols = new Uint8Array(1 << log);
  const bits = new Uint8Array(1 << log);
  let at = 0;
  for (let weight = 1; weight <= log; weight++) {
    all.forEach((of, symbol) => {
      if (of !== weight) return;
      const end = at + (1 << (weight - 1));
      symbols.fill(symbol, at, end);
      bits.fill(log + 1 - weight, at, end);
      at = end;
    });
  }
  return { log, symbols, bits };
}

/** Up to five bytes. */
export function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}
