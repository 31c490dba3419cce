import { BackwardBits, corrupt } from './zstd-bits.ts';
import { buildFse, type FseTable, readFse, singleFse } from './zstd-fse.ts';

/** The three tables of a block's sequences: lengths of literals, offsets, lengths of matches. */
type Tables = [FseTable, FseTable, FseTable];

/** What blocks of a frame hand on to the next. */
export interface SequenceState {
  tables: Tables | null;
  /** The offsets used last. */
  repeats: [number, number, number];
}

/** Writes literals and copies of what was written before. */
export interface Output {
  literals(count: number): void;
  match(offset: number, count: number): void;
}

const ones = (count: number, value = 1): number[] => new Array<number>(count).fill(value);

/** RFC 8878, 3.1.1.3.2.2. */
const LITERAL_COUNTS = [4, 3, ...ones(11, 2), 1, 1, 1, ...ones(9, 2), 3, 2, ...ones(5), ...ones(4, -1)];
const OFFSET_COUNTS = [...ones(6), 2, 2, 2, ...ones(15), ...ones(5, -1)];
const MATCH_COUNTS = [1, 4, 3, ...ones(6, 2), ...ones(37), ...ones(7, -1)];
const LITERAL_BITS = [...ones(16, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const MATCH_BITS = [
  ...[...ones(32, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7],
  ...[8, 9, 10, 11, 12, 13, 14, 15, 16],
];
const LITERAL_BASE = bases(LITERAL_BITS, 0);
const MATCH_BASE = bases(MATCH_BITS, 3);

interface Kind {
  readonly standard: FseTable;
  readonly logMax: number;
  readonly symbolMax: number;
}

const KINDS: readonly [Kind, Kind, Kind] = [
  { standard: buildFse(LITERAL_COUNTS, 6), logMax: 9, symbolMax: 35 },
  { standard: buildFse(OFFSET_COUNTS, 5), logMax: 8, symbolMax: 31 },
  { standard: buildFse(MATCH_COUNTS, 6), logMax: 9, symbolMax: 52 },
];

/** Each code continues where the one before it ends. */
function bases(bits: readonly number[], first: number): number[] {
  let base = first;
  return bits.map((count) => {
    const own = base;
    base += 2 ** count;
    return own;
  });
}

/** The sequences section of a block (RFC 8878, 3.1.1.3.2), carried out on `out`. */
export function runSequences(
  bytes: Uint8Array,
  from: number,
  to: number,
  state: SequenceState,
  out: Output,
): void {
  let at = from;
  let count = bytes[at++]!;
  if (count >= 128)
    count = count < 255 ? ((count - 128) << 8) + bytes[at++]! : bytes[at++]! + (bytes[at++]! << 8) + 0x7f00;
  if (count === 0) {
    if (at !== to) throw corrupt('a block without sequences is too long');
    return;
  }
  const modes = bytes[at++]!;
  if (at > to || (modes & 3) !== 0) throw corrupt('the modes of the sequences are none');
  const tables = KINDS.map((kind, i) => {
    const [table, end] = readTable((modes >> (6 - 2 * i)) & 3, kind, state.tables?.[i], bytes, at, to);
    at = end;
    return table;
  }) as Tables;
  state.tables = tables;
  execute(new BackwardBits(bytes, at, to), count, tables, state.repeats, out);
}

function readTable(
  mode: number,
  { standard, logMax, symbolMax }: Kind,
  former: FseTable | undefined,
  bytes: Uint8Array,
  at: number,
  to: number,
): readonly [FseTable, number] {
  switch (mode) {
    case 0:
      return [standard, at];
    case 1:
      if (at >= to || bytes[at]! > symbolMax) throw corrupt('a symbol that is none');
      return [singleFse(bytes[at]!), at + 1];
    case 2: {
      const { table, end } = readFse(bytes, at, to, logMax, symbolMax);
      return [table, end];
    }
    default:
      if (former === undefined) throw corrupt('a table is missing');
      return [former, at];
  }
}

function execute(
  reader: BackwardBits,
  count: number,
  [literals, offsets, matches]: Tables,
  repeats: SequenceState['repeats'],
  out: Output,
): void {
  let literal = reader.read(literals.log);
  let offset = reader.read(offsets.log);
  let match = reader.read(matches.log);
  for (let i = 1; ; i++) {
    const distance = readOffset(reader, offsets.symbols[offset]!);
    const matchCode = matches.symbols[match]!;
    const length = MATCH_BASE[matchCode]! + reader.read(MATCH_BITS[matchCode]!);
    const literalCode = literals.symbols[literal]!;
    const plain = LITERAL_BASE[literalCode]! + reader.read(LITERAL_BITS[literalCode]!);
    out.literals(plain);
    out.match(useOffset(repeats, distance, plain === 0), length);
    if (i === count) break;
    literal = literals.base[literal]! + reader.read(literals.bits[literal]!);
    match = matches.base[match]! + reader.read(matches.bits[match]!);
    offset = offsets.base[offset]! + reader.read(offsets.bits[offset]!);
  }
  if (reader.left !== 0) throw corrupt('the sequences are too long');
}

/** Offsets of more bits point farther back than any output is long. */
const OFFSET_BITS_MAX = 30;

function readOffset(reader: BackwardBits, bits: number): number {
  if (bits > OFFSET_BITS_MAX) throw corrupt('an offset points before the beginning');
  const high = bits > 16 ? reader.read(bits - 16) * 0x1_0000 : 0;
  return 2 ** bits + high + reader.read(Math.min(bits, 16));
}

/** 1 to 3 stand for the offsets used last, shifted by one where no literals come before. */
function useOffset(repeats: SequenceState['repeats'], value: number, shifted: boolean): number {
  const index = value > 3 ? 3 : value - 1 + (shifted ? 1 : 0);
  const offset = value > 3 ? value - 3 : index === 3 ? repeats[0] - 1 : repeats[index as 0 | 1 | 2];
  if (index > 1) repeats[2] = repeats[1];
  if (index > 0) repeats[1] = repeats[0];
  repeats[0] = offset;
  return offset;
}
