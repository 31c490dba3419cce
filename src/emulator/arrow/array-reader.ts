import { malformed } from '../errors.ts';
import type { ColumnType } from '../model/types.ts';
import type { Cell } from '../record/cells.ts';
import { checkRange, MAX_FIELD_BYTES, textOf, tooLarge, valueCheck } from '../record/value-checks.ts';
import { fixedReader } from './fixed-reader.ts';
import type { BatchMessage } from './message-reader.ts';
import { isTimeStruct, type TimeForm } from './time-form.ts';

/** The value at an index of one array of a batch. */
export type At = (index: number) => Cell;

/** Takes the nodes and buffers of a batch in order. */
export interface Arrays {
  readonly form: TimeForm;
  /** Items that the lists of one value may still have: an item has a byte at least, and a value has its limit. */
  itemsLeft: number;
  node(least: number): { readonly length: number; readonly nulls: number };
  /** The next buffer; throws MalformedDataStream when it has fewer bytes. */
  buffer(least: number): Buffer;
}

export function arraysOf(batch: BatchMessage, form: TimeForm): Arrays {
  let nodes = 0;
  let buffers = 0;
  return {
    form,
    itemsLeft: MAX_FIELD_BYTES,
    node: (least) => {
      const node = batch.nodes[nodes++]!;
      if (node.length < least)
        throw malformed(`an Arrow array has ${node.length} values where ${least} are needed`);
      return node;
    },
    buffer: (least) => {
      const buffer = batch.buffers[buffers++]!;
      if (buffer.length < least)
        throw malformed(`an Arrow buffer has ${buffer.length} bytes where ${least} are needed`);
      return buffer;
    },
  };
}

/** Reads an array of at least `least` values of a type, checked as values of records are. */
export function arrayReader(arrays: Arrays, type: ColumnType, least: number): At {
  const { length, nulls } = arrays.node(least);
  const validity = arrays.buffer(nulls > 0 ? Math.ceil(length / 8) : 0);
  const read = valueReader(arrays, type, length);
  const check = valueCheck(type);
  return (index) => {
    if (nulls > 0 && !bit(validity, index)) return null;
    const cell = read(index);
    if (check && cell !== null) check(cell);
    return cell;
  };
}

/** Bits are numbered from the lowest of the first byte. */
const bit = (bytes: Buffer, index: number): boolean => ((bytes[index >> 3]! >> (index & 7)) & 1) === 1;

function valueReader(arrays: Arrays, type: ColumnType, length: number): At {
  if (isTimeStruct(type, arrays.form)) return timeStructReader(arrays, length);
  switch (type.name) {
    case 'BOOLEAN':
      return booleanReader(arrays, length);
    case 'STRING':
    case 'VARCHAR':
    case 'CHAR':
    case 'JSON':
      return variableReader(arrays, length, textOf);
    case 'BINARY':
      return variableReader(arrays, length, (bytes) => new Uint8Array(bytes));
    case 'ARRAY':
      return listReader(arrays, length, (least) => arrayReader(arrays, type.element, least));
    case 'MAP':
      return listReader(arrays, length, (least) => structReader(arrays, [type.key, type.value], least));
    case 'STRUCT': {
      const fields = type.fields.map((field) => arrayReader(arrays, field.type, length));
      return (index) => fields.map((field) => field(index));
    }
    default:
      return ranged(fixedReader(arrays, type, length), type);
  }
}

/** Days and milliseconds may be outside the years that their type has. */
function ranged(read: At, type: ColumnType): At {
  if (type.name !== 'DATE' && type.name !== 'DATETIME') return read;
  return (index) => {
    const cell = read(index);
    checkRange(Number(cell), type);
    return cell;
  };
}

function booleanReader(arrays: Arrays, length: number): At {
  const bits = arrays.buffer(Math.ceil(length / 8));
  return (index) => bit(bits, index);
}

/** Where the values of each row begin and end; an array without values may lack even its first offset. */
function offsetsReader(arrays: Arrays, length: number) {
  const offsets = arrays.buffer(length === 0 ? 0 : (length + 1) * 4);
  const last = length === 0 ? 0 : offsets.readInt32LE(length * 4);
  if (last < 0) throw malformed('an Arrow offset is negative');
  const range = (index: number): readonly [number, number] => {
    const start = offsets.readInt32LE(index * 4);
    const end = offsets.readInt32LE(index * 4 + 4);
    if (start < 0 || end < start || end > last)
      throw malformed('the offsets of an Arrow array are out of order');
    return [start, end];
  };
  return { last, range };
}

function variableReader(arrays: Arrays, length: number, decode: (bytes: Buffer) => Cell): At {
  const { last, range } = offsetsReader(arrays, length);
  const data = arrays.buffer(last);
  return (index) => {
    const [start, end] = range(index);
    if (end - start > MAX_FIELD_BYTES) throw malformed(tooLarge(end - start));
    return decode(data.subarray(start, end));
  };
}

function listReader(arrays: Arrays, length: number, itemsOf: (least: number) => At): At {
  const { last, range } = offsetsReader(arrays, length);
  const item = itemsOf(last);
  return (index) => {
    const [start, end] = range(index);
    arrays.itemsLeft -= end - start;
    if (arrays.itemsLeft < 0) throw malformed(tooLarge(MAX_FIELD_BYTES - arrays.itemsLeft));
    return Array.from({ length: end - start }, (_, place) => item(start + place));
  };
}

/** The entries of a MAP; one that is NULL has a NULL key, which is refused as such. */
function structReader(arrays: Arrays, types: readonly ColumnType[], least: number): At {
  const { length, nulls } = arrays.node(least);
  const validity = arrays.buffer(nulls > 0 ? Math.ceil(length / 8) : 0);
  const fields = types.map((type) => arrayReader(arrays, type, length));
  return (index) =>
    nulls > 0 && !bit(validity, index) ? fields.map(() => null) : fields.map((field) => field(index));
}

/** `sec` and `nano` of a time; NULL when either is. */
function timeStructReader(arrays: Arrays, length: number): At {
  const seconds = arrayReader(arrays, { name: 'BIGINT' }, length);
  const nanos = arrayReader(arrays, { name: 'INT' }, length);
  return (index) => {
    const whole = seconds(index);
    const part = nanos(index);
    if (whole === null || part === null) return null;
    const nano = part as number;
    if (Math.abs(nano) > 999_999_999) throw malformed(`nanoseconds ${nano} are outside 0..999999999`);
    return (whole as bigint) * 1_000_000_000n + BigInt(nano);
  };
}
