import { Refusal } from '../errors.ts';
import { decimalNumber } from '../model/decimal.ts';
import { type ColumnType, type StructField, typeText } from '../model/types.ts';
import type { Cell } from '../record/cells.ts';
import { isTimeStruct, type TimeForm } from './time-form.ts';

/** Buffers begin at multiples of this: what the format recommends. */
const ALIGNMENT = 64;
const SECOND = 1_000_000_000n;
const MILLISECOND = 1_000_000n;
const DAY_MILLISECONDS = 86_400_000n;

/** Nodes and buffers of a batch, in the order of its columns. */
export class BatchBody {
  readonly nodes: (readonly [number, number])[] = [];
  readonly buffers: (readonly [number, number])[] = [];
  private readonly pieces: Buffer[] = [];
  size = 0;

  add(bytes: Buffer): void {
    this.buffers.push([this.size, bytes.length]);
    const padding = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT;
    this.pieces.push(bytes, Buffer.alloc(padding));
    this.size += bytes.length + padding;
  }

  bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }
}

/** Adds the arrays of one column; `path` names it in the text of an error. */
export function writeArray(
  body: BatchBody,
  type: ColumnType,
  cells: readonly Cell[],
  form: TimeForm,
  path: string,
): void {
  writeValidity(body, cells);
  if (isTimeStruct(type, form)) writeTimeStruct(body, cells, form, path);
  else if (type.name === 'ARRAY') writeArray(body, type.element, writeOffsets(body, cells), form, path);
  else if (type.name === 'MAP') writeEntries(body, type, writeOffsets(body, cells), form, path);
  else if (type.name === 'STRUCT') writeFields(body, type.fields, cells, form, path);
  else writePlain(body, type, cells, path);
}

function writePlain(body: BatchBody, type: ColumnType, cells: readonly Cell[], path: string): void {
  switch (type.name) {
    case 'BOOLEAN':
      body.add(bits(cells, (cell) => cell === true));
      break;
    case 'STRING':
    case 'VARCHAR':
    case 'CHAR':
    case 'JSON':
      writeVariable(body, cells, (cell) => Buffer.from(cell as string));
      break;
    case 'BINARY':
      writeVariable(body, cells, (cell) => cell as Uint8Array);
      break;
    default:
      writeFixed(body, type, cells, path);
  }
}

function writeFields(
  body: BatchBody,
  fields: readonly StructField[],
  cells: readonly Cell[],
  form: TimeForm,
  path: string,
): void {
  fields.forEach((field, index) => {
    const items = cells.map((cell) => (cell === null ? null : ((cell as readonly Cell[])[index] ?? null)));
    writeArray(body, field.type, items, form, `${path}.${field.name}`);
  });
}

function writeValidity(body: BatchBody, cells: readonly Cell[]): void {
  const nulls = cells.reduce((count: number, cell) => (cell === null ? count + 1 : count), 0);
  body.nodes.push([cells.length, nulls]);
  body.add(nulls ? bits(cells, (cell) => cell !== null) : Buffer.of());
}

function bits(cells: readonly Cell[], isSet: (cell: Cell) => boolean): Buffer {
  const bytes = Buffer.alloc(Math.ceil(cells.length / 8));
  cells.forEach((cell, index) => {
    if (isSet(cell)) bytes[index >> 3]! |= 1 << (index & 7);
  });
  return bytes;
}

function writeVariable(body: BatchBody, cells: readonly Cell[], encode: (cell: Cell) => Uint8Array): void {
  const values = cells.map((cell) => (cell === null ? Buffer.of() : encode(cell)));
  body.add(offsetsOf(values));
  body.add(Buffer.concat(values));
}

/** Writes the offsets of lists and answers all their items. */
function writeOffsets(body: BatchBody, cells: readonly Cell[]): Cell[] {
  const lists = cells.map((cell) => (cell === null ? [] : (cell as readonly Cell[])));
  body.add(offsetsOf(lists));
  return lists.flat();
}

function offsetsOf(values: readonly { readonly length: number }[]): Buffer {
  const offsets = Buffer.alloc((values.length + 1) * 4);
  let end = 0;
  values.forEach(({ length }, index) => {
    end += length;
    offsets.writeInt32LE(end, (index + 1) * 4);
  });
  return offsets;
}

