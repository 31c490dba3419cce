import { corrupt, ForwardBits } from './zstd-bits.ts';

/** A table of Finite State Entropy (RFC 8878, 4.1): for each state its symbol and how to get to the next one. */
export interface FseTable {
  /** Bits of the first state. */
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly base: Uint16Array;
}

/** `counts[symbol]`: its share of 2^log states; -1: a share below one. */
export function buildFse(counts: readonly number[], log: number): FseTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const next = counts.map((count) => (count < 0 ? 1 : count));
  let high = size - 1;
  counts.forEach((count, symbol) => {
    if (count < 0) symbols[high--] = symbol;
  });
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  counts.forEach((count, symbol) => {
    for (let i = 0; i < count; i++) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at > high);
    }
  });
  return { log, symbols, ...transitions(symbols, next, log) };
}

function transitions(symbols: Uint8Array, next: number[], log: number): Pick<FseTable, 'bits' | 'base'> {
  const bits = new Uint8Array(symbols.length);
  const base = new Uint16Array(symbols.length);
  for (let state = 0; state < symbols.length; state++) {
    const share = next[symbols[state]!]!++;
    bits[state] = log - (31 - Math.clz32(share));
    base[state] = (share << bits[state]!) - symbols.length;
  }
  return { bits, base };
}

/** One symbol, always. */
export const singleFse = (symbol: number): FseTable => ({
  log: 0,
  symbols: Uint8Array.of(symbol),
  bits: Uint8Array.of(0),
  base: Uint16Array.of(0),
});

/** Reads the description of a table at `from`; `end` of the answer is behind it. */
export function readFse(
  bytes: Uint8Array,
  from: number,
  to: number,
  logMax: number,
  symbolMax: number,
): { table: FseTable; end: number } {
  const reader = new ForwardBits(bytes, from, to);
  const log = reader.peek(4) + 5;
  reader.skip(4);
  if (log > logMax) throw corrupt('a table is too large');
  const counts = readCounts(reader, 1 << log, symbolMax);
  return { table: buildFse(counts, log), end: reader.byte };
}

/** Shares are written with as few bits as what is left of the whole needs. */
function readCounts(reader: ForwardBits, size: number, symbolMax: number): number[] {
  const counts: number[] = [];
  let left = size;
  while (left > 0) {
    const bits = 32 - Math.clz32(left + 1);
    const short = (1 << bits) - 2 - left;
    let value = reader.peek(bits);
    const low = value & ((1 << (bits - 1)) - 1);
    if (low < short) value = low;
    else if (value >= 1 << (bits - 1)) value -= short;
    reader.skip(low < short ? bits - 1 : bits);
    counts.push(value - 1);
    left -= Math.abs(value - 1);
    if (value === 1) skipZeros(reader, counts, symbolMax);
    if (counts.length > symbolMax + 1 || left < 0) throw corrupt('a table has too many symbols');
  }
  return counts;
}

/** Symbols without a share come in runs of up to three. */
function skipZeros(reader: ForwardBits, counts: number[], symbolMax: number): void {
  let run = 3;
  while (run === 3 && counts.length <= symbolMax + 1) {
    run = reader.peek(2);
    reader.skip(2);
    for (let i = 0; i < run; i++) counts.push(0);
  }
}
