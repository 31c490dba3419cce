import * as cells from '../../src/decode/cell/cell.ts';
import { createDecoder } from '../../src/decode/create-decoder.ts';
import type { DecoderSpec } from '../../src/decode/decoder.ts';
import type { Path } from '../../src/decode/path/path.ts';

/** A cell as a plain value, to compare with. */
export type Plain =
  | undefined
  | null
  | boolean
  | { integer: bigint }
  | { double: number }
  | { number: string }
  | { string: string }
  | { bytes: string }
  | { json: string }
  | { instant: [number, number] }
  | { local: [number, number] }
  | { day: number }
  | { time: [number, number] }
  | { members: [string, Plain][] }
  | { items: Plain[] };

export function plain(cell: cells.Cell): Plain {
  const text = () => Buffer.from(cell.bytes.subarray(cell.start, cell.end)).toString('utf8');
  switch (cell.kind) {
    case cells.MISSING:
      return undefined;
    case cells.NULL:
      return null;
    case cells.BOOLEAN:
      return cell.num === 1;
    case cells.INTEGER:
      return { integer: cell.safe ? BigInt(cell.num) : cell.big };
    case cells.DOUBLE:
      return { double: cell.num };
    case cells.NUMBER:
      return { number: text() };
    case cells.STRING:
      return { string: text() };
    case cells.BYTES:
      return { bytes: Buffer.from(cell.bytes.subarray(cell.start, cell.end)).toString('hex') };
    case cells.JSON_TEXT:
      return { json: text() };
    case cells.INSTANT:
      return { instant: [cell.num, cell.nanos] };
    case cells.LOCAL:
      return { local: [cell.num, cell.nanos] };
    case cells.DAY:
      return { day: cell.num };
    case cells.TIME:
      return { time: [cell.num, cell.nanos] };
    case cells.TREE:
      return plainTree(cell.tree!);
    default:
      throw new Error(`cell kind ${cell.kind}`);
  }
}

function plainTree(tree: cells.Tree): Plain {
  if ('items' in tree) return { items: tree.items.map(plain) };
  return { members: tree.members.map(({ name, value }) => [name, plain(value)]) };
}

export type Decoded = { dirty: string; message: string } | { cells: Plain[] };

/**
 * Decodes with cells that still hold something of a former record, in a place like the middle of a chunk:
 * other bytes before, a NUL (or, for a key, other bytes) behind.
 */
export function decodeOnce(spec: DecoderSpec, value: Uint8Array, behind = '\0{"a":1}'): Decoded {
  const decoder = createDecoder(spec);
  const before = Buffer.from('}"x');
  const bytes = new Uint8Array(Buffer.concat([before, value, Buffer.from(behind, 'latin1')]));
  return run(decoder, spec.paths, bytes, before.length, before.length + value.length);
}

export function run(
  decoder: ReturnType<typeof createDecoder>,
  paths: readonly Path[],
  bytes: Uint8Array,
  start: number,
  end: number,
): Decoded {
  const slots = paths.map(staleCell);
  const dirty = decoder.decode(bytes, start, end, slots);
  return dirty === null ? { cells: slots.map(plain) } : { dirty: dirty.code, message: dirty.message };
}

function staleCell(): cells.Cell {
  const cell = new cells.Cell();
  cell.setBytes(cells.STRING, new Uint8Array(Buffer.from('of the former record')), 0, 20);
  return cell;
}