function writeEntries(
  body: BatchBody,
  type: Extract<ColumnType, { name: 'MAP' }>,
  entries: readonly Cell[],
  form: TimeForm,
  path: string,
): void {
  writeValidity(body, entries);
  const side = (place: 0 | 1) => entries.map((entry) => (entry as readonly Cell[])[place] ?? null);
  writeArray(body, type.key, side(0), form, `${path}.key`);
  writeArray(body, type.value, side(1), form, `${path}.value`);
}

/** Seconds rounded down, so that the nanoseconds are never negative; NULL in both where the time is. */
function writeTimeStruct(body: BatchBody, cells: readonly Cell[], form: TimeForm, path: string): void {
  const part = (take: (whole: bigint) => Cell) =>
    cells.map((cell) => (cell === null ? null : take(cell as bigint)));
  const nanosOf = (whole: bigint) => ((whole % SECOND) + SECOND) % SECOND;
  const seconds = part((whole) => (whole - nanosOf(whole)) / SECOND);
  writeArray(body, { name: 'BIGINT' }, seconds, form, path);
  writeArray(
    body,
    { name: 'INT' },
    part((whole) => Number(nanosOf(whole))),
    form,
    path,
  );
}

type WriteFixed = (bytes: Buffer, cell: Exclude<Cell, null>, at: number) => void;

function writeFixed(body: BatchBody, type: ColumnType, cells: readonly Cell[], path: string): void {
  const { width, write } = fixedOf(type, path);
  const bytes = Buffer.alloc(cells.length * width);
  cells.forEach((cell, index) => {
    if (cell !== null) write(bytes, cell, index * width);
  });
  body.add(bytes);
}

function fixedOf(type: ColumnType, path: string): { readonly width: number; readonly write: WriteFixed } {
  switch (type.name) {
    case 'TINYINT':
      return { width: 1, write: (bytes, cell, at) => bytes.writeInt8(cell as number, at) };
    case 'SMALLINT':
      return { width: 2, write: (bytes, cell, at) => bytes.writeInt16LE(cell as number, at) };
    case 'FLOAT':
      return { width: 4, write: (bytes, cell, at) => bytes.writeFloatLE(cell as number, at) };
    case 'DOUBLE':
      return { width: 8, write: (bytes, cell, at) => bytes.writeDoubleLE(cell as number, at) };
    case 'BIGINT':
    case 'DATETIME':
      return { width: 8, write: (bytes, cell, at) => bytes.writeBigInt64LE(cell as bigint, at) };
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return {
        width: 8,
        write: (bytes, cell, at) => writeNanoseconds(bytes, cell as bigint, at, type, path),
      };
    case 'INTERVAL_DAY_TIME':
      return { width: 8, write: (bytes, cell, at) => writeDayTime(bytes, cell as bigint, at, path) };
    case 'DECIMAL':
      return { width: 16, write: (bytes, cell, at) => writeDecimal(bytes, cell as string, at, type.scale) };
    default:
      return { width: 4, write: (bytes, cell, at) => bytes.writeInt32LE(cell as number, at) };
  }
}

/** 64 bits of nanoseconds end in 1677 and 2262: a wrong time must not leave the server. */
function writeNanoseconds(bytes: Buffer, value: bigint, at: number, type: ColumnType, path: string): void {
  if (BigInt.asIntN(64, value) !== value) {
    throw notInArrow(path, `${typeText(type)} outside the years 1677 to 2262`);
  }
  bytes.writeBigInt64LE(value, at);
}

function writeDayTime(bytes: Buffer, value: bigint, at: number, path: string): void {
  const days = value / MILLISECOND / DAY_MILLISECONDS;
  if (value % MILLISECOND !== 0n || BigInt.asIntN(32, days) !== days) {
    throw notInArrow(path, 'interval_day_time with parts of a millisecond, or more than 32 bits of days');
  }
  bytes.writeInt32LE(Number(days), at);
  bytes.writeInt32LE(Number((value / MILLISECOND) % DAY_MILLISECONDS), at + 4);
}

const notInArrow = (path: string, what: string): Refusal =>
  new Refusal(400, 'InvalidArgument', `Column ${path} has ${what}: Arrow cannot hold it, records can.`);

function writeDecimal(bytes: Buffer, text: string, at: number, scale: number): void {
  const value = decimalNumber(text, scale);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value), at);
  bytes.writeBigInt64LE(BigInt.asIntN(64, value >> 64n), at + 8);
}
