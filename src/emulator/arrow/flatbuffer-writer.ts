/**
 * What a flatbuffer is made of: numbers, texts, tables, lists of tables, and lists of pairs of 64-bit numbers.
 * The fields of a table stand in the order of their schema; undefined leaves one out.
 */
export type Flat =
  | { readonly size: 1 | 2 | 4; readonly number: number }
  | { readonly long: number }
  | { readonly text: string }
  | { readonly table: readonly (Flat | undefined)[] }
  | { readonly tables: readonly (readonly (Flat | undefined)[])[] }
  | { readonly pairs: readonly (readonly [number, number])[] };

export const byte = (number: number): Flat => ({ size: 1, number });
export const short = (number: number): Flat => ({ size: 2, number });
export const int = (number: number): Flat => ({ size: 4, number });

type Table = readonly (Flat | undefined)[];

/** Writes front to back: a table, then what it points to. All offsets in the format point forward. */
export function flatbuffer(root: Table): Buffer {
  let bytes = Buffer.alloc(1024);
  let at = 4;

  /** The next place with this remainder modulo 8, with room for `size` bytes. */
  function place(size: number, remainder: number): number {
    at += (8 + remainder - (at % 8)) % 8;
    if (at + size > bytes.length) bytes = Buffer.concat([bytes], 2 * (at + size));
    at += size;
    return at - size;
  }

  /** Numbers of 8 bytes come first, behind the 4 of the offset to the layout: so all are aligned. */
  function writeTable(fields: Table): number {
    const layoutBytes = 4 + 2 * fields.length;
    const layout = place(layoutBytes + (layoutBytes % 4), 0);
    const offsets = inlineOffsets(fields);
    const start = place(offsets.total, 4);
    bytes.writeInt32LE(start - layout, start);
    bytes.writeUInt16LE(layoutBytes, layout);
    bytes.writeUInt16LE(offsets.total, layout + 2);
    fields.forEach((field, index) => {
      if (!field) return;
      bytes.writeUInt16LE(offsets.of[index]!, layout + 4 + 2 * index);
      writeField(field, start + offsets.of[index]!);
    });
    return start;
  }

  function writeField(field: Flat, slot: number): void {
    if ('number' in field) bytes.writeIntLE(field.number, slot, field.size);
    else if ('long' in field) bytes.writeBigInt64LE(BigInt(field.long), slot);
    else {
      const target = writeTarget(field);
      bytes.writeUInt32LE(target - slot, slot);
    }
  }

  function writeTarget(field: Exclude<Flat, { number: number } | { long: number }>): number {
    if ('table' in field) return writeTable(field.table);
    if ('text' in field) return writeText(field.text);
    return 'pairs' in field ? writePairs(field.pairs) : writeTables(field.tables);
  }

  function writeText(text: string): number {
    const length = Buffer.byteLength(text);
    const start = place(4 + length + 1, 4);
    bytes.writeUInt32LE(length, start);
    bytes.write(text, start + 4);
    return start;
  }

  function writePairs(pairs: readonly (readonly [number, number])[]): number {
    const start = place(4 + pairs.length * 16, 4);
    bytes.writeUInt32LE(pairs.length, start);
    let to = start + 4;
    for (const number of pairs.flat()) to = bytes.writeBigInt64LE(BigInt(number), to);
    return start;
  }

  function writeTables(tables: readonly Table[]): number {
    const start = place(4 + tables.length * 4, 4);
    bytes.writeUInt32LE(tables.length, start);
    tables.forEach((table, index) => {
      const target = writeTable(table);
      const slot = start + 4 + index * 4;
      bytes.writeUInt32LE(target - slot, slot);
    });
    return start;
  }

  const target = writeTable(root);
  bytes.writeUInt32LE(target, 0);
  return bytes.subarray(0, at);
}

/** Where each field stands in its table, larger ones first. */
function inlineOffsets(fields: Table): { readonly of: readonly number[]; readonly total: number } {
  const of = fields.map(() => 0);
  let total = 4;
  for (const size of [8, 4, 2, 1]) {
    fields.forEach((field, index) => {
      if (!field || sizeOf(field) !== size) return;
      of[index] = total;
      total += size;
    });
  }
  return { of, total };
}

function sizeOf(field: Flat): number {
  if ('number' in field) return field.size;
  return 'long' in field ? 8 : 4;
}
